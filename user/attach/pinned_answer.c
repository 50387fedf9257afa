/* SPDX-License-Identifier: BSD-2-Clause */
#include "pinned_answer.h"

#include <errno.h>
#include <string.h>

#include "attach_answer.h"
#include "pinned.h"
#include "pinned_ask.h"

/* In the helper: the one place that it pins in. */
static const struct pin_place *pinned_place;

static int take_question(const struct helper_part *question, struct pinned_question *asked)
{
	if (question->length != sizeof(*asked))
		return -EINVAL;
	memcpy(asked, question->bytes, sizeof(*asked));
	return asked->side == 0 || asked->side == 1 ? 0 : -EINVAL;
}

static int answer_pinned(const struct helper_part *question, struct helper_part *answer)
{
	struct pinned_question asked;
	int err = take_question(question, &asked);

	if (err || answer->length != sizeof(struct pinned_link))
		return err ? err : -EINVAL;
	return pinned_read(pinned_place, asked.ifindex, asked.side, answer->bytes);
}

static int answer_pin(const struct helper_part *question, struct helper_part *answer)
{
	struct attachment *attachment = answer->bytes;
	struct pinned_question asked;
	int err = take_question(question, &asked);

	if (err || answer->length != sizeof(*attachment) || question->fd < 0)
		return err ? err : -EINVAL;
	if (!attach_is_allowed(asked.attachment.point, asked.attachment.ifindex) ||
	    attach_point_is_clsact(asked.attachment.point))
		return -EPERM;
	err = pinned_attach(pinned_place, attachment, asked.attachment.point,
			    asked.attachment.ifindex, asked.side, question->fd);
	if (!err)
		answer->fd = attachment->link_fd;
	return err;
}

static int answer_unpin(const struct helper_part *question, struct helper_part *answer)
{
	struct pinned_question asked;
	int err = take_question(question, &asked);

	answer->length = 0;
	if (!err)
		pinned_remove(pinned_place, asked.ifindex, asked.side);
	return err;
}

void pinned_answers(helper_fn *answers[HELPER_QUESTION_COUNT], const struct pin_place *place)
{
	pinned_place = place;
	answers[HELPER_PINNED] = answer_pinned;
	answers[HELPER_PIN] = answer_pin;
	answers[HELPER_UNPIN] = answer_unpin;
}
