/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two banks: the kernel counts into one while the agent owns the other. Once a pane they
 * change places.
 */
#ifndef WEIR_BANKS_H
#define WEIR_BANKS_H

#include <stdint.h>

#include "bank_drain.h"

struct banks;

/*
 * Creates and maps two banks of this shape, for all possible CPUs whatever it says, and the outer
 * map, in which the first bank is active. 0 or negative errno (-EPERM where BPF maps may not be
 * made), then *banks is NULL.
 */
int banks_create(const struct bank_shape *shape, struct banks **banks);
void banks_destroy(struct banks *banks);

const struct bank_geometry *banks_geometry(const struct banks *banks);

/* File descriptor of the outer map, owned by banks. */
int banks_outer_fd(const struct banks *banks);

/* Sets the start of the pane that is being counted, before the first program is attached. */
void banks_begin(struct banks *banks, const struct bank_begin *begin);

/*
 * Makes the other bank active for a pane that begins then. The update of the
 * outer map returns only after every program that could see the old bank has finished
 * (maybe_wait_bpf_programs in kernel/bpf/syscall.c): from then on the old bank is the caller's
 * alone, to be drained before the next flip. 0 or negative errno.
 */
int banks_flip(struct banks *banks, const struct bank_begin *begin);

/*
 * Hands over everything in the idle bank, which stays as it is. counts is overwritten, its
 * outcome[PACKET_FLOW] the sum of the records. 0 or what fn returned.
 */
int banks_read(struct banks *banks, records_fn *fn, void *context,
	       struct outcome_counts *counts);

/* Clears what was used of the idle bank, at a cost proportional to the flows seen. */
void banks_clear(struct banks *banks);

/* Both. On a failure of fn the bank is cleared all the same. */
int banks_drain(struct banks *banks, records_fn *fn, void *context,
		struct outcome_counts *counts);

/*
 * Pins both banks and the outer map in a directory of a BPF file system, so that they outlive the
 * process; 0 or negative errno.
 */
int banks_pin(const struct banks *banks, const char *directory);
void banks_unpin(const char *directory);

/*
 * What is pinned there, of that geometry, to be read to its end and left: whoever could still see
 * the bank that is idle has finished. 0 or negative errno: -EINVAL where the maps are others.
 */
int banks_open_pinned(const char *directory, const struct bank_geometry *geometry,
		      struct banks **banks);

/* The bank that is counted into, once no program is that could: else as banks_read. */
int banks_read_active(struct banks *banks, records_fn *fn, void *context,
		      struct outcome_counts *counts);

/* The numbers that both were stamped with, 0 where a bank is clean; and when they began. */
uint64_t banks_sequence(const struct banks *banks, bool is_active);
struct bank_begin banks_began(const struct banks *banks, bool is_active);

/* Waits until every program that could see a bank which is not active has finished. */
int banks_settle(struct banks *banks);

/* Of the bank last read: its counts by link_tally_index, two for each link of the geometry. */
const struct link_outcomes *banks_link_outcomes(const struct banks *banks);

/* Share of the slots of the fullest section in use at the last drain, 0 to 1. */
double banks_fill(const struct banks *banks);

#endif
