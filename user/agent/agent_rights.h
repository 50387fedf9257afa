/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent keeps of its rights once all is open.
 */
#ifndef WEIR_AGENT_RIGHTS_H
#define WEIR_AGENT_RIGHTS_H

#include "agent.h"

/*
 * Before all else of a live run (pin: one that is pinned; NULL): makes the process that keeps the
 * rights which an interface that comes back takes, and the names of processes. 0, or a negative
 * errno, reported.
 */
int agent_helper_start(const struct options *options, const struct pin *pin);

/* Gives up what counting on does not take, for good, and says with -v what is in force. */
void agent_confine(const struct agent *agent, const struct options *options);

/*
 * Gives up, for good, what the live view never takes: it loads and attaches anew, looks names up
 * and writes files all the while. Once in a process.
 */
void agent_confine_view(void);

#endif
