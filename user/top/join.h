/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins the results of several windows by flow: one row a flow, an amount for each window.
 */
#ifndef WEIR_JOIN_H
#define WEIR_JOIN_H

#include "snapshot.h"

/* A result that outlives the call it came with. Zeroes are a valid empty one. */
struct kept_result {
	struct window_result result; /* its flows are those below; spec NULL: nothing kept */
	struct flow_result *flows;
	size_t capacity;
};

/* Keeps at most SNAPSHOT_FLOWS_MAX flows. 0 or -ENOMEM: then nothing is kept. */
int kept_result_set(struct kept_result *kept, const struct window_result *result);
void kept_result_fini(struct kept_result *kept);

/* Fills windows, rows and row_count of the snapshot, whose window_count and reference are set,
 * from as many results. 0 or -ENOMEM. */
int join_results(struct snapshot *snapshot, const struct kept_result *kept);

#endif
