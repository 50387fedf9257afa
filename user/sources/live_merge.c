/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_merge.h"

#include <string.h>

#include "../base/clock.h"
#include "../owners/owners.h"

#define REDUCE_BATCH 64

/*
 * Copies of records, with their owner, or without the link or direction that the group does not
 * have.
 */
static void merge_copies(struct live_merge *merge, const struct flow_slot *const *records,
				size_t count)
{
	struct flow_record copies[REDUCE_BATCH];
	const struct flow_slot *reduced[REDUCE_BATCH];

	for (size_t i = 0; i < count;) {
		size_t used = 0;

		for (; used < REDUCE_BATCH && i < count; i++, used++) {
			memcpy(&copies[used], records[i], merge->record_size);
			if (merge->forgets_connections)
				copies[used].extra.connection = 0;
			if (merge->owners)
				owners_give(merge->owners, &copies[used]);
			if (merge->masks)
				flow_slot_reduce(&copies[used].slot, merge->masks);
			reduced[used] = &copies[used].slot;
		}
		merge->taker->take(merge->taker->context, reduced, used);
	}
}

int live_merge_records(void *context, const struct flow_slot *const *records, size_t count)
{
	struct live_merge *merge = context;
	uint64_t begin_ns = clock_monotonic_ns();

	if (merge->masks || merge->owners || merge->forgets_connections)
		merge_copies(merge, records, count);
	else
		merge->taker->take(merge->taker->context, records, count);
	merge->merge_ns += clock_monotonic_ns() - begin_ns;
	merge->records += count;
	return 0;
}
