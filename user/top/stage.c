/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/slot_key.h"
#include "stage_earlier.h"
#include "stage_private.h"

#define BATCH 256

/* Longer than any run, so that what is counted never leaves. */
#define FOREVER_NS (UINT64_MAX / 2)

static struct window_spec newest_panes(const struct stage_config *config, uint64_t length_ns)
{
	uint64_t panes = (length_ns + config->pane_ns - 1) / config->pane_ns;

	return (struct window_spec){ WINDOW_SLIDING, panes * config->pane_ns, config->pane_ns, 0 };
}

static struct window_spec since_start(const struct stage_config *config)
{
	uint64_t length_ns = FOREVER_NS / config->pane_ns * config->pane_ns;

	return (struct window_spec){ WINDOW_LANDMARK, 0, length_ns, 0 };
}

#define COVER_LENGTH(id, length_ns) [id] = (length_ns),

static void windows_choose(struct stage *stage)
{
	static const uint64_t lengths_ns[] = { COVERS(COVER_LENGTH) };
	const struct stage_config *config = &stage->config;

	for (int i = 0; i < COVER_TOTAL; i++)
		stage->windows[i] = newest_panes(config, lengths_ns[i]);
	stage->windows[COVER_TOTAL] = since_start(config);
	stage->windows[WINDOW_PANE] = newest_panes(config, config->pane_ns);
	stage->flows_windows[FLOWS_SHORT] = stage->windows[COVER_SHORT];
	stage->flows_windows[FLOWS_TOTAL] = stage->windows[COVER_TOTAL];
}

/* Of which rows are made anew: the longest of the newest covers, and for maxima some more. */
#define PANES_FED 120

static size_t panes_fed(const struct stage *stage)
{
	size_t covered = (size_t)(stage->windows[COVER_LONG].length_ns / stage->config.pane_ns);

	return covered > PANES_FED ? covered : PANES_FED;
}

static size_t panes_wanted(const struct stage *stage)
{
	return panes_fed(stage) > HISTORY_PANES ? panes_fed(stage) : HISTORY_PANES;
}

/* What records of an instance have beside their slot. */
struct second_line {
	uint32_t extra_sets;
	bool has_owners;
	bool has_tunnels;
};

static struct engine *instance_create(const struct stage *stage, const struct window_spec *windows,
				      size_t count, struct second_line line)
{
	const struct engine_config config = { .windows = windows, .window_count = count,
					      .extra_sets = line.extra_sets,
					      .has_owners = line.has_owners,
					      .has_tunnels = line.has_tunnels,
					      .pane_ns = stage->config.pane_ns,
					      .replay = stage->config.is_replay,
					      .max_flows = stage->config.max_flows,
					      .max_bytes = stage->config.max_bytes };

	return engine_create(&config);
}

static struct engine *rows_create(const struct stage *stage)
{
	const struct second_line line = { stage->config.extra_sets, stage->config.has_owners,
					  stage->config.has_tunnels };

	return instance_create(stage, stage->windows, COVER_COUNT, line);
}

struct stage *stage_create(const struct stage_config *config, struct wish wish)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	if (!stage)
		return NULL;
	stage->config = *config;
	stage->wish = wish;
	stage->facts.table_use = -1;
	stage_grouper(stage, wish, &stage->grouper);
	windows_choose(stage);
	stage->pane_room = panes_wanted(stage);
	stage->panes = calloc(stage->pane_room, sizeof(stage->panes[0]));
	stage->rows = rows_create(stage);
	stage->flows = instance_create(stage, stage->flows_windows, FLOWS_WINDOWS,
				       (struct second_line){ 0, config->has_owners,
							     config->has_tunnels });
	stage->pulses = instance_create(stage, stage->windows, COVER_COUNT + 1,
					(struct second_line){ 0, false, false });
	stage->began = began_create();
	if (!stage->began || !stage->panes || !stage->rows || !stage->flows || !stage->pulses) {
		stage_destroy(stage);
		return NULL;
	}
	return stage;
}

void stage_destroy(struct stage *stage)
{
	if (!stage)
		return;
	engine_destroy(stage->rows);
	engine_destroy(stage->flows);
	engine_destroy(stage->pulses);
	began_destroy(stage->began);
	for (size_t i = 0; i < stage->pane_count; i++)
		pane_flows_release(stage->panes[i]);
	free(stage->panes);
	free(stage->earlier);
	free(stage->history);
	free(stage);
}

/* Records on their way into an instance, some at a time. */
struct feeder {
	struct engine *engine;
	struct flow_record copies[BATCH];
	const struct flow_slot *records[BATCH];
	size_t count;
	int err;
};

static void feeder_flush(struct feeder *feeder)
{
	int err = engine_merge(feeder->engine, feeder->records, feeder->count);

	feeder->err = feeder->err ? feeder->err : err;
	feeder->count = 0;
}

/* A flow of the pane, as one of that key. */
static void feeder_add(struct feeder *feeder, const struct pane_flows *pane, size_t flow,
		       const struct flow_key *key)
{
	struct flow_record *copy = &feeder->copies[feeder->count];

	copy->slot = pane->flows[flow];
	if (pane->extras)
		copy->extra = pane->extras[flow];
	flow_slot_set_key(&copy->slot, key);
	extra_set_beside(&copy->extra, key);
	feeder->records[feeder->count++] = &copy->slot;
	if (feeder->count == BATCH)
		feeder_flush(feeder);
}

/* Ends the pane there; windows end with it when the next one comes, and are read until then. */
static int feeder_end(struct feeder *feeder, const struct pane_flows *pane)
{
	int err;

	if (feeder->count)
		feeder_flush(feeder);
	err = engine_fold_pane(feeder->engine, &pane->pane);
	return feeder->err ? feeder->err : err;
}

static int feed_rows(struct engine *engine, const struct grouper *grouper,
		     const struct pane_flows *pane)
{
	struct feeder feeder = { .engine = engine, .err = engine_close_pane(engine) };

	for (size_t i = 0; i < pane->count; i++) {
		const struct flow_key key = pane_flow_key(pane, i);
		struct flow_key places[PLACES_MAX];
		size_t count = grouper_place(grouper, &key, pane->flows[i].marks, places);

		for (size_t place = 0; place < count; place++)
			feeder_add(&feeder, pane, i, &places[place]);
	}
	return feeder_end(&feeder, pane);
}

/* A pane may lack the second line that was to be had when the view began: then it is of nothing. */
static int feed_flows(struct engine *engine, const struct pane_flows *pane)
{
	struct feeder feeder = { .engine = engine, .err = engine_close_pane(engine) };
	bool has_second_line = pane->extras || engine_takes_extra(engine);

	for (size_t i = 0; i < pane->count; i++) {
		const struct flow_key key = pane_flow_key(pane, i);

		if (has_second_line) {
			feeder_add(&feeder, pane, i, &key);
			continue;
		}
		feeder.records[feeder.count++] = &pane->flows[i];
		if (feeder.count == BATCH)
			feeder_flush(&feeder);
	}
	return feeder_end(&feeder, pane);
}

/* Interfaces and directions alone. */
static int feed_pulses(struct engine *engine, const struct pane_flows *pane)
{
	struct feeder feeder = { .engine = engine, .err = engine_close_pane(engine) };

	for (size_t i = 0; i < pane->count; i++) {
		const struct flow_slot *flow = &pane->flows[i];
		const struct flow_key key = { .flags = flow->flags & (FLOW_OUT | FLOW_LINK_FLAGS),
					      .vlan = flow->vlan & FLOW_LINK_VLAN,
					      .inner_vlan = flow->inner_vlan &
							    FLOW_LINK_INNER_VLAN };

		feeder_add(&feeder, pane, i, &key);
	}
	return feeder_end(&feeder, pane);
}

static uint64_t panes_passed(const struct stage *stage, const struct pane *pane)
{
	const struct pane_clock *clock = &stage->clock;
	uint64_t newest_ns = clock->begin_ns[clock->number % HISTORY_PANES], passed;

	if (!clock->number || !stage->config.is_replay || pane->begin_ns < newest_ns)
		return 1;
	passed = (pane->begin_ns - newest_ns) / stage->config.pane_ns;
	if (passed > HISTORY_PANES)
		return HISTORY_PANES;
	return passed ? passed : 1;
}

/* Replays leave out panes without a packet: they carried nothing. */
static void clock_advance(struct stage *stage, const struct pane *pane)
{
	uint64_t nominal_ns = stage->config.pane_ns, passed = panes_passed(stage, pane);
	uint64_t observed_ns = pane->end_ns - pane->begin_ns;
	struct pane_clock *clock = &stage->clock;

	while (passed-- > 0) {
		size_t place = ++clock->number % HISTORY_PANES;

		clock->begin_ns[place] = pane->begin_ns - passed * nominal_ns;
		clock->length_ns[place] = nominal_ns;
		for (size_t i = 0; i < stage->history_count; i++)
			stage->history[i].history.pane[place] = (struct tally){ 0 };
	}
	if (!stage->config.is_replay && observed_ns > nominal_ns)
		clock->length_ns[clock->number % HISTORY_PANES] = observed_ns;
}

static void drop_oldest_pane(struct stage *stage)
{
	struct pane_flows *oldest = stage->panes[--stage->pane_count];

	stage->has_dropped = true;
	stage->pane_flow_count -= oldest->count;
	pane_flows_release(oldest);
}

static void keep_pane(struct stage *stage, struct pane_flows *pane)
{
	while (stage->pane_count &&
	       (stage->pane_count == stage->pane_room ||
		stage->pane_flow_count + pane->count > HISTORY_FLOWS_MAX ||
		stage->panes[stage->pane_count - 1]->number + stage->pane_room <= pane->number))
		drop_oldest_pane(stage);
	memmove(&stage->panes[1], &stage->panes[0], stage->pane_count * sizeof(stage->panes[0]));
	stage->panes[0] = pane;
	stage->pane_count++;
	stage->pane_flow_count += pane->count;
}

static struct pulse *pulse_of(struct stage *stage, const struct flow_key *key)
{
	struct pulse *history;

	for (size_t i = 0; i < stage->history_count; i++) {
		if (!memcmp(&stage->history[i].key, key, sizeof(*key)))
			return &stage->history[i];
	}
	history = realloc(stage->history, (stage->history_count + 1) * sizeof(*history));
	if (!history)
		return NULL;
	stage->history = history;
	history[stage->history_count] = (struct pulse){ .key = *key };
	return &history[stage->history_count++];
}

static void take_pulse(void *context, const struct engine_flow *read)
{
	const struct flow_sum *sums = read->sums;
	struct stage *stage = context;
	struct pulse *pulse = pulse_of(stage, read->key);

	if (!pulse) {
		stage->lacked_memory = true;
		return;
	}
	pulse->history.pane[stage->clock.number % HISTORY_PANES] =
		(struct tally){ .packets = sums[0].packets, .bytes = sums[0].bytes };
}

static void add_counts(struct stage *stage, const struct pane_flows *pane)
{
	if (!stage->begin_ns)
		stage->begin_ns = stage->rows_since_ns = pane->pane.begin_ns;
	stage->end_ns = pane->pane.end_ns;
	outcome_counts_add(&stage->counts, &pane->pane.counts);
	stage->dropped_packets += pane->pane.dropped_packets;
	stage->late_packets += pane->pane.late_packets;
	stage->cost_ns = pane->pane.merge_ns;
	stage->facts = pane->facts;
}

/* So that who looks at these flows later knows who began, too. */
static void mark_beginnings(struct stage *stage, struct pane_flows *pane)
{
	for (size_t i = 0; i < pane->count; i++)
		began_mark(stage->began, &pane->flows[i]);
	began_end_pane(stage->began);
}

void stage_add_pane(struct stage *stage, struct pane_flows *pane)
{
	const struct engine_reading reading = { WINDOW_PANE, 1, take_pulse, stage };
	int err;

	add_counts(stage, pane);
	clock_advance(stage, &pane->pane);
	pane->number = stage->clock.number;
	mark_beginnings(stage, pane);
	err = feed_rows(stage->rows, &stage->grouper, pane);
	err = feed_flows(stage->flows, pane) ? -ENOMEM : err;
	err = feed_pulses(stage->pulses, pane) ? -ENOMEM : err;
	err = engine_read_flows(stage->pulses, &reading) ? -ENOMEM : err;
	stage->lacked_memory |= err != 0;
	keep_pane(stage, pane);
}

void stage_skip(struct stage *stage, uint64_t packets)
{
	stage->skipped_packets += packets;
}

static size_t panes_to_feed(const struct stage *stage)
{
	return stage->pane_count < panes_fed(stage) ? stage->pane_count : panes_fed(stage);
}

static struct engine *rows_of_kept_panes(const struct stage *stage, const struct grouper *grouper,
					 bool *lacked_memory)
{
	struct engine *rows = rows_create(stage);

	for (size_t i = panes_to_feed(stage); rows && i-- > 0;) {
		if (feed_rows(rows, grouper, stage->panes[i]))
			*lacked_memory = true;
	}
	return rows;
}

int stage_set_wish(struct stage *stage, struct wish wish)
{
	struct grouper grouper;
	struct engine *rows;
	struct earlier *earlier;
	size_t earlier_count;

	stage_grouper(stage, wish, &grouper);
	stage->has_earlier = stage->has_dropped || stage->pane_count > panes_to_feed(stage);
	rows = rows_of_kept_panes(stage, &grouper, &stage->lacked_memory);
	if (!rows || stage_take_earlier(stage, &grouper, rows, &earlier, &earlier_count)) {
		engine_destroy(rows);
		return -ENOMEM;
	}
	engine_destroy(stage->rows);
	free(stage->earlier);
	stage->rows = rows;
	stage->earlier = earlier;
	stage->earlier_count = earlier_count;
	stage->grouper = grouper;
	stage->wish = wish;
	if (stage->pane_count)
		stage->rows_since_ns = stage->panes[panes_to_feed(stage) - 1]->pane.begin_ns;
	return 0;
}
