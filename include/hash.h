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
	__u64 word[13];
};

/* The halves of two words: two 32-bit inputs each. */
static __always_inline __u64 hash_pair(__u64 a, __u64 b, const __u64 *seed)
{
	return (seed[0] + (__u32)a) * (seed[1] + (__u32)b);
}

/* 32 random bits of the key: the lower 15 place it in a section, those above choose one. */
static __always_inline __u32 flow_hash(const struct flow_key *key, const struct hash_seed *seed)
{
	const __u64 *w = key->words, *s = seed->word;
	__u64 hash;

	hash = hash_pair(w[4], w[4] >> 32, s);
	hash += flow_word_inner_vlan(w[5]) * s[2];
	hash += hash_pair(w[1] >> 32, w[3] >> 32, s + 3);
	if (flow_word_flags(w[4]) & FLOW_IPV6 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		hash += hash_pair(w[0], w[2], s + 5);
		hash += hash_pair(w[0] >> 32, w[2] >> 32, s + 7);
		hash += hash_pair(w[1], w[3], s + 9);
	}
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15ull; /* 2^64 divided by the golden ratio */
	return (__u32)(hash >> 32);
}

/* Of the hash of a key without its tunnel, that with it. */
static __always_inline __u32 hash_with_tunnel(__u32 hash, __u64 tunnel,
					      const struct hash_seed *seed)
{
	return hash ^ (__u32)(hash_pair(tunnel, tunnel >> 32, seed->word + 11) >> 32);
}

#endif
