/* SPDX-License-Identifier: BSD-2-Clause */
#include "block_slide.h"

/*
 * The slide of a sliding window: records become deltas, and the oldest block is evicted.
 */
#include <errno.h>

#include "block_flows.h"
#include "packed_delta.h"

int row_drop_all(const struct row_work *work)
{
	struct packer *packer = &work->engine->table.packer;
	struct row *row = work->row;

	while (row->oldest) {
		struct packed *record = row->oldest;

		row->oldest = record->next;
		packed_free(packer, record);
	}
	row_drop(work, &row->front);
	row_drop(work, &row->back);
	return row_drop_open(work);
}

/* Without memory to tell what remains of its flows, a row is dropped whole. */
static int row_give_up(const struct row_work *work)
{
	row_drop_all(work);
	return -ENOMEM;
}

/* Takes the records of blocks below end off the row, the newest first. */
static struct packed *records_take(struct row *row, uint64_t end)
{
	struct packed *taken = NULL, *record;

	while ((record = row->oldest) && record->block < end) {
		row->oldest = record->next;
		record->next = taken;
		taken = record;
	}
	return taken;
}

/* Puts the records back as deltas. */
static int records_to_deltas(const struct row_work *work, struct packed *newest)
{
	struct packer *packer = &work->engine->table.packer;
	struct row_sums after;
	int err = 0;

	row_sums_clear(&after);
	for (struct packed *next; newest; newest = next) {
		struct packed *delta = err ? NULL : packed_to_deltas(packer, newest, &after);

		next = newest->next;
		packed_free(packer, newest);
		if (!delta) {
			err = -ENOMEM;
			continue;
		}
		delta->next = work->row->oldest;
		if (!work->row->oldest)
			work->row->newest = delta;
		work->row->oldest = delta;
	}
	if (!err)
		err = packed_store(packer, &work->row->front, &after,
				   window_pane_form(work->engine, work->window));
	return err;
}

/*
 * Turns the blocks below end, the others stay as they are. All records of the row are as
 * counted, and all their sums in back.
 */
static int row_to_deltas(const struct row_work *work, uint64_t end)
{
	struct packer *packer = &work->engine->table.packer;
	struct packed *taken = records_take(work->row, end);
	struct row_sums behind;

	row_sums_clear(&behind);
	for (const struct packed *record = work->row->oldest; record; record = record->next)
		packed_add_to(record, &behind, packer);
	if (records_to_deltas(work, taken) ||
	    packed_store(packer, &work->row->back, &behind,
			 window_pane_form(work->engine, work->window)))
		return row_give_up(work);
	return 0;
}

static int row_expire(const struct row_work *work)
{
	struct packer *packer = &work->engine->table.packer;
	struct packed *gone = work->row->oldest;
	struct row_sums sums;

	row_sums_clear(&sums);
	packed_add_to(work->row->front, &sums, packer);
	packed_evict_oldest(gone, &sums, packer);
	if (packed_store(packer, &work->row->front, &sums,
			 window_pane_form(work->engine, work->window)))
		return row_give_up(work);
	work->row->oldest = gone->next;
	row_release(work, gone->places);
	packed_free(packer, gone);
	return 0;
}

/*
 * A row's turn comes when the block after the open one has the row's number modulo the window's
 * blocks, and at the latest when its oldest block is evicted (after skipped blocks); then only up
 * to where its turn should have been.
 */
static int row_rotate(const struct row_work *work)
{
	const struct window *window = work->window;
	struct row *row = work->row;
	uint64_t next = window->block + 1;
	uint64_t number = work->segment->number * SEGMENT_ROWS + work->first / ROW_FLOWS;
	uint64_t overdue = (next + window->blocks - number % window->blocks) % window->blocks;
	bool is_expiring = next >= window->blocks && row->oldest &&
			  row->oldest->block == window_oldest(window);
	int err = 0;

	if (row->oldest && !row->oldest->is_delta && (!overdue || is_expiring))
		err = row_to_deltas(work, next - overdue);
	return !err && is_expiring ? row_expire(work) : err;
}

int block_flows_rotate(struct engine *engine, struct window *window)
{
	return rows_visit(engine, window, window->blocks > 1 ? row_rotate : row_drop_open);
}
