/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include "../agent/agent.h"
#include "../agent/agent_rights.h"
#include "../rights/helper.h"
#include "../system/notify.h"
#include "recover.h"
#include "run_number.h"

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

/* Windows overlap no longer than that; the others last until the run ends. */
static uint64_t longest_ns(const struct options *options)
{
	uint64_t longest_ns = options->pane_ns;

	for (size_t i = 0; i < options->window_count; i++) {
		const struct window_spec *spec = &options->windows[i];

		if (spec->kind != WINDOW_TUMBLING && spec->kind != WINDOW_SLIDING)
			return 0;
		if (spec->length_ns > longest_ns)
			longest_ns = spec->length_ns;
	}
	return longest_ns;
}

/* Takes the place and tells what an agent that was killed there had logged. */
static int pin_take(const struct options *options, struct pin **pin)
{
	const struct pin_settings settings = { .directory = options->pin_directory,
					       .words = options->words,
					       .word_count = options->word_count,
					       .meaning = run_meaning(options),
					       .run = run_number_make(options),
					       .pane_ns = options->pane_ns,
					       .is_aligned = options->align == ALIGN_CLOCK,
					       .longest_ns = longest_ns(options) };
	int err = pin_open(&settings, pin);

	return err ? err : recover(*pin, options);
}

static int run_pinned(const struct options *options, struct pin *pin)
{
	struct agent_config config = { .options = options,
				       .windows = options->windows,
				       .window_count = options->window_count,
				       .listed = options->top,
				       .pin = pin,
				       .pane = take_pane,
				       .context = notify_open(),
				       .show_progress = !options->quiet };
	struct notify *notify = config.context;
	struct agent *agent = NULL;
	int err = agent_helper_start(options, pin), status;

	if (!err)
		err = agent_open(&config, &agent);
	if (!err) {
		notify_ready(notify, silence_allowed_ns(options));
		agent_confine(agent, options);
		err = agent_run(agent);
		notify_stopping(notify);
		agent_report_sum(agent);
	}
	status = agent_close(agent, err);
	notify_close(notify);
	helper_stop();
	return status;
}

int run_run(const struct options *options)
{
	struct pin *pin = NULL;
	int status = options->pin && pin_take(options, &pin) ? EXIT_FAILED : EXIT_DONE;

	if (status == EXIT_DONE)
		status = run_pinned(options, pin);
	pin_close(pin);
	return status;
}
