/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the stage.
 */
#ifndef WEIR_STAGE_PRIVATE_H
#define WEIR_STAGE_PRIVATE_H

#include "../engine/began.h"
#include "../engine/engine_read.h"
#include "key_map.h"
#include "stage.h"

/* The windows of an instance of rows are the covers; that of pulses has one more, of one pane. */
#define WINDOW_PANE (COVER_TOTAL + 1)

/* The windows of single flows. */
enum { FLOWS_SHORT, FLOWS_TOTAL, FLOWS_WINDOWS };

/* What one side of a row carried before the panes that rows are made of. */
struct earlier {
	struct flow_key key;    /* with its half, as the rows' instance has it */
	struct tally amount;
	uint64_t first_ns;
};

struct stage {
	struct stage_config config;
	struct wish wish;
	struct grouper grouper;
	struct window_spec windows[COVER_COUNT + 1];
	struct window_spec flows_windows[FLOWS_WINDOWS];
	struct engine *rows;
	struct engine *flows;
	struct engine *pulses;
	struct began *began;
	struct earlier *earlier;
	size_t earlier_count;
	uint64_t rows_since_ns;         /* the instance of rows began with this pane */
	struct pane_clock clock;
	struct pane_flows **panes;      /* newest first */
	size_t pane_count, pane_room, pane_flow_count;
	bool has_dropped;               /* some pane since the start is not kept any more */
	bool has_earlier;               /* some was not among those that rows were made of */
	struct pulse *history;          /* of each interface and direction; sides are not kept */
	size_t history_count;
	uint64_t begin_ns, end_ns;
	struct outcome_counts counts;
	uint64_t dropped_packets, late_packets, skipped_packets, cost_ns;
	struct pane_facts facts;
	bool lacked_memory;
};

/* How rows of that wish come about. */
static inline void stage_grouper(const struct stage *stage, struct wish wish,
				 struct grouper *grouper)
{
	const struct grouper_config config = { stage->config.group, wish.grouping, wish.direction,
					       stage->config.has_directions };

	grouper_init(grouper, &config);
}

#endif
