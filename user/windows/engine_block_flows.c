/* SPDX-License-Identifier: BSD-2-Clause */
#include "block_flows.h"

#include <errno.h>
#include <string.h>

static void fold_open(const struct engine *engine, struct window *window,
		      struct segment *segment)
{
	struct part *part = window_part(window, segment);

	FOR_EACH_BIT(place, segment->touched) {
		struct flow_sum sum = pane_sum(&engine->pane, &segment->slots[place]);

		window->flows += !part_has(window, part, place);
		flow_sum_add(&part->open[place], &sum);
	}
}

static uint32_t bits_count(const uint64_t *words)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SEGMENT_WORDS; i++)
		count += (uint32_t)__builtin_popcountll(words[i]);
	return count;
}

/* A block of one pane: its records are the pane's. */
static int fold_records(struct engine *engine, struct window *window, struct segment *segment)
{
	struct part *part = window_part(window, segment);
	struct run *run = part_run(window, part, window->block);
	uint32_t count = bits_count(segment->touched);
	struct flow_sum *record;

	if (!count)
		return 0;
	if (run_allocate(&engine->table, run, count))
		return -ENOMEM;
	record = run->records;
	FOR_EACH_BIT(place, segment->touched) {
		*record = pane_sum(&engine->pane, &segment->slots[place]);
		record->place = (uint16_t)place;
		window->flows += !part_has(window, part, place);
		flow_sum_add(&part->back[place], record++);
	}
	return 0;
}

int block_flows_fold(struct engine *engine, struct window *window)
{
	struct flow_table *table = &engine->table;
	int err = 0;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (!table->segments[i])
			continue;
		if (window->layout->has_open)
			fold_open(engine, window, table->segments[i]);
		else if (fold_records(engine, window, table->segments[i]))
			err = -ENOMEM;
	}
	return err;
}

static uint32_t part_open_count(const struct segment *segment, const struct part *part)
{
	uint32_t count = 0;

	FOR_EACH_BIT(place, segment->live)
		count += part->open[place].packets != 0;
	return count;
}

static void part_drop_open(struct window *window, struct segment *segment)
{
	struct part *part = window_part(window, segment);

	FOR_EACH_BIT(place, segment->live) {
		if (!part->open[place].packets)
			continue;
		part->open[place].packets = 0;
		if (part_has(window, part, place))
			continue;
		bit_set(segment->leaving, place);
		window->flows--;
	}
}

static int segment_push(struct engine *engine, struct window *window, struct segment *segment)
{
	struct part *part = window_part(window, segment);
	struct run *run = part_run(window, part, window->block);
	uint32_t count = part_open_count(segment, part);
	struct flow_sum *record;

	if (!count)
		return 0;
	if (run_allocate(&engine->table, run, count)) {
		part_drop_open(window, segment);
		return -ENOMEM;
	}
	record = run->records;
	FOR_EACH_BIT(place, segment->live) {
		if (!part->open[place].packets)
			continue;
		*record = part->open[place];
		record->place = (uint16_t)place;
		part->open[place].packets = 0;
		flow_sum_add(&part->back[place], record++);
	}
	return 0;
}

int block_flows_push(struct engine *engine, struct window *window)
{
	struct flow_table *table = &engine->table;
	int err = 0;

	if (!window->layout->has_open || !window->layout->has_stacks)
		return 0;
	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (table->segments[i] && segment_push(engine, window, table->segments[i]))
			err = -ENOMEM;
	}
	return err;
}

static struct flow_sum part_sum(const struct window *window, const struct part *part,
				uint32_t place)
{
	struct flow_sum sum = { 0 };

	if (window->layout->has_stacks) {
		sum = part->front[place];
		flow_sum_add(&sum, &part->back[place]);
	}
	if (window->layout->has_open)
		flow_sum_add(&sum, &part->open[place]);
	return sum;
}

static void segment_list(const struct window *window, const struct segment *segment,
			 const struct window_result *result, struct listing *listing)
{
	const struct part *part = window_part(window, segment);

	FOR_EACH_BIT(place, segment->live) {
		struct flow_sum sum = part_sum(window, part, place);
		struct flow_result flow;

		if (!sum.packets ||
		    listing_rejects(listing, &segment->slots[place], &sum))
			continue;
		flow = flow_result_make(&segment->slots[place], &sum);
		flow.start_ns = result->start_ns;
		flow.end_ns = result->end_ns;
		listing_offer(listing, &flow);
	}
}

void block_flows_list(const struct engine *engine, const struct window *window,
		      const struct window_result *result, struct listing *listing)
{
	const struct flow_table *table = &engine->table;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (table->segments[i])
			segment_list(window, table->segments[i], result, listing);
	}
}

void block_flows_list_last(struct engine *engine, struct window *window,
			   const struct window_result *result, struct listing *listing)
{
	struct flow_table *table = &engine->table;

	table->is_stale |= flow_table_sweeps(table, window->flows);
	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (!table->segments[i])
			continue;
		segment_list(window, table->segments[i], result, listing);
		part_drop_open(window, table->segments[i]);
		flow_table_trim_segment(table, table->segments[i]);
	}
}

static void run_turn(struct run *run, struct flow_sum *front)
{
	for (uint32_t i = 0; i < run->count; i++) {
		struct flow_sum *record = &run->records[i], sum = *record;

		if (record->forgotten)
			continue;
		flow_sum_add(&sum, &front[sum.place]);
		*record = front[sum.place];
		record->place = sum.place;
		record->forgotten = false;
		front[sum.place] = sum;
	}
}

/*
 * Turns the blocks from oldest to below end; those from end to the open one stay as they are.
 * All of the part's records are as counted, and all their sums in back.
 */
static void segment_turn(const struct window *window, struct segment *segment, uint64_t end)
{
	struct part *part = window_part(window, segment);
	uint64_t oldest = window_oldest(window);

	for (uint64_t block = end; block-- > oldest;)
		run_turn(part_run(window, part, block), part->front);
	sums_clear(part->back);
	for (uint64_t block = end; block <= window->block; block++) {
		struct run *run = part_run(window, part, block);

		for (uint32_t i = 0; i < run->count; i++) {
			if (!run->records[i].forgotten)
				flow_sum_add(&part->back[run->records[i].place],
					     &run->records[i]);
		}
	}
	part->turned_end = end;
}

static void segment_expire(struct engine *engine, struct window *window,
			   struct segment *segment)
{
	struct part *part = window_part(window, segment);
	struct run *run = part_run(window, part, window_oldest(window));

	for (uint32_t i = 0; i < run->count; i++) {
		const struct flow_sum *record = &run->records[i];
		uint32_t place = record->place;

		if (record->forgotten)
			continue;
		part->front[place] = *record;
		if (part_has(window, part, place))
			continue;
		bit_set(segment->leaving, place);
		window->flows--;
	}
	if (run->records)
		run_free(&engine->table, run);
}

/*
 * A segment's turn comes when the block after the open one has the segment's number modulo the
 * window's blocks, and at the latest when its oldest block leaves (after skipped blocks); then
 * only up to where its turn should have been.
 */
static void segment_rotate(struct engine *engine, struct window *window,
			   struct segment *segment)
{
	uint64_t oldest = window_oldest(window), next = window->block + 1;
	uint64_t overdue = (next + window->blocks - segment->number % window->blocks) %
			   window->blocks;
	bool is_leaving = next >= window->blocks;

	if (window_part(window, segment)->turned_end <= oldest && (!overdue || is_leaving))
		segment_turn(window, segment, next - overdue);
	if (is_leaving)
		segment_expire(engine, window, segment);
}

void block_flows_rotate(struct engine *engine, struct window *window)
{
	struct flow_table *table = &engine->table;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (!table->segments[i])
			continue;
		if (window->layout->has_stacks)
			segment_rotate(engine, window, table->segments[i]);
		else
			part_drop_open(window, table->segments[i]);
	}
}
