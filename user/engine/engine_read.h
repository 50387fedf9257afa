/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what tumbling and sliding windows hold at the end of a pane, side by side, while they go
 * on: what the live view is made of. Between engine_fold_pane and engine_close_pane.
 */
#ifndef WEIR_ENGINE_READ_H
#define WEIR_ENGINE_READ_H

#include "engine.h"
#include "flow_sum.h"

#define ENGINE_READ_WINDOWS_MAX 8

struct engine_flow {
	const struct flow_key *key;
	const struct flow_sum *sums;    /* one a window that is read, in the order of their numbers;
					 * packets 0 where the flow is not in it */
	const struct extra_sum *extras; /* the same; NULL where none are asked for */
};

typedef void engine_flow_fn(void *context, const struct engine_flow *flow);

/*
 * Calls flow for every flow that is in one of the windows first to
 * first + count - 1, none of which is a session window. 0, -ENOMEM, or -EINVAL (too many).
 */
struct engine_reading {
	size_t first, count;
	engine_flow_fn *flow;
	void *context;
};
int engine_read_flows(struct engine *engine, const struct engine_reading *reading);

/* The window's result as if it ended with this pane, without flows. */
void engine_read_window(const struct engine *engine, size_t number, struct window_result *result);

/*
 * Hands over the window as it stands, with its flows, cut to this pane as at the end of a run;
 * it goes on. Of a window that holds no pane, and of session windows, nothing. 0, -ENOMEM, or
 * what emit returned.
 */
int engine_peek(struct engine *engine, size_t number, const struct window_listener *listener);

#endif
