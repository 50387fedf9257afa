/* SPDX-License-Identifier: BSD-2-Clause */
#include "block_evict.h"

#include "block_flows.h"
#include "packed_remove.h"

static void evict_from_block(struct window *window, uint64_t block, const struct tally *own)
{
	window_evict_from(window, block, &(struct evicted){ .own = *own });
}

/* Takes the flows out of the row's records; newest[] is the last block that had each. */
static void row_evict_records(const struct row_work *work, const uint64_t *places,
			       uint64_t *newest)
{
	struct packer *packer = &work->engine->table.packer;
	struct packed **at = &work->row->oldest, *record;

	work->row->newest = NULL;
	while ((record = *at)) {
		uint64_t block = record->block;
		struct tally gone;

		FOR_EACH_BIT_OF(place, record->places, ROW_WORDS)
			newest[place] = block;
		gone = packed_remove(packer, at, places);
		evict_from_block(work->window, block, &gone);
		if (!*at || (*at)->block != block)
			continue;
		work->row->newest = *at;
		at = &(*at)->next;
	}
}

static void row_evict_sums(const struct row_work *work, const uint64_t *places)
{
	struct packer *packer = &work->engine->table.packer;
	struct row *row = work->row;
	struct tally gone;

	if (row->front)
		packed_remove(packer, &row->front, places);
	if (row->back)
		packed_remove(packer, &row->back, places);
	if (!row->open)
		return;
	gone = packed_remove(packer, &row->open, places);
	evict_from_block(work->window, work->window->block, &gone);
}

/* Of the flows that are marked. */
static int row_evict(const struct row_work *work)
{
	const uint64_t *marked = &work->segment->removable[work->first / 64];
	uint64_t places[ROW_WORDS], newest[ROW_FLOWS], any = 0;

	for (uint32_t i = 0; i < ROW_WORDS; i++)
		any |= places[i] = marked[i] & row_held_word(work->row, i);
	if (!any)
		return 0;
	row_evict_records(work, places, newest);
	FOR_EACH_BIT_OF(place, places, ROW_WORDS) {
		if (packed_has(work->row->open, place))
			newest[place] = work->window->block;
		window_evict_from(work->window, newest[place], &(struct evicted){ .flows = 1 });
		work->window->flows--;
	}
	row_evict_sums(work, places);
	return 0;
}

void block_window_evict(struct engine *engine, struct window *window)
{
	rows_visit(engine, window, row_evict);
}
