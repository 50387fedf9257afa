/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_evict.h"

/*
 * --max-flows: the least recently active flows are evicted at the end of a pane, and while it
 * fills where it brings too many; their packets and bytes stay in the totals of every window.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block_flows.h"
#include "windows.h"

/* An open pane may bring so many flows more than are kept, or a quarter of these. */
#define OPEN_FLOWS_MORE 65536u

/* Of a flow in the open pane, which is after all others: from here on, in ms. */
#define OPEN_PANE_NS (1ull << 63)

struct victim {
	uint64_t last_ns;
	uint32_t id;
};

static struct segment *victim_segment(const struct flow_table *table, const struct victim *victim)
{
	return table->segments[victim->id >> SEGMENT_SHIFT];
}

/* Least recently active first; of equals, in order of the bytes of their keys. */
static bool is_evicted_before(const struct flow_table *table, const struct victim *a,
			  const struct victim *b)
{
	const struct flow_slot *x, *y;
	int order;

	if (a->last_ns != b->last_ns)
		return a->last_ns < b->last_ns;
	x = &victim_segment(table, a)->slots[a->id % SEGMENT_FLOWS];
	y = &victim_segment(table, b)->slots[b->id % SEGMENT_FLOWS];
	order = memcmp(x, y, FLOW_KEY_FULL_WORDS * sizeof(x->words[0]));
	return order ? order < 0 : memcmp(&x->inner_vlan, &y->inner_vlan, 2) < 0;
}

/* Moves the count that are evicted first to the front (Hoare's selection). */
static void victims_select(const struct flow_table *table, struct victim *victims, size_t total,
			   size_t count)
{
	size_t low = 0, high = total - 1;

	while (low < high) {
		struct victim pivot = victims[low + (high - low) / 2], swap;
		size_t i = low, j = high;

		for (;; i++, j--) {
			while (is_evicted_before(table, &victims[i], &pivot))
				i++;
			while (is_evicted_before(table, &pivot, &victims[j]))
				j--;
			if (i >= j)
				break;
			swap = victims[i];
			victims[i] = victims[j];
			victims[j] = swap;
		}
		if (count <= j)
			high = j;
		else
			low = j + 1;
	}
}

/* The last packets of a row's flows as a window knows them: it holds no flow without its last. */
static void row_note_last(const struct row_work *work, uint64_t *last_ns)
{
	const struct flow_sum *sessions = window_part(work->window, work->segment)->sums;
	const struct pane_ring *panes = &work->engine->table.packer.panes;
	struct row_sums sums;

	for (uint32_t place = 0; sessions && place < ROW_FLOWS; place++) {
		if (sessions[work->first + place].packets)
			last_ns[place] = sessions[work->first + place].last_ns;
	}
	row_sums_of(work, &sums);
	FOR_EACH_BIT_OF(place, sums.places, ROW_WORDS)
		last_ns[place] = aggregate_last_ns(panes, &sums.sums[place]);
}

static void row_note_open(const struct row_work *work, uint64_t *last_ns)
{
	const struct flow_slot *slots = &work->segment->slots[work->first];

	FOR_EACH_BIT_OF(place, &work->segment->touched[work->first / 64], ROW_WORDS)
		last_ns[place] = OPEN_PANE_NS + slot_time_ms(slots[place].last_ms);
}

static size_t row_collect(struct row_work *work, struct victim *victims)
{
	uint64_t last_ns[ROW_FLOWS] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < work->engine->config.window_count; i++) {
		work->window = &work->engine->windows[i];
		work->row = window_part(work->window, work->segment)->rows +
			    work->first / ROW_FLOWS;
		row_note_last(work, last_ns);
	}
	row_note_open(work, last_ns);
	FOR_EACH_BIT_OF(place, &work->segment->live[work->first / 64], ROW_WORDS) {
		victims[count].last_ns = last_ns[place];
		victims[count++].id = (work->segment->number << SEGMENT_SHIFT) + work->first +
				      place;
	}
	return count;
}

static size_t victims_collect(struct engine *engine, struct victim *victims)
{
	struct row_work work = { .engine = engine };
	size_t count = 0;

	for (uint32_t i = 0; i < engine->table.segment_count; i++) {
		work.segment = engine->table.segments[i];
		for (work.first = 0; work.segment && work.first < SEGMENT_FLOWS;
		     work.first += ROW_FLOWS)
			count += row_collect(&work, victims + count);
	}
	return count;
}

/* What the flow had in the open pane goes to the windows with that pane. */
static void open_evict(struct engine *engine, struct segment *segment, uint32_t place)
{
	const struct tally own = segment_tally(segment, place);

	engine->open_evicted.packets += own.packets;
	engine->open_evicted.bytes += own.bytes;
	for (size_t i = 0; i < engine->config.window_count; i++)
		engine->windows[i].open_evicted_flows += !part_holds(&segment->parts[i], place);
	bit_clear(segment->touched, place);
	segment->overflows[place] = 0;
}

static void marked_evict_open(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->table.segment_count; i++) {
		struct segment *segment = engine->table.segments[i];

		if (!segment)
			continue;
		FOR_EACH_BIT(place, segment->removable) {
			if (bit_is_set(segment->touched, place))
				open_evict(engine, segment, place);
		}
	}
}

/* Takes the marked flows out of the open pane, of all windows, and of the table. */
static void marked_evict(struct engine *engine)
{
	struct flow_table *table = &engine->table;

	marked_evict_open(engine);
	windows_evict(engine);
	for (uint32_t i = 0; i < table->segment_count; i++) {
		struct segment *segment = table->segments[i];

		if (!segment)
			continue;
		FOR_EACH_BIT(place, segment->removable)
			flow_table_release(table, segment, place);
		memset(segment->removable, 0, sizeof(segment->removable));
	}
}

/* What the flows take that are known: it shrinks with each that is evicted. */
static uint64_t flows_bytes(const struct engine *engine)
{
	uint64_t bytes_each = FLOW_TABLE_BYTES + engine->config.bytes_beside;

	for (size_t i = 0; i < engine->config.window_count; i++)
		bytes_each += engine->layouts[i].has_sums * sizeof(struct flow_sum);
	return engine->table.flow_count * bytes_each + engine->table.packer.memory_bytes;
}

/* Of flows that take too much as many as take a little less than allowed, for room to grow. */
static uint64_t flows_allowed(const struct engine *engine)
{
	uint64_t most = engine->config.max_flows ? engine->config.max_flows : UINT64_MAX;
	uint64_t held = flows_bytes(engine), allowed = engine->config.max_bytes, by_bytes;

	if (!allowed || held <= allowed)
		return most;
	allowed -= allowed / 16;
	by_bytes = (uint64_t)((double)engine->table.flow_count * (double)allowed / (double)held);
	return by_bytes < most ? by_bytes : most;
}

static int flows_reduce(struct engine *engine, uint64_t most)
{
	struct flow_table *table = &engine->table;
	struct victim *victims;
	size_t total, count;

	if (table->flow_count <= most)
		return 0;
	victims = malloc(table->flow_count * sizeof(*victims));
	if (!victims)
		return -ENOMEM;
	count = table->flow_count - most;
	total = victims_collect(engine, victims);
	victims_select(table, victims, total, count);
	for (size_t i = 0; i < count; i++)
		bit_set(victim_segment(table, &victims[i])->removable,
			victims[i].id % SEGMENT_FLOWS);
	free(victims);
	marked_evict(engine);
	return 0;
}

int engine_evict_excess(struct engine *engine)
{
	return flows_reduce(engine, flows_allowed(engine));
}

int engine_evict_open(struct engine *engine)
{
	const struct engine_config *config = &engine->config;
	uint64_t more = config->max_flows / 4, flows = engine->table.flow_count;

	more = more > OPEN_FLOWS_MORE ? more : OPEN_FLOWS_MORE;
	if (config->max_flows && flows > config->max_flows && flows - config->max_flows > more)
		return flows_reduce(engine, flows_allowed(engine));
	if (config->max_bytes && flows_bytes(engine) > config->max_bytes)
		return flows_reduce(engine, flows_allowed(engine));
	return 0;
}
