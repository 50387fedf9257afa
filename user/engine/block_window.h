/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tumbling and sliding windows: blocks.
 */
#ifndef WEIR_BLOCK_WINDOW_H
#define WEIR_BLOCK_WINDOW_H

#include "window.h"

/* Whether the last pane reached the end of the window's open block. */
bool window_block_has_ended(const struct engine *engine, const struct window *window);

/* Whether the last pane ends the open block: it is the block's last, or was held up past it. */
bool window_pane_ends_block(const struct engine *engine, const struct window *window);

/*
 * Live, where panes may come late: whether a window that ended at end_ns ended where the open
 * block does, to half a pane.
 */
bool window_ends_on_grid(const struct engine *engine, const struct window *window,
			 uint64_t end_ns);

int block_window_init(struct engine *engine, struct window *window);

/* The window that the open block ends, but for its flows. */
void block_window_result(const struct engine *engine, const struct window *window,
			 struct window_result *result);

/* Tells of it as it is; the engine is as when it finishes. It goes on. */
int block_window_peek(struct engine *engine, struct window *window,
		      const struct window_listener *listener);

/* Before the pane is folded: closes the blocks that ended before it. */
int block_window_advance(struct engine *engine, struct window *window);

int block_window_fold(struct engine *engine, struct window *window);

/* After it is folded: closes the block that ends with it. */
int block_window_close_pane(struct engine *engine, struct window *window);

int block_window_finish(struct engine *engine, struct window *window);

/* The grid ends: the window at hand is emitted, cut, and the next one begins anew. */
int block_window_cut(struct engine *engine, struct window *window);

#endif
