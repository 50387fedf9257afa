/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ports of later fragments. They have none of their own (RFC 791, RFC 8200): those of the first one
 * are noted beside the flows, by what all of a datagram have in common, and found in that pane and
 * the next. One table is shared by all CPUs without a lock.
 */
#ifndef WEIR_FRAGMENT_H
#define WEIR_FRAGMENT_H

#include "hash.h"
#include "parse.h"

/* A set is a cache line. All are 2 MiB: 131072 first fragments in two panes. */
#define FRAGMENT_WAYS 4
#define FRAGMENT_SETS 32768u

/* The least number of a pane: what was never written is too old for it. */
#define FRAGMENT_PANE_FIRST 2

/*
 * A first fragment. check is its tag XOR told, so that an entry of which two CPUs wrote a half each
 * is of no datagram (Hyatt and Mann, "A lock-less transposition-table implementation", 2002).
 */
struct fragment_entry {
	__u64 check;
	__u64 told; /* the number of the pane, then ports as packet.ports has them */
};

struct fragment_set {
	struct fragment_entry entry[FRAGMENT_WAYS];
} __attribute__((aligned(64)));

#define FRAGMENT_SEED_HALF 12

struct fragment_seed {
	__u64 word[2 * FRAGMENT_SEED_HALF];
};

/* More words from those of a seed (Steele and others, "Fast splittable generators", 2014). */
static inline struct fragment_seed fragment_seed_of(const struct hash_seed *seed)
{
	const __u32 words = sizeof(seed->word) / sizeof(*seed->word);
	struct fragment_seed made;
	__u32 i;

	for (i = 0; i < 2 * FRAGMENT_SEED_HALF; i++) {
		__u64 word = seed->word[i % words] + (i + 1) * 0x9e3779b97f4a7c15ull;

		word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ull;
		word = (word ^ word >> 27) * 0x94d049bb133111ebull;
		made.word[i] = word ^ word >> 31;
	}
	return made;
}

/* 32 random bits, in the upper half: see hash.h. */
static __always_inline __u64 fragment_hash(const struct packet *p, __u64 tunnel, const __u64 *s)
{
	__u64 what = (__u64)p->ip_proto | (__u64)(p->flags & FLOW_IPV6) << 8;

	return hash_pair(p->src[0], p->src[0] >> 32, s) +
	       hash_pair(p->src[1], p->src[1] >> 32, s + 2) +
	       hash_pair(p->dst[0], p->dst[0] >> 32, s + 4) +
	       hash_pair(p->dst[1], p->dst[1] >> 32, s + 6) +
	       hash_pair(p->fragment_id, what, s + 8) + hash_pair(tunnel, tunnel >> 32, s + 10);
}

/*
 * The tag of the datagram that a fragment is of: addresses, protocol, identification (RFC 6864),
 * and the tunnel in which its addresses are. Two have the same one by chance, in 2^64.
 */
static __always_inline __u64 fragment_tag(const struct packet *p, __u64 tunnel,
					  const struct fragment_seed *seed)
{
	__u64 high = fragment_hash(p, tunnel, seed->word), low;

	/* One after the other: a BPF program's stack is short. */
	asm volatile("" : : : "memory");
	low = fragment_hash(p, tunnel, seed->word + FRAGMENT_SEED_HALF);
	return high >> 32 << 32 | low >> 32;
}

/* By all bits of it, as flow_hash does it: neighbouring identifications are spread. */
static __always_inline __u32 fragment_set_of(__u64 tag)
{
	return (__u32)(tag * 0x9e3779b97f4a7c15ull >> 32) & (FRAGMENT_SETS - 1);
}

static __always_inline __u64 fragment_read(const __u64 *word)
{
	return *(const volatile __u64 *)word;
}

/*
 * Panes since that of an entry. A CPU may still be in a pane when another one is in the next: what
 * that one noted is as new as can be.
 */
static __always_inline __u32 fragment_age(__u64 told, __u32 pane)
{
	__u32 age = pane - (__u32)told;

	return age == -1u ? 0 : age;
}

static __always_inline bool fragment_is_known(__u64 told, __u32 pane)
{
	return fragment_age(told, pane) <= 1;
}

/*
 * Notes what was told by a first fragment in that pane: over what was told of its datagram before,
 * else in place of the oldest. True where that might still have been asked for.
 */
static __always_inline bool fragment_note(struct fragment_set *set, __u64 tag, __u64 told,
					  __u32 pane)
{
	__u32 at = tag & (FRAGMENT_WAYS - 1), oldest = 0, i;
	bool is_lost;

	for (i = 0; i < FRAGMENT_WAYS; i++) {
		const struct fragment_entry *entry = &set->entry[i];
		__u64 noted = fragment_read(&entry->told);
		__u32 age = fragment_age(noted, pane);

		if ((fragment_read(&entry->check) ^ noted) == tag) {
			at = i;
			oldest = -1u;
			break;
		}
		if (age > oldest) {
			at = i;
			oldest = age;
		}
	}
	is_lost = oldest <= 1;
	at &= FRAGMENT_WAYS - 1;
	*(volatile __u64 *)&set->entry[at].told = told;
	*(volatile __u64 *)&set->entry[at].check = tag ^ told;
	return is_lost;
}

/*
 * What was told by the first one of a later fragment, if that was in this pane or the one before.
 */
static __always_inline bool fragment_find(const struct fragment_set *set, __u64 tag, __u32 pane,
					  __u64 *told)
{
	__u32 i;

	for (i = 0; i < FRAGMENT_WAYS; i++) {
		*told = fragment_read(&set->entry[i].told);
		if ((fragment_read(&set->entry[i].check) ^ *told) == tag)
			return fragment_is_known(*told, pane);
	}
	return false;
}

static __always_inline bool packet_is_fragment(const struct packet *p)
{
	return p->fragment > PACKET_FRAGMENT_ASKED;
}

/*
 * Notes the ports of a first fragment, or gives those to a later one. A first whose ports are cut
 * off is noted as one of long ago: its later ones have none. True where another one was lost.
 */
static __always_inline bool fragment_follow(struct fragment_set *set, __u64 tag, struct packet *p,
					    __u32 pane)
{
	__u64 told;

	if (p->fragment == PACKET_FRAGMENT_FIRST) {
		told = (__u64)p->ports << 32;
		told |= p->flags & FLOW_NO_PORTS ? pane - FRAGMENT_PANE_FIRST : pane;
		return fragment_note(set, tag, told, pane);
	}
	if (fragment_find(set, tag, pane, &told)) {
		p->ports = (__be32)(told >> 32);
		p->flags &= (__u8)~FLOW_NO_PORTS;
	}
	return false;
}

_Static_assert(sizeof(struct fragment_set) == 64, "a set is a cache line");

#endif
