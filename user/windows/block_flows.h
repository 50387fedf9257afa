/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows of tumbling and sliding windows, block by block.
 *
 * A tumbling window keeps one sum a flow. A sliding one must give up its oldest block at each
 * slide, and maxima have no inverse: so each flow is two stacks (Tangwongsan, Hirzel, Schneider,
 * "General incremental sliding-window aggregation", VLDB 2015, and the two-stack queue it
 * builds on). Records of new blocks are kept as counted and added up in `back`. Before the
 * oldest block leaves, the records are turned, the newest first: each is replaced by the sum of
 * the records after it. When a turned block leaves, its records are thus what remains, and
 * become `front`. The window is front + back; a record is touched three times in all. Segments
 * are turned at different slides, so that no slide pays for all.
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

static inline bool part_has(const struct window *window, const struct part *part,
			    uint32_t place)
{
	if (window->layout->has_open && part->open[place].packets)
		return true;
	return window->layout->has_stacks &&
	       (part->back[place].packets || part->front[place].packets);
}

static inline struct run *part_run(const struct window *window, const struct part *part,
				   uint64_t block)
{
	return &part->runs[block % window->blocks];
}

/* Adds the closed pane's flows to the open block. 0, or -ENOMEM: some are not in the window. */
int block_flows_fold(struct engine *engine, struct window *window);

/* Ends the open block: its sums become records where the window has several blocks. */
int block_flows_push(struct engine *engine, struct window *window);

/* Offers every flow of the window. */
void block_flows_list(const struct engine *engine, const struct window *window,
		      const struct window_result *result, struct listing *listing);

/*
 * The same for a tumbling window that ends: its flows leave it as they are listed, so that
 * their memory makes room for the list.
 */
void block_flows_list_last(struct engine *engine, struct window *window,
			   const struct window_result *result, struct listing *listing);

/* The open block, the last one of its window, was pushed: the oldest one leaves. */
void block_flows_rotate(struct engine *engine, struct window *window);

#endif
