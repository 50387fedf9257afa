/* SPDX-License-Identifier: BSD-2-Clause */
#include "attach_answer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "attach_ask.h"

/* In the helper: where it may attach. */
static struct {
	bool is_told;
	size_t count;
	char names[ATTACH_NAMES_MAX][ATTACH_NAME_SIZE];
} rule;

static int take_rule(const struct helper_part *question, struct helper_part *answer)
{
	answer->length = 0;
	if (rule.is_told)
		return -EPERM;
	if (question->length > sizeof(rule.names) || question->length % ATTACH_NAME_SIZE)
		return -EINVAL;
	memcpy(rule.names, question->bytes, question->length);
	for (size_t i = 0; i < ATTACH_NAMES_MAX; i++)
		rule.names[i][ATTACH_NAME_SIZE - 1] = '\0';
	rule.count = question->length / ATTACH_NAME_SIZE;
	rule.is_told = true;
	return 0;
}

static bool is_named(int ifindex)
{
	unsigned int found;

	if (!rule.is_told || ifindex <= 0)
		return false;
	for (size_t i = 0; i < rule.count; i++) {
		if (!netdev_index(rule.names[i], &found) && found == (unsigned int)ifindex)
			return true;
	}
	return !rule.count;
}

static bool is_hook(enum attach_point point)
{
	return point >= ATTACH_HOOK_FIRST && point <= ATTACH_HOOK_LAST;
}

bool attach_is_allowed(enum attach_point point, int ifindex)
{
	return is_hook(point) && is_named(ifindex);
}

static int answer_attach(const struct helper_part *question, struct helper_part *answer)
{
	struct attachment *attachment = answer->bytes;
	struct attachment asked;
	int err;

	if (question->length != sizeof(asked) || answer->length != sizeof(asked) || question->fd < 0)
		return -EINVAL;
	memcpy(&asked, question->bytes, sizeof(asked));
	if (!attach_is_allowed(asked.point, asked.ifindex))
		return -EPERM;
	err = attachment_open(attachment, asked.point, asked.ifindex, question->fd);
	if (!err)
		answer->fd = *attachment_own_fd(attachment);
	return err;
}

/*
 * Only of a filter, whose owner's socket is closed here as there. The interface may have gone, or
 * have another name by now.
 */
static int answer_detach(const struct helper_part *question, struct helper_part *answer)
{
	struct attachment asked;

	answer->length = 0;
	if (question->length != sizeof(asked) || question->fd < 0)
		return -EINVAL;
	memcpy(&asked, question->bytes, sizeof(asked));
	if (!attach_point_is_clsact(asked.point))
		return -EPERM;
	asked.link_fd = -1;
	asked.owner_fd = dup(question->fd);
	return asked.owner_fd < 0 ? -errno : attachment_close(&asked);
}

static int answer_facts(const struct helper_part *question, struct helper_part *answer)
{
	char name[ATTACH_NAME_SIZE];

	if (question->length != sizeof(name) || answer->length != sizeof(struct netdev_facts))
		return -EINVAL;
	memcpy(name, question->bytes, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	return netdev_query(name, answer->bytes);
}

static int take_chain_question(const struct helper_part *question, struct chain_question *asked)
{
	if (question->length != sizeof(*asked))
		return -EINVAL;
	memcpy(asked, question->bytes, sizeof(*asked));
	return is_hook(asked->point) && !attach_point_is_xdp(asked->point) ? 0 : -EPERM;
}

static int answer_chain(const struct helper_part *question, struct helper_part *answer)
{
	struct chain_question asked;
	int err = take_chain_question(question, &asked);

	if (err || answer->length != sizeof(struct chain))
		return err ? err : -EINVAL;
	return chain_read(answer->bytes, asked.point, asked.ifindex);
}

static int answer_revision(const struct helper_part *question, struct helper_part *answer)
{
	struct chain_question asked;
	int err = take_chain_question(question, &asked);

	if (err || answer->length != sizeof(uint64_t))
		return err ? err : -EINVAL;
	return chain_revision(asked.point, asked.ifindex, answer->bytes);
}

static int answer_program(const struct helper_part *question, struct helper_part *answer)
{
	uint32_t prog_id;

	if (question->length != sizeof(prog_id) || answer->length != CHAIN_NAME_MAX)
		return -EINVAL;
	memcpy(&prog_id, question->bytes, sizeof(prog_id));
	chain_program_name(prog_id, answer->bytes);
	return 0;
}

void attach_answers(helper_fn *answers[HELPER_QUESTION_COUNT])
{
	answers[HELPER_RULE] = take_rule;
	answers[HELPER_ATTACH] = answer_attach;
	answers[HELPER_DETACH] = answer_detach;
	answers[HELPER_FACTS] = answer_facts;
	answers[HELPER_CHAIN] = answer_chain;
	answers[HELPER_REVISION] = answer_revision;
	answers[HELPER_PROGRAM] = answer_program;
}
