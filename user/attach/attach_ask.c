/* SPDX-License-Identifier: BSD-2-Clause */
#include "attach_ask.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

int attach_ask_rule(const char *const *names, size_t count)
{
	char all[ATTACH_NAMES_MAX][ATTACH_NAME_SIZE] = { "" };
	struct helper_part question = { all, count * ATTACH_NAME_SIZE, -1 };
	struct helper_part answer = { .length = 0 };

	if (count > ATTACH_NAMES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++)
		strncpy(all[i], names[i], ATTACH_NAME_SIZE - 1);
	return helper_ask(HELPER_RULE, &question, &answer);
}

int attach_ask_open(struct attachment *attachment, int prog_fd)
{
	struct attachment asked = *attachment;
	struct helper_part question = { &asked, sizeof(asked), prog_fd };
	struct helper_part answer = { attachment, sizeof(*attachment), -1 };
	int err = helper_ask(HELPER_ATTACH, &question, &answer);

	if (err || answer.fd < 0)
		*attachment = asked;
	else
		*attachment_own_fd(attachment) = answer.fd;
	return err || answer.fd >= 0 ? err : -EOWNERDEAD;
}

int attach_ask_close(struct attachment *attachment)
{
	struct helper_part question = { attachment, sizeof(*attachment), attachment->owner_fd };
	struct helper_part answer = { .length = 0 };
	int err = helper_ask(HELPER_DETACH, &question, &answer);

	close(attachment->owner_fd);
	attachment->owner_fd = -1;
	return err;
}

int attach_ask_facts(const char *name, struct netdev_facts *facts)
{
	char asked[ATTACH_NAME_SIZE] = "";
	struct helper_part question = { asked, sizeof(asked), -1 };
	struct helper_part answer = { facts, sizeof(*facts), -1 };

	strncpy(asked, name, sizeof(asked) - 1);
	return helper_ask(HELPER_FACTS, &question, &answer);
}

int chain_ask(struct chain *chain, enum attach_point point, unsigned int ifindex)
{
	struct chain_question asked = { point, ifindex };
	struct helper_part question = { &asked, sizeof(asked), -1 };
	struct helper_part answer = { chain, sizeof(*chain), -1 };

	return helper_ask(HELPER_CHAIN, &question, &answer);
}

int chain_ask_revision(enum attach_point point, unsigned int ifindex, uint64_t *revision)
{
	struct chain_question asked = { point, ifindex };
	struct helper_part question = { &asked, sizeof(asked), -1 };
	struct helper_part answer = { revision, sizeof(*revision), -1 };

	return helper_ask(HELPER_REVISION, &question, &answer);
}

void chain_ask_name(uint32_t prog_id, char name[CHAIN_NAME_MAX])
{
	struct helper_part question = { &prog_id, sizeof(prog_id), -1 };
	struct helper_part answer = { name, CHAIN_NAME_MAX, -1 };

	if (helper_ask(HELPER_PROGRAM, &question, &answer))
		name[0] = '\0';
}
