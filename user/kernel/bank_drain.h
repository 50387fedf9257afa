/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bank in memory that nobody counts into: what was counted is read without a write, then it is
 * cleared. Whoever is killed at any instruction of this leaves a bank that is whole, or one whose
 * clearing can be begun again: nothing is lost and nothing counted twice by who knows whether the
 * bank of that sequence was read.
 */
#ifndef WEIR_BANK_DRAIN_H
#define WEIR_BANK_DRAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "../engine/pane.h"

/* Takes records of a pane; they live until it returns. 0 or negative errno. */
typedef int records_fn(void *context, const struct flow_slot *const *records, size_t count);

struct bank_view {
	const struct bank_geometry *geometry;
	uint8_t *memory; /* bank_sections() sections */
};

/* What a bank has besides records. */
struct bank_counts {
	struct outcome_counts total;
	double fill;                 /* share of the slots of the fullest section in use */
	struct link_outcomes *links;   /* the caller's: by link_tally_index, 2 * geometry.links */
};

/* When a pane begins: as the programs tell the time, and as the agent does. */
struct bank_begin {
	uint64_t ticks;
	uint64_t now_ns;         /* CLOCK_MONOTONIC */
	int64_t wall_offset_ns;  /* added to it: since 1970 */
};

/* Before a clean bank is counted into: the pane's begin, and its number, which is never 0. */
void bank_stamp(const struct bank_view *bank, const struct bank_begin *begin, uint64_t sequence);

/* What it was stamped with. */
struct bank_begin bank_began(const struct bank_view *bank);

/* The number that the bank was stamped with; 0 once it is clean. */
uint64_t bank_sequence(const struct bank_view *bank);

/*
 * Hands over all records, in memory that fn must not write; counts is overwritten. What fn
 * refuses counts all the same. 0 or what fn returned.
 */
int bank_read(const struct bank_view *bank, records_fn *fn, void *context,
	      struct bank_counts *counts);

/*
 * Makes the bank clean, at a cost proportional to the flows seen: slots, then the bitmap that
 * names them, then the rest, last the sequence.
 */
void bank_clear(const struct bank_view *bank);

#endif
