/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that look random and are the same at every run (Marsaglia, "Xorshift RNGs", 2003).
 */
#ifndef WEIR_TESTS_RANDOM_H
#define WEIR_TESTS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The seed is not 0. */
static inline uint32_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32);
}

static inline uint32_t random_below(uint64_t *seed, uint32_t bound)
{
	return random_next(seed) % bound;
}

static inline void random_fill(uint64_t *seed, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size--)
		*at++ = (uint8_t)random_next(seed);
}

#endif
