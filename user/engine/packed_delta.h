/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records as deltas: what is left of a sum when the oldest record goes.
 */
#ifndef WEIR_PACKED_DELTA_H
#define WEIR_PACKED_DELTA_H

#include "packed.h"

/*
 * Records as deltas: a copy of them, to be freed as well. after is the sum of the records after
 * these, to which they are added. NULL without memory.
 */
struct packed *packed_to_deltas(struct packer *packer, const struct packed *records,
			   struct row_sums *after);

/* Evicts deltas: row, of which they are the oldest part, becomes the sum without them. */
void packed_evict_oldest(const struct packed *deltas, struct row_sums *row,
		  const struct packer *packer);

/* Of deltas: the packets and bytes of one; its extra measures, if any, begin at the end of it. */
const uint8_t *delta_skip(const uint8_t *at, const struct pane_form *form, struct tally *own);

#endif
