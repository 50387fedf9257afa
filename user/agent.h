/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent: a source gives panes, the engine makes windows of them, the outputs write these.
 * Shared by the verbs, which may listen in.
 */
#ifndef WEIR_AGENT_H
#define WEIR_AGENT_H

#include "cli/options.h"
#include "base/report.h"
#include "outputs/outputs.h"
#include "pin/pin.h"
#include "sources/source.h"

/* Each window, also those past the options' own; the result lives until the call returns. */
typedef void agent_window_fn(void *context, const struct window_result *result);
/* Each pane, after its windows. */
typedef void agent_pane_fn(void *context, const struct pane *pane);

/* What an agent that was killed had logged: its windows are told to their end. */
struct agent_log {
	const struct pin_place *place;
	uint64_t generation;
	uint64_t run;                      /* what its documents are of, */
	struct pin_documents documents;    /* and how many there were before what is logged */
};

struct agent_config {
	const struct options *options;
	const struct window_spec *windows; /* the options' own first; must outlive the agent */
	size_t window_count;
	struct pin *pin;                   /* the run outlives the agent; NULL: it ends with it */
	const struct agent_log *log;       /* instead of a run: what one had logged; NULL */
	size_t listed;                     /* flows in each result for window; outputs: the -n */
	bool show_progress;
	agent_window_fn *window;           /* NULL: nobody listens */
	agent_pane_fn *pane;
	void *context;
};

struct agent;

/* 0, or negative errno that has been reported; *agent is to be closed in any case. */
int agent_open(const struct agent_config *config, struct agent **agent);

/* Counts until the source ends or stop is asked for. 0 or negative errno, reported. */
int agent_run(struct agent *agent);

/* After agent_open: what documents say of the source. Lives until the agent is closed. */
const struct document_context *agent_context(const struct agent *agent);
const struct source *agent_source(const struct agent *agent);

/* What interfaces are called after the last pane, by link number; NULL where nobody tells. */
const char *const *agent_link_names(struct agent *agent);

/* Tells where every packet went. */
void agent_report_sum(const struct agent *agent);

/* Closes everything. What the process exits with, err being the first failure or 0. */
enum exit_status agent_close(struct agent *agent, int err);

#endif
