/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 64 bits of a text that are the same on every machine and in every version: FNV-1a (RFC draft
 * eastlake-fnv). For names, not against who chooses them to collide.
 */
#ifndef WEIR_STABLE_HASH_H
#define WEIR_STABLE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define STABLE_HASH_START 0xcbf29ce484222325ull

/* Goes on from hash. */
static inline uint64_t stable_hash(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ull;
	return hash;
}

#endif
