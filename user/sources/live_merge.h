/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records of a pane on their way from the banks to their taker.
 */
#ifndef WEIR_LIVE_MERGE_H
#define WEIR_LIVE_MERGE_H

#include "../engine/group.h"
#include "record_taker.h"

struct owners;

struct live_merge {
	const struct record_taker *taker;
	const struct group_masks *masks; /* NULL: keys are whole */
	size_t record_size;
	struct owners *owners;           /* that records are given; NULL: none */
	bool forgets_connections;        /* what slots remember of them is not for who takes them */
	uint64_t records;
	uint64_t merge_ns;
};

/* A records_fn: context is the struct live_merge, whose sums it adds to. 0. */
int live_merge_records(void *context, const struct flow_slot *const *records, size_t count);

#endif
