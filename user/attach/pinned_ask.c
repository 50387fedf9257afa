/* SPDX-License-Identifier: BSD-2-Clause */
#include "pinned_ask.h"

#include <errno.h>

int pinned_ask(unsigned int ifindex, int side, struct pinned_link *link)
{
	struct pinned_question asked = { .ifindex = ifindex, .side = side };
	struct helper_part question = { &asked, sizeof(asked), -1 };
	struct helper_part answer = { link, sizeof(*link), -1 };

	return helper_ask(HELPER_PINNED, &question, &answer);
}

int pinned_ask_attach(struct attachment *attachment, int side, int prog_fd)
{
	struct pinned_question asked = { *attachment, (unsigned int)attachment->ifindex, side };
	struct helper_part question = { &asked, sizeof(asked), prog_fd };
	struct helper_part answer = { attachment, sizeof(*attachment), -1 };
	int err = helper_ask(HELPER_PIN, &question, &answer);

	if (err || answer.fd < 0)
		*attachment = asked.attachment;
	else
		attachment->link_fd = answer.fd;
	return err || answer.fd >= 0 ? err : -EOWNERDEAD;
}

void pinned_ask_remove(unsigned int ifindex, int side)
{
	struct pinned_question asked = { .ifindex = ifindex, .side = side };
	struct helper_part question = { &asked, sizeof(asked), -1 };
	struct helper_part answer = { .length = 0 };

	/* Without it the pin stays: it holds nothing of an interface that has gone. */
	(void)helper_ask(HELPER_UNPIN, &question, &answer);
}
