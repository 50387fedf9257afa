/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows of sliding windows: what the oldest block carried is evicted.
 */
#ifndef WEIR_BLOCK_SLIDE_H
#define WEIR_BLOCK_SLIDE_H

#include "block_flows.h"

/*
 * The open block, the last one of its window, was pushed: the oldest one is evicted. 0, or -ENOMEM:
 * some flows are not in the window any more.
 */
int block_flows_rotate(struct engine *engine, struct window *window);

/* A row_action that drops all that the row holds. Always 0. */
int row_drop_all(const struct row_work *work);

#endif
