/* SPDX-License-Identifier: BSD-2-Clause */
#include "join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int kept_result_set(struct kept_result *kept, const struct window_result *result)
{
	size_t count = result->flow_count;

	if (count > SNAPSHOT_FLOWS_MAX)
		count = SNAPSHOT_FLOWS_MAX;
	if (count > kept->capacity || count < kept->capacity / 8) {
		struct flow_result *flows = malloc((count + count / 4 + 1) * sizeof(*flows));

		kept->result.spec = NULL;
		if (!flows)
			return -ENOMEM;
		free(kept->flows);
		kept->flows = flows;
		kept->capacity = count + count / 4 + 1;
	}
	if (count)
		memcpy(kept->flows, result->flows, count * sizeof(*kept->flows));
	kept->result = *result;
	kept->result.flows = kept->flows;
	kept->result.extras = NULL; /* not shown */
	kept->result.extra_sets = 0;
	kept->result.flow_count = count;
	kept->result.flows_omitted = result->flows_omitted + result->flow_count - count;
	return 0;
}

void kept_result_fini(struct kept_result *kept)
{
	free(kept->flows);
	*kept = (struct kept_result){ 0 };
}

struct join {
	struct snapshot *snapshot;
	struct key_map map;
	size_t room;
};

static struct row *row_of(struct join *join, const struct flow_key *key)
{
	struct snapshot *snapshot = join->snapshot;
	const struct key_list list = { snapshot->rows, sizeof(*snapshot->rows) };
	uint32_t hash = key_hash(key), found;
	struct row *row;

	found = key_map_find(&join->map, &list, key, hash);
	if (found != KEY_MAP_NONE)
		return &snapshot->rows[found];
	if (snapshot->row_count == join->room)
		return NULL;
	row = &snapshot->rows[snapshot->row_count];
	*row = (struct row){ .key = *key, .flows = 1 };
	key_map_add(&join->map, hash, (uint32_t)snapshot->row_count++);
	return row;
}

/* A session is at least as long as the document's pane */
static uint32_t session_ms(const struct window_result *result, const struct flow_result *flow)
{
	uint64_t length_ns = flow->end_ns - flow->start_ns;

	if (result->spec->kind != WINDOW_SESSION)
		return 0;
	if (length_ns < result->observed_ns)
		length_ns = result->observed_ns;
	length_ns /= 1000000;
	return length_ns < UINT32_MAX ? (uint32_t)length_ns : UINT32_MAX;
}

static void join_window(struct join *join, size_t window, const struct kept_result *kept)
{
	bool is_reference = window == join->snapshot->reference;

	for (size_t i = 0; i < kept->result.flow_count; i++) {
		const struct flow_result *flow = &kept->flows[i];
		struct row *row = row_of(join, &flow->key);

		if (!row)
			continue;
		row->amount[window].packets += flow->packets;
		row->amount[window].bytes += flow->bytes;
		row->own_ms[window] += session_ms(&kept->result, flow);
		if (row->packets && !is_reference)
			continue;
		row->sum = flow->sum;
		if (!is_reference)
			row->bytes_max = row->packets_max = 0;
	}
}

static size_t rows_at_most(const struct snapshot *snapshot, const struct kept_result *kept)
{
	size_t most = 0;

	for (size_t i = 0; i < snapshot->window_count; i++)
		most += kept[i].result.spec ? kept[i].result.flow_count : 0;
	return most < SNAPSHOT_FLOWS_MAX ? most : SNAPSHOT_FLOWS_MAX;
}

static void rows_trim(struct snapshot *snapshot)
{
	struct row *rows;

	rows = realloc(snapshot->rows, (snapshot->row_count + 1) * sizeof(*rows));
	if (rows)
		snapshot->rows = rows;
}

int join_results(struct snapshot *snapshot, const struct kept_result *kept)
{
	struct join join = { .snapshot = snapshot, .room = rows_at_most(snapshot, kept) };

	snapshot->rows = malloc((join.room + 1) * sizeof(*snapshot->rows));
	if (!snapshot->rows || key_map_reset(&join.map, join.room)) {
		key_map_fini(&join.map);
		return -ENOMEM;
	}
	/* The reference first: what all windows know of a flow comes from it. */
	if (kept[snapshot->reference].result.spec)
		join_window(&join, snapshot->reference, &kept[snapshot->reference]);
	for (size_t i = 0; i < snapshot->window_count; i++) {
		snapshot->windows[i] = kept[i].result;
		snapshot->windows[i].flows = NULL;
		if (i != snapshot->reference && kept[i].result.spec)
			join_window(&join, i, &kept[i]);
	}
	key_map_fini(&join.map);
	rows_trim(snapshot);
	return 0;
}
