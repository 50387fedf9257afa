/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include "../agent.h"

int run_run(const struct options *options)
{
	struct agent_config config = { .options = options,
				       .windows = options->windows,
				       .window_count = options->window_count,
				       .listed = options->top,
				       .show_progress = !options->quiet };
	struct agent *agent;
	int err = agent_open(&config, &agent);

	if (!err) {
		err = agent_run(agent);
		agent_report_sum(agent);
	}
	return agent_close(agent, err);
}
