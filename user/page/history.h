/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a report remembers of a run: bounded, whatever the run's length and its traffic. Filled by
 * one thread; who renders it on another holds a lock, or a copy.
 */
#ifndef WEIR_HISTORY_H
#define WEIR_HISTORY_H

#include "../outputs/shared_result.h"
#include "step.h"

struct history {
	struct hash_seed seed;
	unsigned int told;               /* dimensions, as bits; 0: no window has come yet */
	struct heavy heavy[DIMENSION_COUNT];
	struct step steps[STEPS_MAX];
	size_t step_count;
	uint64_t window_ns;              /* length of a window of one step */
	uint64_t away_ns;                /* before the first: counted while no agent was there */

	/* Sums of all windows that came. */
	uint64_t windows;
	uint64_t cut_windows;            /* of these: not observed from their beginning to their end */
	struct flow_sum total;
	struct direction_sums directions;
	bool lacks_direction[DIRECTION_SUM_COUNT]; /* not known of all packets */
	struct outcome_counts counts;
	struct extra_sum extras;
	unsigned int extra_sets;
	uint64_t late_packets, dropped_packets;
	uint64_t omitted_rows;           /* by the -n, of all windows */
	struct tally listed;             /* rows that were not */
	uint64_t evicted_flows;
	struct tally evicted;
	uint64_t collect_latency_ns;     /* worst pane */

	/* The newest window without its flows: context, interfaces, outputs, counts of the run. */
	struct shared_result *newest;
	struct shared_context *strings;
};

/* NULL when memory is all that failed. */
struct history *history_create(void);

/* Accepts NULL. */
void history_destroy(struct history *history);

/* The same once more, for a window that is not over. NULL when memory failed. */
struct history *history_copy(const struct history *from);

/*
 * Adds a tumbling window, later than those before. 0, or -ENOMEM and nothing was added. What is
 * told one by one may be less where memory is short; sums are exact.
 */
int history_add(struct history *history, const struct document_context *context,
		const struct window_result *result);

/* Packets and bytes of flows that the run has counted but no window here holds: left out. */
struct tally history_missing(const struct history *history);

#endif
