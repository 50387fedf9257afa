/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --max-flows: the least recently active flows leave at the end of a pane, and what they
 * carried stays in the totals of every window.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block_flows.h"

static struct flow_sum *run_find(const struct run *run, uint32_t place)
{
	uint32_t low = 0, high = run->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (run->records[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < run->count && run->records[low].place == place; low++) {
		if (!run->records[low].forgotten)
			return &run->records[low];
	}
	return NULL;
}

static void forget_carried(struct window *window, uint64_t block, uint64_t packets,
			   uint64_t bytes)
{
	struct span *span = window_span(window, block);

	span->forgotten.packets += packets;
	span->forgotten.bytes += bytes;
}

/*
 * Turned records are sums of what is after them: a difference is what one block carried. The
 * search ends with the last packet, so that it is short for a flow seen once. Returns the
 * newest block that had something.
 */
static uint64_t forget_records(struct window *window, struct part *part, uint32_t place)
{
	struct flow_sum *front = &part->front[place], *back = &part->back[place];
	uint64_t newest = window_oldest(window), b = newest;

	if (!front->packets && part->turned_end > b)
		b = part->turned_end;
	for (; b <= window->block && (front->packets || back->packets); b++) {
		struct flow_sum *record = run_find(part_run(window, part, b), place);

		if (!record)
			continue;
		newest = b;
		record->forgotten = true;
		if (b >= part->turned_end) {
			forget_carried(window, b, record->packets, record->bytes);
			back->packets -= record->packets;
			continue;
		}
		forget_carried(window, b, front->packets - record->packets,
			       front->bytes - record->bytes);
		*front = *record;
	}
	return newest;
}

static void block_window_forget(struct window *window, struct segment *segment, uint32_t place)
{
	struct part *part = window_part(window, segment);
	uint64_t newest = window->block;

	if (!part_has(window, part, place))
		return;
	if (window->layout->has_stacks)
		newest = forget_records(window, part, place);
	if (window->layout->has_open && part->open[place].packets) {
		newest = window->block;
		forget_carried(window, newest, part->open[place].packets,
			       part->open[place].bytes);
		part->open[place].packets = 0;
	}
	window_span(window, newest)->forgotten_flows++;
	window->flows--;
}

struct leaver {
	uint64_t last_ns;
	uint32_t id;
};

static struct segment *leaver_segment(const struct flow_table *table, const struct leaver *leaver)
{
	return table->segments[leaver->id >> SEGMENT_SHIFT];
}

/* Least recently active first; of equals, in order of the bytes of their keys. */
static bool leaves_before(const struct flow_table *table, const struct leaver *a,
			  const struct leaver *b)
{
	const struct flow_slot *x, *y;
	int order;

	if (a->last_ns != b->last_ns)
		return a->last_ns < b->last_ns;
	x = &leaver_segment(table, a)->slots[a->id % SEGMENT_FLOWS];
	y = &leaver_segment(table, b)->slots[b->id % SEGMENT_FLOWS];
	order = memcmp(x, y, FLOW_KEY_FULL_WORDS * sizeof(x->words[0]));
	return order ? order < 0 : memcmp(&x->inner_vlan, &y->inner_vlan, 2) < 0;
}

/* Moves the count that leave first to the front (Hoare's selection). */
static void leavers_select(const struct flow_table *table, struct leaver *leavers, size_t total,
			   size_t count)
{
	size_t low = 0, high = total - 1;

	while (low < high) {
		struct leaver pivot = leavers[low + (high - low) / 2], swap;
		size_t i = low, j = high;

		for (;; i++, j--) {
			while (leaves_before(table, &leavers[i], &pivot))
				i++;
			while (leaves_before(table, &pivot, &leavers[j]))
				j--;
			if (i >= j)
				break;
			swap = leavers[i];
			leavers[i] = leavers[j];
			leavers[j] = swap;
		}
		if (count <= j)
			high = j;
		else
			low = j + 1;
	}
}

static void flow_forget(struct engine *engine, const struct leaver *leaver)
{
	struct segment *segment = leaver_segment(&engine->table, leaver);
	uint32_t place = leaver->id % SEGMENT_FLOWS;

	for (size_t i = 0; i < engine->config.window_count; i++) {
		struct window *window = &engine->windows[i];

		if (window->spec->kind == WINDOW_SESSION)
			session_window_forget(window, segment, place);
		else
			block_window_forget(window, segment, place);
	}
	flow_table_release(&engine->table, segment, place);
}

static size_t leavers_collect(const struct flow_table *table, struct leaver *leavers)
{
	size_t count = 0;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		const struct segment *segment = table->segments[i];

		if (!segment)
			continue;
		FOR_EACH_BIT(place, segment->live) {
			leavers[count].last_ns = segment->last_ns[place];
			leavers[count++].id = i << SEGMENT_SHIFT | place;
		}
	}
	return count;
}

int engine_forget_excess(struct engine *engine)
{
	struct flow_table *table = &engine->table;
	uint64_t most = engine->config.max_flows;
	struct leaver *leavers;
	size_t total, count;

	if (!most || table->flow_count <= most)
		return 0;
	leavers = malloc(table->flow_count * sizeof(*leavers));
	if (!leavers)
		return -ENOMEM;
	count = table->flow_count - most;
	total = leavers_collect(table, leavers);
	leavers_select(table, leavers, total, count);
	for (size_t i = 0; i < count; i++)
		flow_forget(engine, &leavers[i]);
	free(leavers);
	return 0;
}
