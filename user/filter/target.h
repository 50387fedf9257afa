/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The place in the kernel that a filter is made for.
 */
#ifndef WEIR_FILTER_TARGET_H
#define WEIR_FILTER_TARGET_H

#include <stdbool.h>

/*
 * FILTER_XDP_FRAGS: a program of xdp.frags, as its targets must be. FILTER_TC_IP: at TC of a device
 * whose packets begin with their IP header.
 */
enum filter_hook { FILTER_XDP, FILTER_XDP_FRAGS, FILTER_TC, FILTER_TC_IP };

static inline bool filter_hook_is_tc(enum filter_hook hook)
{
	return hook == FILTER_TC || hook == FILTER_TC_IP;
}

/* In the prog array that a loaded filter ends in. */
enum filter_target_index { FILTER_TARGET_ACCEPTED, FILTER_TARGET_REJECTED, FILTER_TARGETS };

struct filter_target {
	enum filter_hook hook;
	int prog_array_fd;
};

#endif
