/* SPDX-License-Identifier: BSD-2-Clause */
#include "windows.h"

#include "block_evict.h"
#include "block_window.h"
#include "landmark_window.h"
#include "session_window.h"

typedef int window_action(struct engine *engine, struct window *window);

/* What each kind of window does; for every pane advance, fold, close_pane. */
struct window_actions {
	window_action *init, *advance, *fold, *close_pane, *cut, *finish;
	void (*evict)(struct engine *engine, struct window *window);
};

#define WINDOW_ACTIONS(kind)                                                          \
	{                                                                             \
		kind##_window_init, kind##_window_advance, kind##_window_fold,        \
		kind##_window_close_pane, kind##_window_cut, kind##_window_finish,    \
		kind##_window_evict,                                                 \
	}

static const struct window_actions *window_actions_of(const struct window *window)
{
	static const struct window_actions actions[] = {
		[WINDOW_TUMBLING] = WINDOW_ACTIONS(block),
		[WINDOW_SLIDING] = WINDOW_ACTIONS(block),
		[WINDOW_SESSION] = WINDOW_ACTIONS(session),
		[WINDOW_LANDMARK] = WINDOW_ACTIONS(landmark),
	};

	return &actions[window->spec->kind];
}

void windows_evict(struct engine *engine)
{
	for (size_t i = 0; i < engine->config.window_count; i++)
		window_actions_of(&engine->windows[i])->evict(engine, &engine->windows[i]);
}

int windows_init(struct engine *engine)
{
	for (size_t i = 0; i < engine->config.window_count; i++) {
		struct window *window = &engine->windows[i];
		int err;

		window->spec = &engine->config.windows[i];
		window->layout = &engine->layouts[i];
		window->number = i;
		err = window_actions_of(window)->init(engine, window);
		if (err)
			return err;
	}
	return 0;
}

void windows_step(struct engine *engine, enum pane_step step, int *err)
{
	for (size_t i = 0; i < engine->config.window_count; i++) {
		struct window *window = &engine->windows[i];
		const struct window_actions *actions = window_actions_of(window);
		window_action *const steps[] = { actions->advance, actions->fold,
						 actions->close_pane, actions->cut,
						 actions->finish };
		int step_err = steps[step](engine, window);

		*err = *err ? *err : step_err;
	}
}

void windows_resume(struct engine *engine)
{
	for (size_t i = 0; i < engine->config.window_count; i++)
		engine->windows[i].is_stopped = false;
}
