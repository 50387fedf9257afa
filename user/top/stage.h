/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the live view counts with: the window engine once more, fed with the panes that the
 * agent's engine told. One instance for the rows on the screen, whose keys are reduced to what
 * the user groups by; one for single flows, so that rows of another grouping can be had at any
 * time, with all they carried since the start; a small one for interfaces and directions.
 * No thread, no time, no terminal in here.
 */
#ifndef WEIR_STAGE_H
#define WEIR_STAGE_H

#include "snapshot.h"

struct stage;

struct stage_config {
	const struct group_by *group;  /* what flows are told apart by */
	uint64_t pane_ns;
	bool is_replay;
	bool has_directions;
	uint32_t extra_sets;           /* of the measures of rows; panes have them then */
	bool has_owners;               /* and owners, which are part of keys, */
	bool has_tunnels;              /* as tunnels are */
	uint64_t max_flows, max_bytes; /* of each instance; 0: no limit */
};

/* NULL when memory is all that failed. */
struct stage *stage_create(const struct stage_config *config, struct wish wish);
void stage_destroy(struct stage *stage);

/* Counts a pane, which is now the stage's. What there is no memory for is told in snapshots. */
void stage_add_pane(struct stage *stage, struct pane_flows *pane);

/* Packets of flows that came in no pane. */
void stage_skip(struct stage *stage, uint64_t packets);

/* Other rows, in place: made of the panes that are kept. 0, or -ENOMEM: rows are as before. */
int stage_set_wish(struct stage *stage, struct wish wish);

#endif
