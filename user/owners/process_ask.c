/* SPDX-License-Identifier: BSD-2-Clause */
#include "process_ask.h"

#include <errno.h>

#include "../../include/owner.h"
#include "../rights/helper.h"

int process_ask_scan(struct sought_socket *sought, size_t *count)
{
	size_t length = *count * sizeof(*sought);
	struct helper_part question = { sought, length, -1 }, answer = { sought, length, -1 };
	int err = helper_ask(HELPER_SCAN, &question, &answer);

	if (!err)
		*count = answer.length / sizeof(*sought);
	return err;
}

void process_ask_name(uint32_t pid, char *name)
{
	struct helper_part question = { &pid, sizeof(pid), -1 };
	struct helper_part answer = { name, SOCKET_NAME_MAX, -1 };

	if (helper_ask(HELPER_PROCESS, &question, &answer) || !answer.length)
		name[0] = '\0';
}

bool container_ask_process(uint32_t pid, char name[CONTAINER_NAME_MAX])
{
	struct helper_part question = { &pid, sizeof(pid), -1 };
	struct helper_part answer = { name, CONTAINER_NAME_MAX, -1 };

	return !helper_ask(HELPER_CONTAINER, &question, &answer);
}

bool container_ask_group(int root_fd, uint64_t number, char name[CONTAINER_NAME_MAX])
{
	struct helper_part question = { &number, sizeof(number), root_fd };
	struct helper_part answer = { name, CONTAINER_NAME_MAX, -1 };

	return !helper_ask(HELPER_GROUP, &question, &answer);
}
