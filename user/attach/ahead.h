/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in front of weir at an interface and may keep packets from it: programs of others
 * at XDP and TCX, filters of clsact. Weir attaches first in line, but who comes later may go
 * before it.
 */
#ifndef WEIR_AHEAD_H
#define WEIR_AHEAD_H

#include <net/if.h>

#include "attachment.h"
#include "../engine/link_counts.h"
#include "../system/netdev.h"

#define AHEAD_MAX 8

struct ahead {
	char text[AHEAD_MAX][AHEAD_TEXT_MAX]; /* "prog 12 (name) at tcx-ingress of eth0" */
	size_t count;
	size_t omitted;                       /* there are so many more */
};

/* The interface, and who holds its XDP hook. */
struct ahead_interface {
	unsigned int ifindex;
	const char *name;
	enum netdev_xdp_mode xdp_mode;
	uint32_t xdp_prog_id;
};

/*
 * Adds what stands before own at its hook; where own->prog_id is 0, what would stand before a
 * program attached at own->point now. 0, or a negative errno where the kernel could not be asked.
 */
int ahead_add(struct ahead *ahead, const struct ahead_interface *interface,
	      const struct attachment *own);

/* Whether the text is among them. */
bool ahead_has(const struct ahead *ahead, const char *text);

#endif
