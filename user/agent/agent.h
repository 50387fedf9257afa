/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent: a source gives panes, the engine makes windows of them, the outputs write these.
 * Shared by the verbs, which may listen in.
 */
#ifndef WEIR_AGENT_H
#define WEIR_AGENT_H

#include "../base/report.h"
#include "../outputs/encoder.h"
#include "../sources/source.h"
#include "agent_config.h"

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
