/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landmark windows; what the functions do is as in block_window.h.
 */
#ifndef WEIR_LANDMARK_WINDOW_H
#define WEIR_LANDMARK_WINDOW_H

#include "window.h"

int landmark_window_init(struct engine *engine, struct window *window);
int landmark_window_advance(struct engine *engine, struct window *window);
int landmark_window_fold(struct engine *engine, struct window *window);
int landmark_window_close_pane(struct engine *engine, struct window *window);
int landmark_window_finish(struct engine *engine, struct window *window);
int landmark_window_cut(struct engine *engine, struct window *window);
void landmark_window_evict(struct engine *engine, struct window *window);
void landmark_window_result(const struct engine *engine, const struct window *window,
			    struct window_result *result);
int landmark_window_peek(struct engine *engine, struct window *window,
			 const struct window_listener *listener);

#endif
