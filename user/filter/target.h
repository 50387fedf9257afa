/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The place in the kernel that a filter is made for.
 */
#ifndef WEIR_FILTER_TARGET_H
#define WEIR_FILTER_TARGET_H

/* FILTER_XDP_FRAGS: a program of xdp.frags, as its targets must be. */
enum filter_hook { FILTER_XDP, FILTER_XDP_FRAGS, FILTER_TC };

/* In the prog array that a loaded filter ends in. */
enum filter_target_index { FILTER_TARGET_ACCEPTED, FILTER_TARGET_REJECTED, FILTER_TARGETS };

struct filter_target {
	enum filter_hook hook;
	int prog_array_fd;
};

#endif
