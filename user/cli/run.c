/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include "../agent.h"
#include "../system/notify.h"

static void take_pane(void *context, const struct pane *pane)
{
	(void)pane;
	notify_progress(context);
}

/* A capture may be silent for as long as its sender is. */
static uint64_t silence_allowed_ns(const struct options *options)
{
	return options->file ? 0 : 2 * options->pane_ns;
}

int run_run(const struct options *options)
{
	struct agent_config config = { .options = options,
				       .windows = options->windows,
				       .window_count = options->window_count,
				       .listed = options->top,
				       .pane = take_pane,
				       .context = notify_open(),
				       .show_progress = !options->quiet };
	struct notify *notify = config.context;
	struct agent *agent;
	int err = agent_open(&config, &agent), status;

	if (!err) {
		notify_ready(notify, silence_allowed_ns(options));
		err = agent_run(agent);
		notify_stopping(notify);
		agent_report_sum(agent);
	}
	status = agent_close(agent, err);
	notify_close(notify);
	return status;
}
