/* SPDX-License-Identifier: BSD-2-Clause */
#include "listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a key, up to the zeros that end it; a slot begins with the same. */
#define KEY_BYTES (offsetof(struct flow_key, inner_vlan) + sizeof(__u16))

int listing_init(struct listing *listing, const struct engine_config *config, uint64_t flows)
{
	size_t capacity = config->top && config->top < flows ? config->top : flows;

	*listing = (struct listing){ .sort = config->sort, .capacity = capacity,
				      .selects = capacity < flows };
	listing->flows = malloc((capacity ? capacity : 1) * sizeof(*listing->flows));
	return listing->flows ? 0 : -ENOMEM;
}

void listing_fini(struct listing *listing)
{
	free(listing->flows);
	listing->flows = NULL;
}

struct flow_result flow_result_make(const struct flow_slot *key, const struct flow_sum *sum)
{
	struct flow_result flow = {
		.bytes = sum->bytes,
		.packets = sum->packets,
		.bytes_max = sum->bytes_max,
		.packets_max = sum->packets_max,
		.first_ns = sum->first_ns,
		.last_ns = sum->last_ns,
		.min_len = sum->min_len,
		.max_len = sum->max_len,
		.notes = sum->notes,
	};

	memcpy(flow.key.words, key->words, FLOW_KEY_FULL_WORDS * sizeof(flow.key.words[0]));
	flow.key.inner_vlan = key->inner_vlan;
	return flow;
}

/* Doubles that are not negative are in the order of their bits (IEEE 754). */
static uint64_t rank_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

uint64_t flow_rank(const struct listing *listing, const struct flow_result *flow)
{
	uint64_t length_ns = flow->end_ns - flow->start_ns;

	switch (listing->sort) {
	case SORT_PACKETS:
		return flow->packets;
	case SORT_AVERAGE:
		if (!listing->own_lengths)
			return flow->bytes;
		if (length_ns < listing->least_length_ns)
			length_ns = listing->least_length_ns;
		return rank_of((double)flow->bytes / (double)length_ns);
	case SORT_MAX:
		return rank_of(flow->bytes_max);
	case SORT_BYTES:
		break;
	}
	return flow->bytes;
}

int flow_compare(const struct listing *listing, const struct flow_result *a,
		 const struct flow_result *b)
{
	uint64_t rank_a = flow_rank(listing, a), rank_b = flow_rank(listing, b);
	int order;

	if (rank_a != rank_b)
		return rank_a > rank_b ? -1 : 1;
	order = memcmp(&a->key, &b->key, sizeof(a->key));
	/* Two sessions of one flow may end in one pane. */
	return order ? order : (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
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

bool listing_rejects(const struct listing *listing, const struct flow_slot *key,
		     const struct flow_sum *sum)
{
	struct flow_result flow = {
		.bytes = sum->bytes, .packets = sum->packets, .bytes_max = sum->bytes_max,
	};
	uint64_t rank, least;

	if (!listing->is_heap)
		return false;
	rank = flow_rank(listing, &flow);
	least = flow_rank(listing, &listing->flows[0]);
	if (rank != least)
		return rank < least;
	/* Floods are flows of one size. */
	return memcmp(key, &listing->flows[0].key, KEY_BYTES) > 0;
}

void listing_offer(struct listing *listing, const struct flow_result *flow)
{
	if (listing->count < listing->capacity) {
		listing->flows[listing->count++] = *flow;
		if (listing->selects && listing->count == listing->capacity)
			listing_make_heap(listing);
		return;
	}
	if (flow_compare(listing, flow, &listing->flows[0]) < 0)
		heap_sink(listing, 0, flow);
}
