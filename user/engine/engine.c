/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "began.h"
#include "biflow.h"
#include "engine_evict.h"
#include "flow_count.h"
#include "span.h"
#include "window.h"
#include "windows.h"

struct engine *engine_create(const struct engine_config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	size_t count = config->window_count;
	int err = -ENOMEM;

	if (!engine)
		return NULL;
	engine->config = *config;
	engine->windows = calloc(count + 1, sizeof(*engine->windows));
	engine->layouts = calloc(count + 1, sizeof(*engine->layouts));
	if (engine->windows && engine->layouts)
		err = flow_table_init(&engine->table, engine->layouts, count,
				      config->extra_sets);
	engine->table.has_beside = config->has_owners || config->has_tunnels;
	if (!err)
		err = windows_init(engine);
	if (!err && engine_turns(engine)) {
		engine->began = began_create();
		err = engine->began ? 0 : -errno;
	}
	if (!err && config->sort == SORT_FLOWS) {
		engine->counts = flow_count_create(config);
		err = engine->counts ? 0 : -errno;
	}
	if (!err)
		return engine;
	engine_destroy(engine);
	errno = -err;
	return NULL;
}

void engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	flow_table_fini(&engine->table);
	for (size_t i = 0; engine->windows && i < engine->config.window_count; i++) {
		free(engine->windows[i].spans);
		free(engine->windows[i].block_evicted);
		free(engine->windows[i].ended);
	}
	began_destroy(engine->began);
	flow_count_destroy(engine->counts);
	free(engine->windows);
	free(engine->layouts);
	free(engine);
}

/* The engine that counts the flows of rows. */
static struct engine *counting(struct engine *engine)
{
	return flow_count_engine(engine->counts);
}

static int merge_turned(struct engine *engine, const struct flow_slot *const *records,
			size_t count)
{
	struct biflow_batch batch;
	int err = 0;

	for (size_t done = 0; done < count; done += BIFLOW_BATCH) {
		size_t more = count - done < BIFLOW_BATCH ? count - done : BIFLOW_BATCH;
		int merge_err;

		biflow_mark(engine, records + done, more, &batch);
		if (engine->counts)
			err = engine_merge(counting(engine), batch.turned, more) ? -ENOMEM : err;
		biflow_turn(engine, &batch);
		merge_err = flow_table_merge(&engine->table, batch.turned, more);
		err = err ? err : merge_err;
	}
	return err;
}

#define MERGE_PART 16384

/* Fetched before they are added up: a core looks less far ahead by itself. */
#define RECORDS_AHEAD 16

static int part_merge(struct engine *engine, const struct flow_slot *const *records, size_t count)
{
	struct flow_sum open = engine->open; /* in registers: records are far apart */
	struct direction_count directions = { 0 };
	int err;

	if (!open.packets && count)
		open.min_len = UINT16_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct flow_slot *record = records[i];

		if (i + RECORDS_AHEAD < count)
			__builtin_prefetch(records[i + RECORDS_AHEAD]);
#define OPEN_MERGE(name, merge) MERGE_##merge(open.name, record->name);
#define OPEN_ADD(name)          MERGE_SUM(open.name, record->name);
		FLOW_LENGTHS(OPEN_MERGE)
		FLOW_BITS(OPEN_MERGE)
		FLOW_COUNTS(OPEN_ADD)
		direction_count_add(&directions, record->flags, record->vlan, record->packets,
				    record->bytes);
	}
	engine->open = open;
	direction_sums_count(&engine->open_directions, &directions);
	err = engine->began ? merge_turned(engine, records, count) :
			      flow_table_merge(&engine->table, records, count);
	return err;
}

/* Between parts there is a look at how many flows they have brought. */
int engine_merge(struct engine *engine, const struct flow_slot *const *records, size_t count)
{
	int err = 0, part_err;

	for (size_t part; count; records += part, count -= part) {
		part = count < MERGE_PART ? count : MERGE_PART;
		part_err = part_merge(engine, records, part);
		err = err ? err : part_err;
		part_err = engine_evict_open(engine);
		err = err ? err : part_err;
	}
	engine->pane_err = engine->pane_err ? engine->pane_err : err;
	return err;
}

static bool pane_has_packets(const struct engine *engine, const struct pane *pane)
{
	bool has = engine->open.packets;

	for (int i = PACKET_FLOW + 1; i < PACKET_OUTCOME_COUNT; i++)
		has |= pane->counts.outcome[i].packets != 0;
	return has;
}

/* Where the source counts by link and direction, that is exact whatever the keys keep. */
static struct direction_sums pane_directions(const struct engine *engine, const struct pane *pane)
{
	struct direction_sums sums = { 0 };

	if (!pane->link_outcomes)
		return engine->open_directions;
	for (size_t i = 0; i < pane->link_outcomes_count; i++) {
		const struct tally *flow = &pane->link_outcomes[i].outcome[PACKET_FLOW];
		struct direction_sum *way = &sums.way[i % DIRECTION_SUM_COUNT];

		way->packets += flow->packets;
		way->bytes += flow->bytes;
		sums.told_packets += flow->packets;
	}
	return sums;
}

static void span_from_pane(const struct engine *engine, const struct pane *pane, double seconds,
			   struct span *span)
{
	const struct tally *lost = &engine->table.lost;

	*span = (struct span){
		.begin_ns = pane->begin_ns,
		.end_ns = pane->end_ns,
		.observed_ns = pane->end_ns - pane->begin_ns,
		.panes = 1,
		.flows = engine->open,
		.directions = pane_directions(engine, pane),
		.counts = pane->counts,
		.health = {
			.dropped_packets = pane->dropped_packets,
			.late_packets = pane->late_packets,
			.connections_missed = pane->connections_missed,
			.collect_latency_ns = pane->collect_latency_ns,
			.merge_latency_ns = pane->merge_ns,
			.records = pane->records,
			.merge_ns = pane->merge_ns,
		},
	};
	span->flows.bytes -= lost->bytes;
	span->flows.packets -= lost->packets;
	span->flows.bytes_max = (double)span->flows.bytes / seconds;
	span->flows.packets_max = (double)span->flows.packets / seconds;
	direction_sums_end_pane(&span->directions, seconds);
	span->counts.outcome[PACKET_FLOW] = (struct tally){ engine->open.packets,
							    engine->open.bytes };
	counts_lose(&span->counts, lost);
}

/* The most panes that some window holds by their numbers. */
static uint64_t panes_held(const struct engine *engine)
{
	uint64_t most = 0;

	for (size_t i = 0; i < engine->config.window_count; i++) {
		const struct window *window = &engine->windows[i];

		if (!window->layout->has_sums && window->panes_held > most)
			most = window->panes_held;
	}
	return most;
}

static void pane_number(struct engine *engine)
{
	struct pane_ring *panes = &engine->table.packer.panes;
	struct pane_close *close = &engine->pane;

	close->number = panes->next;
	close->is_numbered = !pane_ring_add(panes, &close->times, panes_held(engine));
}

static void grid_lay(struct engine *engine, const struct pane *pane)
{
	engine->first_place = pane->index;
	engine->first_ns = pane->begin_ns - pane->since_place_ns;
	engine->first_is_cut = pane->since_place_ns != 0;
	engine->pane.place = pane->index;
	engine->is_started = engine->has_grid = true;
}

/* The pane takes its place on the grid, which the first one lays. */
static void pane_place(struct engine *engine, const struct pane *pane)
{
	struct pane_close *close = &engine->pane;
	uint64_t length_ns = pane->end_ns - pane->begin_ns;

	if (!engine->has_grid)
		grid_lay(engine, pane);
	close->place = pane->index > close->place ? pane->index : close->place;
	close->ends_grid = pane->ends_grid;
	if (engine->config.replay || length_ns < engine->config.pane_ns)
		length_ns = engine->config.pane_ns;
	close->times = (struct pane_times){ pane->begin_ns, pane->end_ns,
					    (double)length_ns / 1e9 };
	pane_number(engine);
	span_from_pane(engine, pane, close->times.seconds, &close->span);
	engine->open = (struct flow_sum){ 0 };
	engine->open_directions = (struct direction_sums){ 0 };
	engine->table.lost = (struct tally){ 0 };
}

static void segment_end_pane(struct segment *segment, bool has_failed)
{
	/* What a window had no memory for must not stay in the table for ever. */
	for (uint32_t i = 0; has_failed && i < SEGMENT_WORDS; i++)
		segment->removable[i] |= segment->touched[i];
	memset(segment->touched, 0, sizeof(segment->touched));
	if (segment->has_overflowed)
		memset(segment->overflows, 0, sizeof(segment->overflows));
	segment->has_overflowed = false;
}

static void flows_end_pane(struct engine *engine, bool has_failed)
{
	for (uint32_t i = 0; i < engine->table.segment_count; i++) {
		if (engine->table.segments[i])
			segment_end_pane(engine->table.segments[i], has_failed);
	}
}

/* The windows at hand are emitted as if the run ended here; it goes on with the next pane. */
static void grid_end(struct engine *engine, int *err)
{
	engine->is_finishing = true;
	windows_step(engine, STEP_CUT, err);
	engine->is_finishing = false;
	engine->has_grid = false;
}

int engine_fold_pane(struct engine *engine, const struct pane *pane)
{
	int err = engine->pane_err, fold_err = 0;

	engine->pane_err = 0;
	if (engine->counts && engine_fold_pane(counting(engine), pane))
		err = -ENOMEM;
	if (engine->config.replay && !pane_has_packets(engine, pane))
		return 0;
	pane_place(engine, pane);
	windows_resume(engine);
	windows_step(engine, STEP_ADVANCE, &err);
	windows_step(engine, STEP_FOLD, &fold_err);
	flows_end_pane(engine, fold_err == -ENOMEM);
	engine->open_evicted = (struct tally){ 0 };
	engine->is_folded = true;
	if (engine->began)
		began_end_pane(engine->began);
	return err ? err : fold_err;
}

int engine_close_pane(struct engine *engine)
{
	int err = 0, evict_err;

	if (!engine->is_folded)
		return 0;
	if (engine->counts && engine_close_pane(counting(engine)))
		err = -ENOMEM;
	engine->is_folded = false;
	windows_step(engine, STEP_CLOSE_PANE, &err);
	if (engine->pane.ends_grid)
		grid_end(engine, &err);
	flow_table_trim(&engine->table);
	evict_err = engine_evict_excess(engine);
	return err ? err : evict_err;
}

int engine_end_pane(struct engine *engine, const struct pane *pane)
{
	int err = engine_fold_pane(engine, pane), close_err = engine_close_pane(engine);

	return err ? err : close_err;
}

int engine_finish(struct engine *engine)
{
	int err = 0;

	if (!engine->is_started || engine->is_finishing)
		return 0;
	if (engine->counts && engine_finish(counting(engine)))
		err = -ENOMEM;
	engine->is_finishing = true;
	windows_resume(engine);
	windows_step(engine, STEP_FINISH, &err);
	return err;
}

bool engine_takes_extra(const struct engine *engine)
{
	return engine->config.extra_sets != 0 || engine->table.has_beside;
}

uint64_t engine_memory_bytes(const struct engine *engine)
{
	const struct packer *packer = &engine->table.packer;

	return sizeof(*engine) + engine->table.memory_bytes + packer->memory_bytes +
	       packer->panes.capacity * sizeof(*packer->panes.times);
}

uint64_t engine_flow_count(const struct engine *engine)
{
	return engine->table.flow_count;
}
