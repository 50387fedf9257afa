/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that stay attached when the agent ends: their links are pinned, and the next agent puts
 * its own programs into them, so that there is no packet which two of them count, or none.
 */
#ifndef WEIR_PINNED_H
#define WEIR_PINNED_H

#include "../pin/pin_place.h"
#include "../system/netdev.h"
#include "attach.h"
#include "plan.h"

/* A link that is pinned: of the kernel's bpf_link_info. */
struct pinned_link {
	uint32_t type;
	uint32_t prog_id;
	uint32_t ifindex;     /* 0: it has lost its interface */
	uint32_t attach_type; /* of TCX */
};

/* What is pinned for a side of an interface. 0, or a negative errno: -ENOENT where nothing is. */
int pinned_read(const struct pin_place *place, unsigned int ifindex, int side,
		struct pinned_link *link);

/*
 * What is pinned at the XDP hook is no stranger there: takes it out of the facts of an interface,
 * before what to attach is planned.
 */
void pinned_leave_out(const struct pin_place *place, struct netdev_facts *facts);

/*
 * Whether what is planned can be put where something is pinned. NULL, or what stands against it:
 * static text.
 */
const char *pinned_refuses(const struct pin_place *place, const struct netdev_facts *facts,
			   const struct attach_plan *plan);

/*
 * Attaches the program at the hook of the interface and pins it, or puts it into what is pinned
 * there already. As attachment_open.
 */
int pinned_attach(const struct pin_place *place, struct attachment *attachment,
		  enum attach_point point, int ifindex, int side, int prog_fd);

/* Lets go of it: it stays attached. */
void pinned_leave(struct attachment *attachment);

/* The pin goes; with it, and the attachment closed, what is attached. */
void pinned_remove(const struct pin_place *place, unsigned int ifindex, int side);

#endif
