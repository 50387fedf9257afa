/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter as a program of the kernel.
 */
#ifndef WEIR_LOAD_H
#define WEIR_LOAD_H

#include "filter.h"

/* FILTER_XDP_FRAGS: a program of xdp.frags, as its targets must be. */
enum filter_hook { FILTER_XDP, FILTER_XDP_FRAGS, FILTER_TC };

/* In the prog array that a loaded filter ends in. */
enum filter_target_index { FILTER_TARGET_ACCEPTED, FILTER_TARGET_REJECTED, FILTER_TARGETS };

struct filter_target {
	enum filter_hook hook;
	int prog_array_fd;
};

/*
 * Loads the filter as a program to be attached at the hook. It tail-calls one of the two
 * entries of the prog array, and where that is empty returns the verdict that lets the packet
 * pass. The program's file descriptor; a negative errno, and in error what was in the way:
 * -EOPNOTSUPP where the expression cannot run in the kernel, else the kernel's refusal.
 */
int filter_load(const struct filter *filter, const struct filter_target *target,
		struct filter_error *error);

#endif
