/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What pinned.h does, where another process has the rights to (rights/helper.h): its end is
 * pinned_answer.c. It knows the place.
 */
#ifndef WEIR_PINNED_ASK_H
#define WEIR_PINNED_ASK_H

#include "../rights/helper.h"
#include "pinned.h"

/* A place of a link, and what is to be there. */
struct pinned_question {
	struct attachment attachment;
	unsigned int ifindex;
	int side;
};

/* As pinned_read, pinned_attach and pinned_remove. */
int pinned_ask(unsigned int ifindex, int side, struct pinned_link *link);
int pinned_ask_attach(struct attachment *attachment, int side, int prog_fd);
void pinned_ask_remove(unsigned int ifindex, int side);

#endif
