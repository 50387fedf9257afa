/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was carried in each of the newest panes, flow by flow, so that the past of any row can be
 * told at once, however flows are grouped. Memory is bounded.
 */
#ifndef WEIR_HISTORY_H
#define WEIR_HISTORY_H

#include <stdbool.h>

#include "../engine/result.h"

#define HISTORY_PANES 120

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

/* A pane belongs to the windows in which it begins. */
bool pane_is_within(const struct pane_clock *clock, uint64_t number,
		    const struct window_result *window);

/* The highest rates of the window's panes. */
struct rates history_max(const struct history *history, const struct pane_clock *clock,
			 const struct window_result *window);

struct pane_flow {
	struct flow_key key;
	struct tally amount;
};

/* The flows of one pane: never changed, shared by snapshots, freed with the last of them. */
struct pane_flows {
	_Atomic unsigned int holders;
	uint64_t number;
	size_t count;
	struct pane_flow flows[];
};

/* Held by the caller. NULL when memory has run out. */
struct pane_flows *pane_flows_create(const struct window_result *pane, uint64_t number);
struct pane_flows *pane_flows_hold(struct pane_flows *pane);
void pane_flows_release(struct pane_flows *pane); /* accepts NULL */

#endif
