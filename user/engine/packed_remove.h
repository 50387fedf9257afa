/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums and deltas of single flows are taken out of what is packed.
 */
#ifndef WEIR_PACKED_REMOVE_H
#define WEIR_PACKED_REMOVE_H

#include "packed.h"

/*
 * Takes the sums of these places out, freeing *at with the last one, and returns their packets
 * and bytes; deltas or not, never fails.
 */
struct tally packed_remove(struct packer *packer, struct packed **at, const uint64_t *places);

#endif
