/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent at work. Private to agent*.c.
 */
#ifndef WEIR_AGENT_PRIVATE_H
#define WEIR_AGENT_PRIVATE_H

#include "agent.h"
#include "engine/ledger.h"
#include "outputs/listener.h"
#include "run_counts.h"

struct away;

struct agent {
	struct agent_config config;
	const struct options *options;
	struct engine *engine;
	struct engine *whole;          /* of who listens, where rows are not what is counted; or NULL */
	struct ledger *ledger;
	struct source *source;
	struct outputs *outputs;
	struct listener *listener;     /* NULL: nobody asks for one */
	bool has_pages;                /* they have shown something */
	struct owners *owners;         /* NULL: nobody asks whose flows are */
	struct document_context document;
	char host[256];
	uint64_t windows_emitted;      /* complete ones, of the first -w */
	struct pin_documents documents; /* so far */
	struct away *away;             /* while the time without an agent is told; else NULL */
	uint64_t ended_ns;             /* when the last pane did, CLOCK_MONOTONIC */
	struct outcome_counts counts;  /* of all panes */
	struct run_counts run;         /* the same by link and direction */
	bool warned_unattributed;
	bool lacked_memory;
	bool failed;
	bool is_over;                  /* a row had more than --exit-over */
};

/* A window_emit_fn: to the outputs and who listens. */
int agent_emit(void *context, const struct window_result *result);

/* Of the options, and what a row of a result is. */
struct engine_config agent_engine_config(struct agent *agent);
void agent_choose_rows(const struct agent *agent, struct engine_config *config);

void agent_count_pane(struct agent *agent, const struct pane *pane);

/*
 * Opens what the options ask for, outputs and pages; SIGHUP opens files anew. 0, or negative errno
 * that has been reported: then what was opened is to be closed all the same, the listener stopped
 * before the outputs and destroyed after them.
 */
int agent_outputs_open(struct agent *agent);

/* The rest is of runs that outlive the agent, and does nothing in others. */

void agent_keep_journals(const struct agent *agent, struct outputs_config *config);

/* Before the first pane: what was counted without an agent. 0 or negative errno. */
int agent_tell_absence(struct agent *agent);

/* After a pane was added up: its documents are known, older panes may leave the log. */
void agent_keep_logged(struct agent *agent, const struct pane *pane);

/* Once the outputs are closed. 0 or negative errno, reported. */
int agent_finish_log(struct agent *agent);

#endif
