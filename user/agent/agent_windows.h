/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's engines: panes are added up, windows go to the outputs and who listens.
 */
#ifndef WEIR_AGENT_WINDOWS_H
#define WEIR_AGENT_WINDOWS_H

#include "agent_private.h"

/* As the options ask. 0 or -ENOMEM, reported. */
int agent_open_engines(struct agent *agent);

/* Of an engine that makes the options' windows, and what a row of its results is. */
struct engine_config agent_engine_config(struct agent *agent);
void agent_choose_rows(const struct agent *agent, struct engine_config *config);

/* A window_emit_fn: context is the agent. */
int agent_emit(void *context, const struct window_result *result);

/*
 * Ends the pane: its windows are emitted. 0 or negative errno, reported; what there is no memory
 * for is unattributed, and the run goes on.
 */
int agent_add_pane(struct agent *agent, const struct pane *pane);

/* Adds to the counts of the run; says once that the table is too small. */
void agent_count_pane(struct agent *agent, const struct pane *pane);

/* As many windows as -c asks for, or a row had more than --exit-over. */
bool agent_is_at_limit(const struct agent *agent);

#endif
