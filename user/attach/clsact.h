/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TC through a clsact qdisc, for kernels before 6.6. Its filters outlive the process. Each of
 * weir's has a handle of its own, which also tells whether a weir made the qdisc, and its owner
 * holds a socket of that name: a filter whose name is free was left behind by a process that was
 * killed. It stands at the first priority that the kernel gives it.
 */
#ifndef WEIR_CLSACT_H
#define WEIR_CLSACT_H

#include "attachment.h"

/*
 * Puts the program on attachment->ifindex and ->point, and makes the qdisc where there is none.
 * 0 or negative errno (-EBUSY: as many weirs as there are slots are at work here).
 */
int clsact_attach(struct attachment *attachment, int prog_fd);

/* 1: the filter is still there; 0: it is not; negative errno: that is not known. */
int clsact_holds(const struct attachment *attachment);

/*
 * Removes the filter, and the qdisc where a weir made it and no other filter is left. 0, or a
 * negative errno where something may have stayed.
 */
int clsact_detach(struct attachment *attachment);

/* Filters on the interface that a weir which is no more has left. */
unsigned int clsact_leftovers(unsigned int ifindex);

/* Removes them, and the qdisc as clsact_detach does. 0 or negative errno. */
int clsact_clean(unsigned int ifindex);

#endif
