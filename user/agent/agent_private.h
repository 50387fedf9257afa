/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent at work. Private to the files of this room.
 */
#ifndef WEIR_AGENT_PRIVATE_H
#define WEIR_AGENT_PRIVATE_H

#include "../engine/engine.h"
#include "../engine/ledger.h"
#include "../outputs/listener.h"
#include "../outputs/outputs.h"
#include "../sources/source.h"
#include "agent_config.h"
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
	uint64_t memory_bytes;         /* of the machine or its group: out of reach once it counts */
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

#endif
