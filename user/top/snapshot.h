/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything a screen shows of one instant, made by the agent's thread, read by the screen's:
 * whoever holds it owns it, and nobody changes it.
 */
#ifndef WEIR_SNAPSHOT_H
#define WEIR_SNAPSHOT_H

#include "history.h"
#include "key_map.h"

#define SNAPSHOT_WINDOWS_MAX 4

/* Flows listed in a snapshot; where there are more, the smallest are left out and counted. */
#define SNAPSHOT_FLOWS_MAX (1u << 18)

/* A flow, or a group of flows. The key comes first (key_map.h). */
struct row {
	struct flow_key key;
	struct tally amount[SNAPSHOT_WINDOWS_MAX];
	uint32_t own_ms[SNAPSHOT_WINDOWS_MAX]; /* session windows: how long it lasted; else 0 */
	FLOW_SUM_MEMBER;               /* in the reference window, else in another; maxima less
					* than 0: not known */
	uint32_t flows;                /* that the row stands for */
};

struct pulse {
	struct history history;
	uint64_t flows;         /* in the reference window */
	struct tally amount;    /* in the reference window */
	struct rates max;
};

enum pulse_of { PULSE_IN, PULSE_OUT, PULSE_COUNT };

struct snapshot {
	size_t window_count;
	size_t reference;               /* the longest window: totals and maxima are its */
	struct window_result windows[SNAPSHOT_WINDOWS_MAX]; /* spec NULL: nothing yet; no flows */
	struct row *rows;
	size_t row_count;
	struct pulse pulse[PULSE_COUNT]; /* all is PULSE_IN where directions are not told apart */
	struct pane_clock clock;
	struct pane_flows *panes[HISTORY_PANES]; /* newest first */
	size_t pane_count;
	int64_t clock_offset_ns;
	uint64_t begin_ns, end_ns;      /* of the run so far, in the engine's clock */
	struct outcome_counts counts;   /* since the start */
	uint64_t dropped_packets;       /* since the start */
	uint64_t late_packets;          /* since the start */
	uint64_t cost_ns;               /* spent on merging the newest pane */
	double table_use;               /* less than 0: there is no table */
};

/*
 * Whether the row has a rate in that window: sessions of several flows have no common one, as
 * each has a length of its own.
 */
bool row_has_rate(const struct row *row, size_t window);

/* What the averages of a row in that window are over. */
uint64_t row_length_ns(const struct row *row, const struct snapshot *snapshot, size_t window);

void snapshot_free(struct snapshot *snapshot);

#endif
