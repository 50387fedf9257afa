/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of the agent.
 */
#ifndef WEIR_AGENT_CONFIG_H
#define WEIR_AGENT_CONFIG_H

#include "../cli/options.h"
#include "../engine/result.h"
#include "../pin/pin.h"

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

#endif
