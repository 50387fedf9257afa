/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the last panes were. Sums keep a pane's number where they would keep an instant or a
 * rate: a few bits instead of eight bytes, and exact whatever clock the panes are cut by.
 */
#ifndef WEIR_PANE_RING_H
#define WEIR_PANE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/flow.h"

struct pane_times {
	uint64_t begin_ns;
	uint64_t end_ns;
	double seconds;    /* that its rates are over */
};

struct pane_ring {
	struct pane_times *times; /* by a pane's number modulo capacity */
	uint32_t capacity;        /* a power of two, 0 at first */
	uint32_t next;            /* number of the next pane; numbers may wrap */
	bool are_unequal;         /* some lasted longer than others */
	bool are_disordered;      /* some began before the end of the one before */
};

/* Numbers a pane; the ones before it that are held stay known. 0, or -ENOMEM: not numbered. */
int pane_ring_add(struct pane_ring *ring, const struct pane_times *times, uint64_t held);
void pane_ring_fini(struct pane_ring *ring);

static inline const struct pane_times *pane_times_of(const struct pane_ring *ring,
						     uint32_t number)
{
	return &ring->times[number & (ring->capacity - 1)];
}

/*
 * The instant that a slot tells in ms since the pane began: never past the pane's end, which the
 * kernel's coarse clock may be up to a tick ahead of.
 */
static inline uint64_t pane_instant(const struct pane_times *pane, uint16_t ms)
{
	uint64_t instant_ns = pane->begin_ns + slot_time_ms(ms) * 1000000;

	return instant_ns < pane->end_ns && instant_ns >= pane->begin_ns ? instant_ns :
									   pane->end_ns;
}

#endif
