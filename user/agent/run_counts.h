/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run has counted so far, by link and direction.
 */
#ifndef WEIR_RUN_COUNTS_H
#define WEIR_RUN_COUNTS_H

#include "../../include/flow.h"
#include "../engine/result.h"

/* Zeroes are a run that has just begun. */
struct run_counts {
	struct link_outcomes links[2 * FLOW_LINKS_MAX]; /* at the places of link_tally_index, */
	size_t count;             /* of which so many are in use; 1: they are not told apart */
	uint64_t dropped_packets; /* before the hooks, as far as the kernel tells */
};

/* To be called before the pane's windows, whose results tell of the run up to their end. */
void run_counts_add(struct run_counts *run, const struct pane *pane);

/* Lends the counts to a result, which holds them until the next pane. */
void run_counts_tell(const struct run_counts *run, struct window_result *result);

#endif
