/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows and pulses, read from the windows of the stage.
 */
#include "stage_snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stage_private.h"

/* Places in the map are fetched while other flows are read: they are far apart. */
#define LOOKS_AHEAD 32

/* What a first look has of a flow, at one of its places. */
struct look {
	struct flow_key key;
	enum half half;
	uint32_t hash;
	bool is_other_end;
	struct flow_sum newest, all;
};

struct maker {
	struct stage *stage;
	const struct grouper *grouper;
	struct snapshot *snapshot;
	struct key_map map;
	size_t room;
	struct look looks[LOOKS_AHEAD];
	size_t look_count;
	const struct row *last; /* of the look before */
};

static struct row *row_find(const struct maker *maker, const struct flow_key *key, uint32_t hash)
{
	const struct key_list list = { maker->snapshot->rows, sizeof(struct row) };
	uint32_t found = key_map_find(&maker->map, &list, key, hash);

	return found == KEY_MAP_NONE ? NULL : &maker->snapshot->rows[found];
}

static struct row *row_at(struct maker *maker, const struct flow_key *key, uint32_t hash)
{
	struct snapshot *snapshot = maker->snapshot;
	struct row *row = row_find(maker, key, hash);

	if (row)
		return row;
	if (snapshot->row_count == maker->room) {
		snapshot->rows_omitted++;
		return NULL;
	}
	row = &snapshot->rows[snapshot->row_count];
	*row = (struct row){ .key = *key, .first_ns = UINT64_MAX };
	if (snapshot->documented)
		memset(snapshot->documented[snapshot->row_count], 0,
		       sizeof(*snapshot->documented));
	if (snapshot->extras)
		snapshot->extras[snapshot->row_count] = (struct row_extra){ 0 };
	key_map_add(&maker->map, hash, (uint32_t)snapshot->row_count++);
	return row;
}

static struct row *row_of(struct maker *maker, const struct flow_key *key)
{
	return row_at(maker, key, key_hash(key));
}

static void put_earlier(struct maker *maker)
{
	const struct stage *stage = maker->stage;

	for (size_t i = 0; i < stage->earlier_count; i++) {
		const struct earlier *earlier = &stage->earlier[i];
		struct flow_key key = earlier->key;
		enum half half = grouper_take_half(maker->grouper, &key);
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
	enum half half = grouper_take_half(maker->grouper, &key);
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
	size_t count = grouper_place(maker->grouper, read->key, sums[0].marks, places);
	struct row *counted = NULL;

	maker->snapshot->flows++;
	for (size_t i = 0; i < count; i++) {
		struct row *row;

		grouper_take_half(maker->grouper, &places[i]);
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

static void side_add(struct side *side, const struct flow_sum *newest, const struct flow_sum *all)
{
	side->amount[COVER_SHORT].packets += newest->packets;
	side->amount[COVER_SHORT].bytes += newest->bytes;
	side->amount[COVER_TOTAL].packets += all->packets;
	side->amount[COVER_TOTAL].bytes += all->bytes;
	side->tcp_flags |= all->tcp_flags;
	if (!side->max_len || all->min_len < side->min_len)
		side->min_len = all->min_len;
	MERGE_MOST(side->max_len, all->max_len);
}

static void look_take(struct maker *maker, const struct look *look)
{
	struct row *row = row_at(maker, &look->key, look->hash);

	if (row) {
		side_add(&row->side[look->half], &look->newest, &look->all);
		MERGE_LEAST(row->first_ns, look->all.first_ns);
		MERGE_MOST(row->last_ns, look->all.last_ns);
		/* A flow with both its ends in one row is one flow of it. */
		row->flows += look->newest.packets && (!look->is_other_end || row != maker->last);
	}
	maker->last = row;
}

/* A single flow, to its rows at once: what it carried is added there, and it is counted. */
static void look_at_flow(void *context, const struct engine_flow *read)
{
	const struct flow_sum *newest = &read->sums[FLOWS_SHORT], *all = &read->sums[FLOWS_TOTAL];
	struct maker *maker = context;
	struct flow_key places[PLACES_MAX];
	size_t count = grouper_place(maker->grouper, read->key, all->marks, places);

	maker->snapshot->flows += newest->packets != 0;
	for (size_t i = 0; i < count; i++) {
		struct look *look = &maker->looks[maker->look_count % LOOKS_AHEAD];

		if (maker->look_count++ >= LOOKS_AHEAD)
			look_take(maker, look);
		look->half = grouper_take_half(maker->grouper, &places[i]);
		look->key = places[i];
		look->hash = key_hash(&places[i]);
		look->is_other_end = i > 0;
		look->newest = *newest;
		look->all = *all;
		key_map_prefetch(&maker->map, look->hash);
	}
}

static void looks_finish(struct maker *maker)
{
	size_t count = maker->look_count, left = count < LOOKS_AHEAD ? count : LOOKS_AHEAD;

	for (; left; left--)
		look_take(maker, &maker->looks[(count - left) % LOOKS_AHEAD]);
}

static int first_rows_make(struct maker *maker)
{
	struct stage *stage = maker->stage;
	struct snapshot *snapshot = maker->snapshot;
	const struct engine_reading flows = { FLOWS_SHORT, FLOWS_WINDOWS, look_at_flow, maker };
	size_t places = maker->grouper->sides == SIDES_SENT ? PLACES_MAX : 1;
	size_t most = places * (size_t)engine_flow_count(stage->flows);
	int err;

	maker->room = most < SNAPSHOT_ROWS_MAX ? most : SNAPSHOT_ROWS_MAX;
	snapshot->rows = malloc((maker->room + 1) * sizeof(*snapshot->rows));
	err = snapshot->rows ? key_map_reset(&maker->map, maker->room) : -ENOMEM;
	if (!err)
		err = engine_read_flows(stage->flows, &flows);
	looks_finish(maker);
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

typedef int rows_maker(struct maker *maker);

static struct snapshot *snapshot_make(struct stage *stage, const struct grouper *grouper,
				      rows_maker *make_rows)
{
	struct snapshot *snapshot = stage->clock.number ? calloc(1, sizeof(*snapshot)) : NULL;
	struct maker maker = { .stage = stage, .grouper = grouper, .snapshot = snapshot };

	if (!snapshot)
		return NULL;
	facts_fill(stage, snapshot);
	if (make_rows(&maker) || pulses_make(stage, snapshot)) {
		snapshot_free(snapshot);
		snapshot = NULL;
	}
	key_map_fini(&maker.map);
	return snapshot;
}

struct snapshot *stage_snapshot(struct stage *stage)
{
	return snapshot_make(stage, &stage->grouper, rows_make);
}

struct snapshot *stage_first_look(struct stage *stage, struct wish wish)
{
	struct snapshot *snapshot;
	struct grouper grouper;

	stage_grouper(stage, wish, &grouper);
	snapshot = snapshot_make(stage, &grouper, first_rows_make);
	if (!snapshot)
		return NULL;
	snapshot->wish = wish;
	snapshot->grouper = grouper;
	snapshot->is_first_look = true;
	engine_read_window(stage->flows, FLOWS_SHORT, &snapshot->windows[COVER_SHORT]);
	engine_read_window(stage->flows, FLOWS_TOTAL, &snapshot->windows[COVER_TOTAL]);
	snapshot->max_since_ns = snapshot->begin_ns;
	return snapshot;
}
