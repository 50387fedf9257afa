/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the results of a run go: its outputs, and the pages of its listener.
 */
#ifndef WEIR_AGENT_OUTPUTS_H
#define WEIR_AGENT_OUTPUTS_H

#include "agent_private.h"

/*
 * Opens what the options ask for; SIGHUP opens files anew. 0, or negative errno that has been
 * reported: then what was opened is to be closed all the same, the listener stopped before the
 * outputs and destroyed after them.
 */
int agent_outputs_open(struct agent *agent);

#endif
