/* SPDX-License-Identifier: BSD-2-Clause */
#include "listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a key, up to the zeros that end it; a slot begins with the same. */
#define KEY_BYTES (offsetof(struct flow_key, inner_vlan) + sizeof(__u16))

int listing_init(struct listing *listing, const struct engine_config *config, uint64_t flows)
{
	/* Halves of conversations, and rows without the count of their flows, are not yet ranked. */
	size_t top = config->biflow || config->sort == SORT_FLOWS ? 0 : config->top;
	size_t capacity = top && top < flows ? top : flows;

	*listing = (struct listing){ .sort = config->sort, .capacity = capacity,
				      .selects = capacity < flows };
	listing->flows = malloc((capacity + 1) * sizeof(*listing->flows));
	if (config->extra_sets)
		listing->extras = malloc((capacity + 1) * sizeof(*listing->extras));
	if (listing->flows && (listing->extras || !config->extra_sets))
		return 0;
	listing_fini(listing);
	return -ENOMEM;
}

void listing_cut(struct listing *listing, size_t top)
{
	if (top && listing->count > top)
		listing->count = top;
}

void listing_fini(struct listing *listing)
{
	free(listing->flows);
	free(listing->extras);
	listing->flows = NULL;
	listing->extras = NULL;
}

struct flow_result flow_result_make(const struct segment *segment, uint32_t place,
				    const struct flow_sum *sum)
{
	return (struct flow_result){ .key = segment_key(segment, place), .sum = *sum };
}

/* Doubles that are not negative are in the order of their bits (IEEE 754). */
static uint64_t rank_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* length_ns: the flow's own time; it counts only where the listing has own_lengths. */
static inline uint64_t sum_rank(const struct listing *listing, const struct flow_sum *sum,
				uint64_t length_ns, const struct extra_sum *extra)
{
	switch (listing->sort) {
	case SORT_BYTES:
	case SORT_FLOWS:
		return sum->bytes;
	case SORT_PACKETS:
		return sum->packets;
	case SORT_AVERAGE:
		if (!listing->own_lengths)
			return sum->bytes;
		if (length_ns < listing->least_length_ns)
			length_ns = listing->least_length_ns;
		return rank_of((double)sum->bytes / (double)length_ns);
	case SORT_MAX:
		return rank_of(sum->bytes_max);
	default:
		return extra ? extra_told(extra, listing->sort - SORT_EXTRA) : 0;
	}
}

uint64_t listed_rank(const struct listing *listing, const struct flow_result *flow)
{
	const struct extra_sum *extra = listing->extras ? &listing->extras[flow->extra] : NULL;

	if (listing->sort == SORT_FLOWS)
		return flow->flows;
	return sum_rank(listing, &flow->sum, flow->end_ns - flow->start_ns, extra);
}

uint64_t joined_rank(const struct listing *listing, const struct flow_result *joined,
		     const struct extra_sum *extra)
{
	return sum_rank(listing, &joined->sum, joined->end_ns - joined->start_ns, extra);
}

int flow_compare_equals(const struct flow_result *a, const struct flow_result *b)
{
	int order = memcmp(&a->key, &b->key, sizeof(a->key));

	return order ? order : (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

int flow_compare(const struct listing *listing, const struct flow_result *a,
		 const struct flow_result *b)
{
	uint64_t rank_a = listed_rank(listing, a), rank_b = listed_rank(listing, b);

	if (rank_a != rank_b)
		return rank_a > rank_b ? -1 : 1;
	return flow_compare_equals(a, b);
}

/* Moves flow from the place at down a heap whose top is the flow that would be listed last. */
static void heap_sink(struct listing *listing, size_t at, const struct flow_result *flow)
{
	struct flow_result *flows = listing->flows;
	size_t child;

	while ((child = 2 * at + 1) < listing->count) {
		if (child + 1 < listing->count &&
		    flow_compare(listing, &flows[child + 1], &flows[child]) > 0)
			child++;
		if (flow_compare(listing, &flows[child], flow) <= 0)
			break;
		flows[at] = flows[child];
		at = child;
	}
	flows[at] = *flow;
}

static void listing_make_heap(struct listing *listing)
{
	for (size_t i = listing->count / 2; i-- > 0;) {
		struct flow_result sinking = listing->flows[i];

		heap_sink(listing, i, &sinking);
	}
	listing->is_heap = true;
}

bool listing_rejects(const struct listing *listing, const struct offer *offer)
{
	uint64_t rank, least;

	if (!listing->is_heap)
		return false;
	rank = sum_rank(listing, offer->sum, 0, offer->extra);
	least = listed_rank(listing, &listing->flows[0]);
	if (rank != least)
		return rank < least;
	/* Floods are flows of one size. */
	return memcmp(offer->key, &listing->flows[0].key, KEY_BYTES) > 0;
}

/* Whether a flow is to be listed rather than the last one of those that are. */
static bool takes_last_place(const struct listing *listing, const struct flow_result *flow,
			     const struct extra_sum *extra)
{
	const struct flow_result *last = &listing->flows[0];
	uint64_t rank = sum_rank(listing, &flow->sum, flow->end_ns - flow->start_ns, extra);
	uint64_t least = listed_rank(listing, last);

	return rank != least ? rank > least : flow_compare_equals(flow, last) < 0;
}

void listing_offer(struct listing *listing, const struct flow_result *flow,
		   const struct extra_sum *extra)
{
	struct flow_result listed = *flow;

	if (listing->count == listing->capacity && !takes_last_place(listing, flow, extra))
		return;
	listed.extra = listing->count < listing->capacity ? (uint32_t)listing->count :
							    listing->flows[0].extra;
	if (listing->extras)
		listing->extras[listed.extra] = *extra;
	if (listing->count == listing->capacity) {
		heap_sink(listing, 0, &listed);
		return;
	}
	listing->flows[listing->count++] = listed;
	if (listing->selects && listing->count == listing->capacity)
		listing_make_heap(listing);
}
