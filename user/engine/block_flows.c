/* SPDX-License-Identifier: BSD-2-Clause */
#include "block_flows.h"

#include <errno.h>
#include <string.h>

static int segment_visit(struct row_work *work, row_action *action)
{
	struct part *part = window_part(work->window, work->segment);
	int err = 0;

	for (uint32_t i = 0; i < SEGMENT_ROWS; i++) {
		work->row = &part->rows[i];
		work->first = i * ROW_FLOWS;
		if (action(work))
			err = -ENOMEM;
	}
	return err;
}

int rows_visit(struct engine *engine, struct window *window, row_action *action)
{
	struct row_work work = { .engine = engine, .window = window };
	const struct flow_table *table = &engine->table;
	int err = 0;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		work.segment = table->segments[i];
		if (work.segment && segment_visit(&work, action))
			err = -ENOMEM;
	}
	engine->lacked_memory |= err != 0;
	return err;
}

/* One more than are held, as the pane at hand may not be counted yet. */
struct pane_form window_pane_form(const struct engine *engine, const struct window *window)
{
	uint64_t count = window->panes_held + 1;

	return pane_form_of(engine->table.packer.panes.next - (uint32_t)count, count);
}

void row_sums_of(const struct row_work *work, struct row_sums *sums)
{
	const struct packer *packer = &work->engine->table.packer;

	row_sums_clear(sums);
	packed_add_to(work->row->front, sums, packer);
	packed_add_to(work->row->back, sums, packer);
	packed_add_to(work->row->open, sums, packer);
}

int row_grow(const struct row_work *work, struct packed **at, const struct row_sums *more)
{
	struct packer *packer = &work->engine->table.packer;
	struct pane_form form = window_pane_form(work->engine, work->window);
	struct row_sums sums;

	if (!*at)
		return packed_store(packer, at, more, form);
	row_sums_clear(&sums);
	packed_add_to(*at, &sums, packer);
	row_sums_add(&sums, more, packer);
	return packed_store(packer, at, &sums, form);
}

void row_release(const struct row_work *work, const uint64_t *places)
{
	uint64_t *removable = &work->segment->removable[work->first / 64];

	for (uint32_t i = 0; i < ROW_WORDS; i++) {
		uint64_t gone = places[i] & ~row_held_word(work->row, i);

		removable[i] |= gone;
		work->window->flows -= (uint64_t)__builtin_popcountll(gone);
	}
}

void row_drop(const struct row_work *work, struct packed **at)
{
	struct packed *dropped = *at;

	if (!dropped)
		return;
	*at = NULL;
	row_release(work, dropped->places);
	packed_free(&work->engine->table.packer, dropped);
}

/* The row's flows in the pane; false if there are none. */
static bool row_take_pane(const struct row_work *work, struct row_sums *sums)
{
	const struct flow_slot *slots = &work->segment->slots[work->first];
	uint32_t pane = work->engine->pane.number;
	uint64_t any = 0;

	memcpy(sums->places, &work->segment->touched[work->first / 64], sizeof(sums->places));
	FOR_EACH_BIT_OF(place, sums->places, ROW_WORDS)
		sums->sums[place] = aggregate_of_slot(
			&slots[place], segment_tally(work->segment, work->first + place), pane);
	if (work->segment->extras)
		memcpy(sums->extras, &work->segment->extras[work->first], sizeof(sums->extras));
	for (uint32_t i = 0; i < ROW_WORDS; i++)
		any |= sums->places[i];
	return any;
}

static void row_append(struct row *row, struct packed *record, uint64_t block)
{
	record->block = block;
	record->next = NULL;
	if (row->oldest)
		row->newest->next = record;
	else
		row->oldest = record;
	row->newest = record;
}

/* A block of one pane of several: the pane's sums are its records. */
static int row_fold_record(const struct row_work *work, const struct row_sums *pane)
{
	struct packer *packer = &work->engine->table.packer;
	struct packed *record = NULL;
	int err = packed_store(packer, &record, pane, pane_form_of(work->engine->pane.number, 1));

	if (!err)
		err = row_grow(work, &work->row->back, pane);
	if (err)
		packed_free(packer, record);
	else
		row_append(work->row, record, work->window->block);
	return err;
}

static int row_fold(const struct row_work *work)
{
	bool is_record = work->window->blocks > 1 && work->window->block_panes == 1;
	uint64_t held[ROW_WORDS];
	struct row_sums pane;
	int err;

	if (!row_take_pane(work, &pane))
		return 0;
	for (uint32_t i = 0; i < ROW_WORDS; i++)
		held[i] = row_held_word(work->row, i);
	err = is_record ? row_fold_record(work, &pane) : row_grow(work, &work->row->open, &pane);
	for (uint32_t i = 0; !err && i < ROW_WORDS; i++)
		work->window->flows += (uint64_t)__builtin_popcountll(pane.places[i] & ~held[i]);
	return err;
}

int block_flows_fold(struct engine *engine, struct window *window)
{
	return rows_visit(engine, window, row_fold);
}

static int row_push(const struct row_work *work)
{
	struct row *row = work->row;
	struct row_sums sums;
	int err;

	if (!row->open)
		return 0;
	row_sums_clear(&sums);
	packed_add_to(row->open, &sums, &work->engine->table.packer);
	err = row_grow(work, &row->back, &sums);
	if (err) {
		row_drop(work, &row->open);
		return err;
	}
	row_append(row, row->open, work->window->block);
	row->open = NULL;
	return 0;
}

int block_flows_push(struct engine *engine, struct window *window)
{
	return window->blocks > 1 ? rows_visit(engine, window, row_push) : 0;
}

struct row_listing {
	const struct window_result *result;
	struct listing *listing;
};

static void row_list(const struct row_work *work, const struct row_listing *to)
{
	const struct packer *packer = &work->engine->table.packer;
	const struct flow_slot *slots = &work->segment->slots[work->first];
	struct row_sums sums;

	row_sums_of(work, &sums);
	FOR_EACH_BIT_OF(place, sums.places, ROW_WORDS) {
		struct flow_sum sum = aggregate_resolve(&packer->panes, &sums.sums[place]);
		struct offer offer = { &slots[place], &sum,
				       packer->has_extras ? &sums.extras[place] : NULL };
		struct flow_result flow;

		to->listing->offered.packets += sum.packets;
		to->listing->offered.bytes += sum.bytes;
		if (listing_rejects(to->listing, &offer))
			continue;
		flow = flow_result_make(work->segment, work->first + place, &sum);
		flow.start_ns = to->result->start_ns;
		flow.end_ns = to->result->end_ns;
		listing_offer(to->listing, &flow, offer.extra);
	}
}

static void segment_list(struct row_work *work, const struct row_listing *to)
{
	struct part *part = window_part(work->window, work->segment);

	for (uint32_t i = 0; i < SEGMENT_ROWS; i++) {
		work->row = &part->rows[i];
		work->first = i * ROW_FLOWS;
		row_list(work, to);
	}
}

void block_flows_list(struct engine *engine, struct window *window,
		      const struct window_result *result, struct listing *listing)
{
	struct row_work work = { .engine = engine, .window = window };
	struct row_listing to = { result, listing };

	for (uint32_t i = 0; i < engine->table.segment_count; i++) {
		work.segment = engine->table.segments[i];
		if (work.segment)
			segment_list(&work, &to);
	}
}

int row_drop_open(const struct row_work *work)
{
	row_drop(work, &work->row->open);
	return 0;
}

void block_flows_list_last(struct engine *engine, struct window *window,
			   const struct window_result *result, struct listing *listing)
{
	struct row_work work = { .engine = engine, .window = window };
	struct row_listing to = { result, listing };
	struct flow_table *table = &engine->table;

	table->is_stale |= flow_table_sweeps(table, window->flows);
	for (uint32_t i = 0; i < table->segment_count; i++) {
		work.segment = table->segments[i];
		if (!work.segment)
			continue;
		segment_list(&work, &to);
		segment_visit(&work, row_drop_open);
		flow_table_trim_segment(table, work.segment);
	}
}
