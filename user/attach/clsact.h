/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TC through a clsact qdisc, for kernels before 6.6. Its filters outlive the process. Each of
 * weir's has a place of its own (priority, and a slot as its handle), and its owner holds a
 * socket of that name: a filter whose name is free was left behind by a process that was killed.
 */
#ifndef WEIR_CLSACT_H
#define WEIR_CLSACT_H

#include "attach.h"

/*
 * Puts the program on attachment->ifindex and ->point, and makes the qdisc where there is none.
 * What earlier processes left there is removed. 0 or negative errno (-EBUSY: as many weirs as
 * there are slots are at work here).
 */
int clsact_attach(struct attachment *attachment, int prog_fd);

/* Whether the filter is still there. */
bool clsact_holds(const struct attachment *attachment);

/* Removes the filter, and the qdisc where a weir made it and no other filter is left. */
void clsact_detach(struct attachment *attachment);

#endif
