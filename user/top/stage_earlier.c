/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What rows carried before the panes that they are made of: all that single flows carried since the
 * start, less what the rows have of it.
 */
#include "stage_earlier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct taking {
	const struct grouper *grouper;
	struct key_map map;
	struct earlier *list;
	size_t count, room;
};

static struct earlier *earlier_of(struct taking *taking, const struct flow_key *key)
{
	const struct key_list list = { taking->list, sizeof(taking->list[0]) };
	uint32_t hash = key_hash(key), found;

	found = key_map_find(&taking->map, &list, key, hash);
	if (found != KEY_MAP_NONE)
		return &taking->list[found];
	if (taking->count == taking->room)
		return NULL;
	taking->list[taking->count] = (struct earlier){ .key = *key, .first_ns = UINT64_MAX };
	key_map_add(&taking->map, hash, (uint32_t)taking->count);
	return &taking->list[taking->count++];
}

static void take_flow(void *context, const struct engine_flow *read)
{
	const struct flow_sum *sums = read->sums;
	struct taking *taking = context;
	struct flow_key places[PLACES_MAX];
	size_t count = grouper_place(taking->grouper, read->key, sums[0].marks, places);

	for (size_t i = 0; i < count; i++) {
		struct earlier *earlier = earlier_of(taking, &places[i]);

		if (!earlier)
			continue;
		earlier->amount.packets += sums[0].packets;
		earlier->amount.bytes += sums[0].bytes;
		if (sums[0].first_ns < earlier->first_ns)
			earlier->first_ns = sums[0].first_ns;
	}
}

static uint64_t less(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

/* A flow that left the memory may be known here alone. */
static void leave_row(void *context, const struct engine_flow *read)
{
	const struct flow_sum *sums = read->sums;
	struct taking *taking = context;
	struct earlier *earlier = earlier_of(taking, read->key);

	if (!earlier)
		return;
	earlier->amount.packets = less(earlier->amount.packets, sums[0].packets);
	earlier->amount.bytes = less(earlier->amount.bytes, sums[0].bytes);
}

/* Those that carried nothing before go. */
static void trim(struct taking *taking)
{
	size_t kept = 0;

	for (size_t i = 0; i < taking->count; i++) {
		if (taking->list[i].amount.packets)
			taking->list[kept++] = taking->list[i];
	}
	taking->count = kept;
}

int stage_take_earlier(struct stage *stage, const struct grouper *grouper, struct engine *rows,
		       struct earlier **earlier, size_t *count)
{
	struct taking taking = { .grouper = grouper };
	const struct engine_reading all = { FLOWS_TOTAL, 1, take_flow, &taking };
	const struct engine_reading part = { COVER_TOTAL, 1, leave_row, &taking };
	int err;

	*earlier = NULL;
	*count = 0;
	if (!stage->has_earlier)
		return 0;
	taking.room = PLACES_MAX * (size_t)engine_flow_count(stage->flows) + 1;
	taking.list = malloc(taking.room * sizeof(*taking.list));
	err = taking.list ? key_map_reset(&taking.map, taking.room) : -ENOMEM;
	if (!err)
		err = engine_read_flows(stage->flows, &all);
	if (!err)
		err = engine_read_flows(rows, &part);
	key_map_fini(&taking.map);
	if (err) {
		free(taking.list);
		return err;
	}
	trim(&taking);
	*earlier = taking.list;
	*count = taking.count;
	return 0;
}
