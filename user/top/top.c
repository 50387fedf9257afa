/* SPDX-License-Identifier: BSD-2-Clause */
#include "top.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../agent/agent.h"
#include "../agent/agent_rights.h"
#include "../base/stop.h"
#include "../system/machine.h"
#include "interactive.h"
#include "link_names.h"
#include "plain.h"
#include "terminal.h"
#include "viewer.h"

/* Of the memory, what each of the view's engines may take for flows. */
#define MEMORY_PART 16

/* A terminal that has taken nothing for so long takes nothing. */
#define STUCK_US 500000

struct top {
	const struct options *options;
	struct window_spec windows[OPTIONS_WINDOWS_MAX + 1];
	struct agent *agent;
	struct collector *collector;
	pthread_t thread, ui_thread;
	_Atomic bool ui_is_done;
	struct link_names links; /* of a live run */
	int err;  /* of the agent */
	const char **attached;       /* hooks by name, as at the start */
};

static void take_pane(void *context, const struct pane *pane)
{
	struct top *top = context;
	const char *const *names = agent_link_names(top->agent);
	struct pane_facts facts = {
		.table_use = source_table_use(agent_source(top->agent)),
		.clock_offset_ns = agent_context(top->agent)->clock_offset_ns,
		.ahead_count = pane->ahead_count,
	};

	if (pane->ahead_count)
		snprintf(facts.ahead, sizeof(facts.ahead), "%s", pane->ahead[0]);
	if (names && !top->options->file)
		link_names_tell(&top->links, names);
	collector_take_pane(top->collector, pane, &facts);
}

static void take_window(void *context, const struct window_result *result)
{
	struct top *top = context;

	collector_take_window(top->collector, result);
}

/*
 * A terminal that takes no more bytes (stopped by Ctrl-S, or nobody reads it) would keep the
 * thread that draws in a write for ever: what it has not taken yet is thrown away.
 */
static void free_stuck_terminal(const struct top *top)
{
	while (!top->ui_is_done) {
		usleep(STUCK_US);
		if (top->ui_is_done)
			return;
		/* Only a stop of one's own can be ended by TCOON; with it goes Ctrl-S. */
		tcflow(STDOUT_FILENO, TCOOFF);
		tcflow(STDOUT_FILENO, TCOON);
		tcflush(STDOUT_FILENO, TCOFLUSH);
		pthread_kill(top->ui_thread, SIGWINCH);
	}
}

static void *agent_work(void *context)
{
	struct top *top = context;

	top->err = agent_run(top->agent);
	collector_end(top->collector, top->err);
	if (!terminal_is_drawable())
		return NULL;
	if (!viewer_ends_with_agent(top->options, top->err))
		stop_wait_until(UINT64_MAX);
	free_stuck_terminal(top);
	return NULL;
}

/* Signals are for the thread that draws. */
static int agent_start(struct top *top)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t all, before;
	int err;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigdelset(&all, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&top->thread, NULL, agent_work, top);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* Windows of one pane, for histories, after those that were asked for. */
static void windows_choose(struct top *top)
{
	const struct options *options = top->options;
	size_t count = options->window_count;

	memcpy(top->windows, options->windows, count * sizeof(top->windows[0]));
	top->windows[count] = (struct window_spec){ WINDOW_TUMBLING, options->pane_ns,
						    options->pane_ns, 0 };
}

static int top_open(struct top *top)
{
	const struct options *options = top->options;
	struct agent_config agent = { .options = options,
				      .windows = top->windows,
				      .window_count = options->window_count + 1,
				      .window = take_window,
				      .pane = take_pane,
				      .context = top };
	const struct collector_config collector = {
		.stage = { .group = &options->counted, .pane_ns = options->pane_ns,
			   .is_replay = options->file, .has_directions = !options->file,
			   .extra_sets = options->extra_sets & EXTRA_SETS_TOLD,
			   .has_owners = options->processes,
			   .has_tunnels = options->tunnels,
			   .max_flows = options->max_flows,
			   .max_bytes = options->max_flows ? 0 :
					machine_memory_bytes() / MEMORY_PART },
		.wish = view_first_wish(options),
		.pane_window = options->window_count,
		.waits_for_reader = options->file && !terminal_is_drawable(),
	};

	windows_choose(top);
	top->collector = collector_create(&collector);
	if (!top->collector) {
		report_error("start: out of memory");
		return -1;
	}
	return agent_open(&agent, &top->agent);
}

/* The hooks as they are at the start: one that an interface comes back to is told then. */
static void attached_copy(struct top *top, struct document_context *document)
{
	size_t bytes = document->attach_count * sizeof(*document->attach);

	top->attached = malloc(bytes);
	if (top->attached)
		memcpy(top->attached, document->attach, bytes);
	document->attach = top->attached;
	document->attach_count = top->attached ? document->attach_count : 0;
}

/*
 * A copy for the thread that draws: the agent's goes on to set the clock, and in a live run where
 * programs are attached and what interfaces are called; there a name is at the place of its
 * link's number.
 */
static void document_copy(struct top *top, struct document_context *document)
{
	*document = *agent_context(top->agent);
	document->group = &top->options->counted;
	if (top->options->file)
		return;
	attached_copy(top, document);
	link_names_init(&top->links, document->link_names ? document->link_names :
							    document->source_names);
	document->source_names = top->links.list;
	if (document->link_names)
		document->link_names = top->links.list;
}

static int top_view(struct top *top, struct narrowing *narrowing)
{
	struct document_context document;
	struct viewer viewer;
	int err, shown_err;

	document_copy(top, &document);
	err = agent_start(top);
	if (err) {
		report_error("start: %s", strerror(-err));
		return err;
	}
	viewer_init(&viewer, top->options, top->collector, &document);
	viewer.links = top->options->file ? NULL : &top->links;
	viewer_resume(&viewer, narrowing);
	if (terminal_is_drawable())
		shown_err = interactive_run(&viewer, &err);
	else
		shown_err = plain_run(&viewer);
	top->ui_is_done = true;
	collector_leave(top->collector);
	stop_request();
	pthread_join(top->thread, NULL);
	viewer_fini(&viewer);
	if (!top->options->file)
		link_names_fini(&top->links);
	free(top->attached);
	top->attached = NULL;
	return shown_err ? shown_err : top->err;
}

/* One beginning: until the user leaves, or wants another filter. */
static int top_begin(const struct options *options, struct narrowing *narrowing)
{
	struct top top = { .options = options, .ui_thread = pthread_self() };
	enum exit_status status;
	int err = top_open(&top);

	if (!narrowing->is_wanted)
		agent_confine_view();
	narrowing->is_wanted = false;
	if (!err) {
		err = top_view(&top, narrowing);
		if (err != -ENOTTY && !narrowing->is_wanted)
			agent_report_sum(top.agent);
	}
	status = agent_close(top.agent, err);
	collector_destroy(top.collector);
	return status;
}

int top_run(const struct options *options)
{
	struct options narrowed = *options;
	struct narrowing narrowing;
	int status = EXIT_FAILED;

	if (narrowing_init(&narrowing, options->filter)) {
		report_error("start: out of memory");
		return EXIT_FAILED;
	}
	do {
		narrowed.filter = narrowing_step(&narrowing)->filter;
		status = top_begin(&narrowed, &narrowing);
	} while (status == EXIT_DONE && narrowing.is_wanted && stop_renew());
	narrowing_fini(&narrowing);
	return status;
}
