/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keyed hash of a flow. Pair-multiply-shift over 32-bit halves is strongly universal in its
 * upper 32 bits for random 64-bit seeds (Thorup, "High speed hashing for integers and
 * strings", 2015, section 3.3): without the seed nobody can aim at one bucket. The last two
 * steps only spread neighbouring values; they map 64 bits to 64 bits one to one.
 */
#ifndef WEIR_HASH_H
#define WEIR_HASH_H

#include "flow.h"
#include "platform.h"

struct hash_seed {
	__u64 word[11];
};

static __always_inline __u64 hash_pair(__u32 low, __u32 high, __u64 seed0, __u64 seed1)
{
	return (seed0 + low) * (seed1 + high);
}

/* 32 random bits of the key: the lower 15 place it in a section, those above choose one. */
static __always_inline __u32 flow_hash(const struct flow_key *key, const struct hash_seed *seed)
{
	const __u64 *s = seed->word;
	__u64 hash;

	hash = hash_pair((__u32)key->words[4], (__u32)(key->words[4] >> 32), s[0], s[1]);
	hash += key->inner_vlan * s[2];
	hash += hash_pair(key->src[3], key->dst[3], s[3], s[4]);
	if (key->flags & FLOW_IPV6) {
		hash += hash_pair(key->src[0], key->dst[0], s[5], s[6]);
		hash += hash_pair(key->src[1], key->dst[1], s[7], s[8]);
		hash += hash_pair(key->src[2], key->dst[2], s[9], s[10]);
	}
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15ull; /* 2^64 divided by the golden ratio */
	return (__u32)(hash >> 32);
}

#endif
