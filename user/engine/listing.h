/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows of a result in the making: the greatest of those offered, or all of them.
 */
#ifndef WEIR_LISTING_H
#define WEIR_LISTING_H

#include "engine.h"
#include "flow_sum.h"
#include "flow_table.h"

struct listing {
	enum sort_field sort;
	struct flow_result *flows;
	struct extra_sum *extras;   /* by flow_result.extra; NULL: there are none */
	bool selects;               /* there are more flows than room */
	bool is_heap;
	size_t count;
	size_t capacity;
	bool own_lengths;           /* averages are over each flow's own time, */
	uint64_t least_length_ns;   /* which counts as at least this long */
	struct tally offered;       /* of all flows of a block window, listed or not */
};

/* Room for what will be kept of at most flows offered. 0 or -ENOMEM. */
int listing_init(struct listing *listing, const struct engine_config *config, uint64_t flows);
void listing_fini(struct listing *listing);

/* Leaves the first ones of those in order; 0: all. */
void listing_cut(struct listing *listing, size_t top);

/*
 * What a flow that is listed is ranked by: the greater, the earlier it is listed. Ties are in
 * order of the bytes of the keys, then of time.
 */
uint64_t listed_rank(const struct listing *listing, const struct flow_result *flow);

/* The same of what is no single flow of the listing; extra may be NULL. */
uint64_t joined_rank(const struct listing *listing, const struct flow_result *joined,
		     const struct extra_sum *extra);

/* Of equal rank: by key, then by time, as two sessions of one flow may end in one pane. */
int flow_compare_equals(const struct flow_result *a, const struct flow_result *b);

/* What of a flow decides whether it is listed. */
struct offer {
	const struct flow_slot *key;
	const struct flow_sum *sum;
	const struct extra_sum *extra; /* NULL: there are none */
};

/* Whether a flow has no place in the listing of a window that is the same for all flows. */
bool listing_rejects(const struct listing *listing, const struct offer *offer);

/* Offers one flow, of at most as many as were announced; its extra measures are copied. */
void listing_offer(struct listing *listing, const struct flow_result *flow,
		   const struct extra_sum *extra);

/* The flow's result: a sum of its key, over times that are the caller's to set. */
struct flow_result flow_result_make(const struct segment *segment, uint32_t place,
				    const struct flow_sum *sum);

/* Less than 0 where a is listed before b, 0 only where they are the same. */
int flow_compare(const struct listing *listing, const struct flow_result *a,
		 const struct flow_result *b);

#endif
