/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session windows; what the functions do is as in block_window.h.
 */
#ifndef WEIR_SESSION_WINDOW_H
#define WEIR_SESSION_WINDOW_H

#include "window.h"

int session_window_init(struct engine *engine, struct window *window);
int session_window_advance(struct engine *engine, struct window *window);
int session_window_fold(struct engine *engine, struct window *window);
int session_window_close_pane(struct engine *engine, struct window *window);
int session_window_finish(struct engine *engine, struct window *window);
int session_window_cut(struct engine *engine, struct window *window);
void session_window_evict(struct engine *engine, struct window *window);

#endif
