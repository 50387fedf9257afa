/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent_outputs.h"

#include <errno.h>

#include "../base/stop.h"
#include "../sources/capture.h"
#include "agent_pin.h"

#define SILENCE_NS 5000000000u /* of counting that is not held up */

static void reopen_outputs(void *context)
{
	outputs_reopen(context);
}

/* Windows that wait take a small part of a memory that is small. */
static size_t outputs_bytes_max(uint64_t memory_bytes)
{
	uint64_t part = memory_bytes / 16;

	return part && part < OUTPUTS_BYTES_MAX ? (size_t)part : OUTPUTS_BYTES_MAX;
}

/* A capture may be silent for as long as its sender is. */
static int pages_create(const struct options *options, struct listener **listener)
{
	const struct listener_config config = {
		.address = &options->listen,
		.has_report = options->windows[0].kind == WINDOW_TUMBLING,
		.name = options->host,
		.silence_ns = options->file ? 0 : SILENCE_NS + 2 * options->pane_ns,
	};

	if (!*options->listen.port)
		return 0;
	*listener = listener_create(&config);
	return *listener ? 0 : -ENOMEM;
}

int agent_outputs_open(struct agent *agent)
{
	const struct options *options = agent->options;
	struct outputs_config config = { .names = options->outputs,
					       .secrets = options->output_secrets,
					       .count = options->output_count,
					       .window_count = options->window_count,
					       .is_replay = options->file != NULL,
					       .reads_stream = capture_is_stream(options->file) };
	int err = pages_create(options, &agent->listener);

	if (err)
		return err;
	agent_keep_journals(agent, &config);
	if (agent->listener)
		config.pages = listener_pages(agent->listener, &config.page_count);
	config.max_bytes = outputs_bytes_max(agent->memory_bytes);
	err = outputs_open(&config, &agent->outputs);
	if (err)
		return err;
	stop_on_hangup(reopen_outputs, agent->outputs);
	return agent->listener && listener_start(agent->listener) ? -EIO : 0;
}
