/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Amounts in ranks, by which the largest of many are found without sorting: a rank is an eighth of
 * a power of two, and rises with the bytes.
 */
#ifndef WEIR_RANK_H
#define WEIR_RANK_H

#include <stdint.h>

#define RANK_BITS  3u /* behind the first one of a number: eight ranks to the power of two */
#define RANK_COUNT (64u << RANK_BITS)

static inline unsigned int rank_of(uint64_t bytes)
{
	unsigned int first = 63u - (unsigned int)__builtin_clzll(bytes | 1u << RANK_BITS);

	return (first << RANK_BITS) + ((unsigned int)(bytes >> (first - RANK_BITS)) &
				       ((1u << RANK_BITS) - 1));
}

/*
 * Of how many there are in each rank: the one in which, from the greatest down, *most are reached,
 * and how many of those in it are still among these.
 */
static inline unsigned int rank_cut(const uint32_t counts[RANK_COUNT], uint32_t *most)
{
	unsigned int rank = RANK_COUNT - 1;

	while (rank && counts[rank] < *most)
		*most -= counts[rank--];
	return rank;
}

#endif
