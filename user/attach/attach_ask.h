/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching, and asking who else is attached, where another process has the rights to
 * (rights/helper.h): its end is attach_answer.c.
 */
#ifndef WEIR_ATTACH_ASK_H
#define WEIR_ATTACH_ASK_H

#include "../rights/helper.h"
#include "../system/netdev.h"
#include "chain.h"

/* Interfaces by name, which may be an alternative one (ALTIFNAMSIZ of linux/if.h). */
#define ATTACH_NAMES_MAX 512
#define ATTACH_NAME_SIZE 128

/* What a chain is asked for by. */
struct chain_question {
	enum attach_point point;
	unsigned int ifindex;
};

/* The descriptor that an attachment hangs at. */
static inline int *attachment_own_fd(struct attachment *attachment)
{
	return attach_point_is_clsact(attachment->point) ? &attachment->owner_fd :
							   &attachment->link_fd;
}

/* Tells the helper, once, to attach to these alone; count 0: to any. 0 or a negative errno. */
int attach_ask_rule(const char *const *names, size_t count);

/* As attachment_open, and as attachment_close of a filter (attach.h). */
int attach_ask_open(struct attachment *attachment, int prog_fd);
int attach_ask_close(struct attachment *attachment);

/* As netdev_query, by whom may ask who stands there. */
int attach_ask_facts(const char *name, struct netdev_facts *facts);

/* As chain.h has them. */
int chain_ask(struct chain *chain, enum attach_point point, unsigned int ifindex);
int chain_ask_revision(enum attach_point point, unsigned int ifindex, uint64_t *revision);
void chain_ask_name(uint32_t prog_id, char name[CHAIN_NAME_MAX]);

#endif
