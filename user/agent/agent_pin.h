/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent does for a run that outlives it, or for what is logged of one; in others all of
 * this does nothing.
 */
#ifndef WEIR_AGENT_PIN_H
#define WEIR_AGENT_PIN_H

#include "agent_private.h"

/* Says where outputs write down how far they are. */
void agent_keep_journals(const struct agent *agent, struct outputs_config *config);

/* Before the first pane: what was counted without an agent. 0 or negative errno. */
int agent_tell_absence(struct agent *agent);

/* After a pane was added up: its documents are known, older panes may leave the log. */
void agent_keep_logged(struct agent *agent, const struct pane *pane);

/* Once the outputs are closed. 0 or negative errno, reported. */
int agent_finish_log(struct agent *agent);

#endif
