/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows and pulses, read from the windows of the stage.
 */
#include "stage_snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stage_private.h"

struct maker {
	struct stage *stage;
	struct snapshot *snapshot;
	struct key_map map;
	size_t room;
};

static struct row *row_find(const struct maker *maker, const struct flow_key *key, uint32_t hash)
{
	const struct key_list list = { maker->snapshot->rows, sizeof(struct row) };
	uint32_t found = key_map_find(&maker->map, &list, key, hash);

	return found == KEY_MAP_NONE ? NULL : &maker->snapshot->rows[found];
}

static struct row *row_of(struct maker *maker, const struct flow_key *key)
{
	struct snapshot *snapshot = maker->snapshot;
	uint32_t hash = key_hash(key);
	struct row *row = row_find(maker, key, hash);

	if (row)
		return row;
	if (snapshot->row_count == maker->room) {
		snapshot->rows_omitted++;
		return NULL;
	}
	row = &snapshot->rows[snapshot->row_count];
	*row = (struct row){ .key = *key, .first_ns = UINT64_MAX };
	memset(snapshot->documented[snapshot->row_count], 0, sizeof(*snapshot->documented));
	if (snapshot->extras)
		snapshot->extras[snapshot->row_count] = (struct row_extra){ 0 };
	key_map_add(&maker->map, hash, (uint32_t)snapshot->row_count++);
	return row;
}

static void put_earlier(struct maker *maker)
{
	const struct stage *stage = maker->stage;

	for (size_t i = 0; i < stage->earlier_count; i++) {
		const struct earlier *earlier = &stage->earlier[i];
		struct flow_key key = earlier->key;
		enum half half = grouper_take_half(&stage->grouper, &key);
		struct row *row = row_of(maker, &key);

		if (!row)
			continue;
		row->side[half].amount[COVER_TOTAL] = earlier->amount;
		if (earlier->first_ns < row->first_ns)
			row->first_ns = earlier->first_ns;
	}
}

static void side_take(struct side *side, const struct flow_sum *sums)
{
	const struct flow_sum *total = &sums[COVER_TOTAL];

	for (int i = 0; i < COVER_COUNT; i++) {
		side->amount[i].packets += sums[i].packets;
		side->amount[i].bytes += sums[i].bytes;
	}
	side->bytes_max = total->bytes_max;
	side->packets_max = total->packets_max;
	side->min_len = total->min_len;
	side->max_len = total->max_len;
	side->tcp_flags = total->tcp_flags;
}

static void take_row(void *context, const struct engine_flow *read)
{
	const struct flow_sum *sums = read->sums;
	struct maker *maker = context;
	struct flow_key key = *read->key;
	enum half half = grouper_take_half(&maker->stage->grouper, &key);
	struct row *row = row_of(maker, &key);

	if (!row)
		return;
	side_take(&row->side[half], sums);
	maker->snapshot->documented[row - maker->snapshot->rows][half] = sums[COVER_LONG];
	if (read->extras && maker->snapshot->extras) {
		struct row_extra *extra = &maker->snapshot->extras[row - maker->snapshot->rows];

		extra_sum_add(&extra->newest, &read->extras[COVER_SHORT]);
		extra->side[half] = read->extras[COVER_TOTAL];
	}
	if (sums[COVER_TOTAL].first_ns < row->first_ns)
		row->first_ns = sums[COVER_TOTAL].first_ns;
	if (sums[COVER_TOTAL].last_ns > row->last_ns)
		row->last_ns = sums[COVER_TOTAL].last_ns;
}

/* Rows with two ends are of one flow there and one back. */
static void count_sides(struct maker *maker)
{
	struct snapshot *snapshot = maker->snapshot;

	for (size_t i = 0; i < snapshot->row_count; i++) {
		struct row *row = &snapshot->rows[i];

		for (int half = 0; half < HALF_COUNT; half++)
			row->flows += row->side[half].amount[COVER_SHORT].packets != 0;
		snapshot->flows += row->flows;
	}
}

/* A flow with both its ends in one row is one flow of it. */
static void count_flow(void *context, const struct engine_flow *read)
{
	const struct flow_sum *sums = read->sums;
	struct maker *maker = context;
	struct flow_key places[PLACES_MAX];
	size_t count = grouper_place(&maker->stage->grouper, read->key, sums[0].marks, places);
	struct row *counted = NULL;

	maker->snapshot->flows++;
	for (size_t i = 0; i < count; i++) {
		struct row *row;

		grouper_take_half(&maker->stage->grouper, &places[i]);
		row = row_find(maker, &places[i], key_hash(&places[i]));
		if (row && row != counted)
			row->flows++;
		counted = row;
	}
}

static int rows_make(struct maker *maker)
{
	struct stage *stage = maker->stage;
	struct snapshot *snapshot = maker->snapshot;
	const struct engine_reading rows = { 0, COVER_COUNT, take_row, maker };
	const struct engine_reading flows = { FLOWS_SHORT, 1, count_flow, maker };
	size_t most = (size_t)engine_flow_count(stage->rows) + stage->earlier_count;
	int err;

	maker->room = most < SNAPSHOT_ROWS_MAX ? most : SNAPSHOT_ROWS_MAX;
	snapshot->rows = malloc((maker->room + 1) * sizeof(*snapshot->rows));
	snapshot->documented = malloc((maker->room + 1) * sizeof(*snapshot->documented));
	if (stage->config.extra_sets)
		snapshot->extras = malloc((maker->room + 1) * sizeof(*snapshot->extras));
	err = snapshot->rows && snapshot->documented &&
	      (snapshot->extras || !stage->config.extra_sets) ?
	      key_map_reset(&maker->map, maker->room) : -ENOMEM;
	if (err)
		return err;
	put_earlier(maker);
	err = engine_read_flows(stage->rows, &rows);
	if (err)
		return err;
	if (grouping_has_ends(stage->wish.grouping))
		count_sides(maker);
	else
		err = engine_read_flows(stage->flows, &flows);
	return err;
}

static void take_pulse(void *context, const struct engine_flow *read)
{
	const struct flow_sum *sums = read->sums;
	struct snapshot *snapshot = context;

	for (size_t i = 0; i < snapshot->pulse_count; i++) {
		if (!memcmp(&snapshot->pulses[i].key, read->key, sizeof(*read->key)))
			side_take(&snapshot->pulses[i].side, sums);
	}
}

static int pulse_compare(const void *a, const void *b)
{
	const struct pulse *first = a, *second = b;
	int link = (int)flow_key_link(&first->key) - (int)flow_key_link(&second->key);

	return link ? link : (first->key.flags & FLOW_OUT) - (second->key.flags & FLOW_OUT);
}

static int pulses_make(struct stage *stage, struct snapshot *snapshot)
{
	const struct engine_reading reading = { 0, COVER_COUNT, take_pulse, snapshot };
	size_t size = stage->history_count * sizeof(*snapshot->pulses);

	snapshot->pulses = malloc(size + 1);
	if (!snapshot->pulses)
		return -ENOMEM;
	if (size)
		memcpy(snapshot->pulses, stage->history, size);
	snapshot->pulse_count = stage->history_count;
	qsort(snapshot->pulses, snapshot->pulse_count, sizeof(*snapshot->pulses), pulse_compare);
	return engine_read_flows(stage->pulses, &reading);
}

static void facts_fill(const struct stage *stage, struct snapshot *snapshot)
{
	snapshot->wish = stage->wish;
	snapshot->grouper = stage->grouper;
	snapshot->clock = stage->clock;
	snapshot->facts = stage->facts;
	snapshot->begin_ns = stage->begin_ns;
	snapshot->end_ns = stage->end_ns;
	snapshot->max_since_ns = stage->rows_since_ns;
	snapshot->counts = stage->counts;
	snapshot->dropped_packets = stage->dropped_packets;
	snapshot->late_packets = stage->late_packets;
	snapshot->skipped_packets = stage->skipped_packets;
	snapshot->cost_ns = stage->cost_ns;
	snapshot->lacked_memory = stage->lacked_memory;
	for (size_t i = 0; i < COVER_COUNT; i++) {
		engine_read_window(stage->rows, i, &snapshot->windows[i]);
		engine_read_window(stage->pulses, i, &snapshot->whole[i]);
	}
	snapshot->evicted_flows = snapshot->windows[COVER_TOTAL].evicted_flows;
	snapshot->pane_count = stage->pane_count < HISTORY_PANES ? stage->pane_count :
								   HISTORY_PANES;
	for (size_t i = 0; i < snapshot->pane_count; i++)
		snapshot->panes[i] = pane_flows_hold(stage->panes[i]);
}

struct snapshot *stage_snapshot(struct stage *stage)
{
	struct snapshot *snapshot = stage->clock.number ? calloc(1, sizeof(*snapshot)) : NULL;
	struct maker maker = { .stage = stage, .snapshot = snapshot };

	if (!snapshot)
		return NULL;
	facts_fill(stage, snapshot);
	if (rows_make(&maker) || pulses_make(stage, snapshot)) {
		snapshot_free(snapshot);
		snapshot = NULL;
	}
	key_map_fini(&maker.map);
	return snapshot;
}
