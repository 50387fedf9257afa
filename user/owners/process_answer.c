/* SPDX-License-Identifier: BSD-2-Clause */
#include "process_answer.h"

#include <errno.h>
#include <string.h>

#include "../../include/owner.h"
#include "container.h"
#include "process_scan.h"

static int answer_scan(const struct helper_part *question, struct helper_part *answer)
{
	size_t count = question->length / sizeof(struct sought_socket);
	int err;

	if (question->length != answer->length || question->length % sizeof(struct sought_socket))
		return -EINVAL;
	memcpy(answer->bytes, question->bytes, question->length);
	err = process_scan(answer->bytes, &count);
	answer->length = count * sizeof(struct sought_socket);
	return err;
}

static int take_pid(const struct helper_part *question, const struct helper_part *answer,
		    size_t length, uint32_t *pid)
{
	if (question->length != sizeof(*pid) || answer->length != length)
		return -EINVAL;
	memcpy(pid, question->bytes, sizeof(*pid));
	return 0;
}

static int answer_process(const struct helper_part *question, struct helper_part *answer)
{
	uint32_t pid;
	int err = take_pid(question, answer, SOCKET_NAME_MAX, &pid);

	if (!err)
		process_name(pid, answer->bytes);
	return err;
}

static int answer_container(const struct helper_part *question, struct helper_part *answer)
{
	uint32_t pid;
	int err = take_pid(question, answer, CONTAINER_NAME_MAX, &pid);

	if (!err && !container_of_process(pid, answer->bytes))
		err = -ENOENT;
	return err;
}

static int answer_group(const struct helper_part *question, struct helper_part *answer)
{
	uint64_t number;

	if (question->length != sizeof(number) || answer->length != CONTAINER_NAME_MAX)
		return -EINVAL;
	memcpy(&number, question->bytes, sizeof(number));
	return container_of_group(question->fd, number, answer->bytes) ? 0 : -ENOENT;
}

void process_answers(helper_fn *answers[HELPER_QUESTION_COUNT])
{
	answers[HELPER_SCAN] = answer_scan;
	answers[HELPER_PROCESS] = answer_process;
	answers[HELPER_CONTAINER] = answer_container;
	answers[HELPER_GROUP] = answer_group;
}
