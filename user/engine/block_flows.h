/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows of tumbling and sliding windows, block by block.
 *
 * A tumbling window keeps one aggregate a flow. A sliding one keeps two stacks of records, a
 * block each (README.md): those of new blocks as counted, merged in `back`; those of older ones
 * as deltas, merged in `front`. The window is front + back.
 */
#ifndef WEIR_BLOCK_FLOWS_H
#define WEIR_BLOCK_FLOWS_H

#include "listing.h"
#include "window.h"

static inline struct part *window_part(const struct window *window,
				       const struct segment *segment)
{
	return &segment->parts[window->number];
}

/* A row of a window at work. */
struct row_work {
	struct engine *engine;
	struct window *window;
	struct segment *segment;
	struct row *row;
	uint32_t first; /* place in the segment of the row's first flow */
};

typedef int row_action(const struct row_work *work);

/* Does it to every row of the window. 0, or -ENOMEM where some row failed. */
int rows_visit(struct engine *engine, struct window *window, row_action *action);

/* Where panes are counted from when sums of the window are packed. */
struct pane_form window_pane_form(const struct engine *engine, const struct window *window);

/* The row's sums over the whole window. */
void row_sums_of(const struct row_work *work, struct row_sums *sums);

/* Adds sums to what *at holds. 0, or -ENOMEM: it is what it was. */
int row_grow(const struct row_work *work, struct packed **at, const struct row_sums *more);

/* Frees what *at holds; flows that nothing else of the row holds are not in the window any more. */
void row_drop(const struct row_work *work, struct packed **at);

/* A row_action that drops what the open block holds. Always 0. */
int row_drop_open(const struct row_work *work);

/* Flows of these places that the row does not hold are not in the window any more. */
void row_release(const struct row_work *work, const uint64_t *places);

/* Adds the closed pane's flows to the open block. 0, or -ENOMEM: some are not in the window. */
int block_flows_fold(struct engine *engine, struct window *window);

/* Ends the open block: its sums become records where the window has several blocks. */
int block_flows_push(struct engine *engine, struct window *window);

/* Offers every flow of the window. */
void block_flows_list(struct engine *engine, struct window *window,
		      const struct window_result *result, struct listing *listing);

/*
 * The same for a tumbling window that ends: its flows are removed as they are listed, so that
 * their memory makes room for the list.
 */
void block_flows_list_last(struct engine *engine, struct window *window,
			   const struct window_result *result, struct listing *listing);

#endif
