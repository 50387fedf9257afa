/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of one window, as the engine hands it to the sinks and the terminal. All instants
 * are in the engine's clock (see pane.h); clock_offset_ns makes them nanoseconds since 1970.
 */
#ifndef WEIR_RESULT_H
#define WEIR_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "direction_sum.h"
#include "flow_sum.h"
#include "pane.h"
#include "window_spec.h"

struct flow_result {
	struct flow_key key;
	FLOW_SUM_MEMBER;
	uint64_t start_ns;   /* session windows: the session's own; else the window's */
	uint64_t end_ns;
	uint32_t extra;      /* place of its extra measures in the result's, where it has them */
	uint32_t flows;      /* single ones that it stands for, where these are counted */
};

struct window_total {
	uint64_t flows;      /* distinct, also those left out of the list */
	FLOW_SUM_MEMBER;     /* of all of them together */
	/* Adds up to it where the keys tell directions and nothing left the agent's memory. */
	struct direction_sums directions;
};

struct window_health {
	uint64_t dropped_packets;
	uint64_t late_packets;
	uint64_t connections_missed;
	uint64_t collect_latency_ns;  /* worst pane of the window */
	uint64_t merge_latency_ns;    /* worst pane of the window */
	uint64_t records;             /* merged in the window */
	uint64_t merge_ns;            /* spent on them */
};

/* Windows of an output, since the start. */
struct result_output {
	const char *name;             /* as the user gave it, without a password */
	uint64_t written;
	uint64_t failed;              /* lost on the way, or pushed out */
	uint64_t queued;              /* that wait now, or are being written */
};

struct window_result {
	const struct window_spec *spec;
	size_t window_number;         /* which -w, from 0 */
	uint64_t sequence;            /* which of its windows, from 0: counted by the agent */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t nominal_start_ns;    /* tumbling, sliding: where the grid has it, cut or not; */
	bool is_aligned;              /* and that is a multiple of the slide since 1970 */
	uint64_t observed_ns;         /* averages divide by this: the window's real length */
	uint32_t panes;
	bool complete;
	uint64_t away_ns;             /* of it no agent was there; 0: one was. By the agent */
	struct window_total total;
	struct outcome_counts counts; /* outcome[PACKET_FLOW] equals total */
	/* Flows that left the agent's memory for --max-flows, within this window's panes. */
	uint64_t evicted_flows;
	struct tally evicted;
	struct window_health health;
	const struct flow_result *flows; /* in order of the sort, greatest first */
	/* What came back of each flow, where flows are conversations: packets 0 where nothing did.
	 * NULL: they are of one way. */
	const struct flow_result *reverses;
	const struct extra_sum *extras;  /* of these flows; NULL: none are asked for */
	uint32_t extra_sets;             /* 1 << enum extra_set of those asked for */
	bool has_beside;                 /* the keys of these flows tell owners or tunnels */
	bool counts_flows;               /* of each of these flows, one way */
	size_t flow_count;               /* listed: at most the -n */
	uint64_t flows_omitted;
	/* Live: the interfaces that were there, and who stood before weir (ledger.h). */
	const struct result_link *links;
	size_t link_count;
	const char *const *ahead;
	size_t ahead_count;
	/* Of the run up to here, at the places that link_tally_index tells; by the agent, where
	 * an output asks for it. */
	const struct link_outcomes *run;
	size_t run_count;             /* even; 1: links and directions are not told apart */
	uint64_t run_dropped_packets; /* before the hooks, of the run too */
	double table_use;             /* share of the kernel's slots in the last pane, by the agent;
				       * less than 0: there is no such table */
	/* As they were when the window was handed to them; by the outputs, to who asks as well. */
	const struct result_output *outputs;
	size_t output_count;
};

/* What came back of that flow of the result; NULL where nothing did, or flows are of one way. */
static inline const struct flow_result *flow_reverse(const struct window_result *result,
						     const struct flow_result *flow)
{
	const struct flow_result *reverse;

	reverse = result->reverses ? &result->reverses[flow - result->flows] : NULL;
	return reverse && reverse->packets ? reverse : NULL;
}

/* Single flows of a row of the result, both ways together. */
static inline uint64_t flow_count_of(const struct window_result *result,
				     const struct flow_result *flow)
{
	const struct flow_result *reverse = flow_reverse(result, flow);

	return flow->flows + (uint64_t)(reverse ? reverse->flows : 0);
}

#endif
