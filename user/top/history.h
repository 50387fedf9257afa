/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The newest panes, flow by flow, as the agent's engine told them: what groupings are made of
 * anew, and the past of any row. Memory is bounded.
 */
#ifndef WEIR_HISTORY_H
#define WEIR_HISTORY_H

#include <stdbool.h>

#include "../engine/result.h"

/* A quarter of an hour where panes are of a second. */
#define HISTORY_PANES 900

/* Flows kept of all panes together (32 MB); where there are more, fewer panes are kept. */
#define HISTORY_FLOWS_MAX (512u << 10)

/* The times of the panes: that of number n, the first being 1, is at n % HISTORY_PANES. */
struct pane_clock {
	uint64_t number;                    /* of the newest pane */
	uint64_t begin_ns[HISTORY_PANES];
	uint64_t length_ns[HISTORY_PANES];  /* real, or nominal where that is longer: of rates */
};

/* What one row, or one direction, carried: pane number n at n % HISTORY_PANES. */
struct history {
	struct tally pane[HISTORY_PANES];
	uint64_t since;  /* number of the first pane that is known */
};

struct rates {
	double bytes, packets;
};

/* Nothing was carried in a pane that is not known. */
struct rates history_rate(const struct history *history, const struct pane_clock *clock,
			  uint64_t number);

/* The average over the panes from that one on, as many of these as are known. */
struct rates history_average(const struct history *history, const struct pane_clock *clock,
			     uint64_t number, uint64_t count);

/* What the source knows of the moment at which a pane ended. */
struct pane_facts {
	double table_use;         /* less than 0: there is no table */
	int64_t clock_offset_ns;
	size_t ahead_count;       /* who stood before weir, */
	char ahead[AHEAD_TEXT_MAX]; /* and the first of them */
};

/* One pane and its flows: never changed once it is shared, freed with the last who holds it. */
struct pane_flows {
	_Atomic unsigned int holders;
	uint64_t number;
	struct pane pane;
	struct pane_facts facts;
	size_t count;
	struct flow_extra *extras; /* of these flows, with their owners; NULL: neither is asked for */
	struct flow_slot flows[];
};

/* The key of one of these flows, with its owner. */
struct flow_key pane_flow_key(const struct pane_flows *pane, size_t flow);

/* Of the result of a window of one pane; held by the caller. NULL when memory has run out. */
struct pane_flows *pane_flows_create(const struct window_result *result);
struct pane_flows *pane_flows_hold(struct pane_flows *pane);
void pane_flows_release(struct pane_flows *pane); /* accepts NULL */

#endif
