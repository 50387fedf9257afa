/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is remembered of TCP connections from one packet to the next: how far each direction's data
 * reached, by which a segment that is sent again is known (RFC 9293, 3.4). One table for all CPUs,
 * beside the banks and never swapped with them, in sets of a few connections. It is lossy: where a
 * set is full the connection longest not heard of makes room.
 *
 * CPUs share it without locks. A connection is its tag, 64 bits of a keyed hash. Each word tells
 * whose it is by half a tag, so one that belongs to the connection which was there before is not
 * taken for another's. A word is written whole: of two CPUs with segments of one direction at once
 * the later wins, at worst with the lower end. What is sent again of the rest is then not known
 * until data reach further; a segment that is new is never taken for one sent again by that.
 */
#ifndef WEIR_CONNECTION_H
#define WEIR_CONNECTION_H

#include "account.h"
#include "hash.h"
#include "parse.h"

#define CONNECTION_WAYS  4u
#define CONNECTION_SETS_MIN 4096u
/* By which of the two ends is the sender, and by the hook: lo shows each packet at both. */
#define CONNECTION_LANES 4u

/* One that was heard of within so long is missed where it makes room. */
#define CONNECTION_MISSED_MS 60000u

struct connection_set {
	__u64 tag[CONNECTION_WAYS];                    /* 0: free */
	__u32 seen[CONNECTION_WAYS];                   /* when data came last, or a little before */
	__u64 spare[2];
	__u64 end[CONNECTION_WAYS * CONNECTION_LANES]; /* whose, and the sequence number behind */
};

_Static_assert(sizeof(struct connection_set) == 192, "sets begin on a cache line");

/* Sets, a power of two, for as many connections as there are slots. */
static inline __u32 connection_sets(__u32 slots)
{
	__u32 sets = slots / CONNECTION_WAYS;

	return sets < CONNECTION_SETS_MIN ? CONNECTION_SETS_MIN : sets;
}

/* What is asked for, and told, about one packet. */
struct connection_clock {
	__u32 now;          /* in ticks of any length, which may wrap */
	__u32 missed_ticks; /* of CONNECTION_MISSED_MS */
	__u64 *missed;      /* connections that made room though they were heard of */
};

/*
 * The name of a packet's connection: its tag, in whose lowest bits, all set in the tag,
 * the lane is told.
 */
#define CONNECTION_LANE_BITS 3ull

static __always_inline __u64 endpoint_hash(__u64 first, __u64 second, __u32 port, bool is_ipv6,
					   const struct hash_seed *seed)
{
	const __u64 *s = seed->word;
	__u64 hash;

	if (is_ipv6 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		hash = hash_pair(second >> 32, port, s) + hash_pair(first, first >> 32, s + 2) +
		       (__u32)second * s[4];
	else
		hash = hash_pair(second >> 32, port, s);
	hash ^= hash >> 32;
	return hash * 0x9e3779b97f4a7c15ull;
}

/* Sums of what was mixed before: the same for both directions, and nobody can aim at one. */
static __always_inline __u64 connection_name(const struct packet *p, __u32 link, __u64 tunnel,
					     const struct hash_seed *seed)
{
	bool is_ipv6 = p->flags & FLOW_IPV6;
	__u32 tags = (__u32)p->vlan << 16 | (__u16)p->inner_vlan;
	__u64 src = endpoint_hash(p->src[0], p->src[1], p->ports & 0xffff, is_ipv6, seed);
	__u64 dst = endpoint_hash(p->dst[0], p->dst[1], p->ports >> 16, is_ipv6, seed);
	__u64 name = src + dst + hash_pair(tags, link, seed->word + 7);

	if (tunnel)
		name += hash_pair(tunnel, tunnel >> 32, seed->word + 11);
	name ^= name >> 32;
	name *= 0x9e3779b97f4a7c15ull;
	return (name & ~CONNECTION_LANE_BITS) | (src > dst) | (p->flags & FLOW_OUT ? 2u : 0);
}

/* The number of its set among so many, a power of two. */
static __always_inline __u32 connection_set_of(__u64 name, __u32 sets)
{
	return (__u32)(name >> 2) & (sets - 1);
}

/* Nobody longer unheard of: its place is the new connection's. */
static __always_inline __u32 connection_admit(struct connection_set *set, __u64 tag,
					      const struct connection_clock *clock)
{
	__u32 i, way = 0, most = 0;

#pragma GCC unroll 4
	for (i = 0; i < CONNECTION_WAYS; i++) {
		__u32 age = set->tag[i] ? (clock->now - set->seen[i]) & 0x7fffffff : 0x80000000u;

		if (age > most) {
			most = age;
			way = i;
		}
	}
	if (most < clock->missed_ticks)
		__sync_fetch_and_add(clock->missed, 1);
	way &= CONNECTION_WAYS - 1;
	set->tag[way] = tag;
	set->seen[way] = clock->now;
	return way;
}

static __always_inline __u32 connection_way(struct connection_set *set, __u64 tag,
					    const struct connection_clock *clock)
{
	__u32 i;

#pragma GCC unroll 4
	for (i = 0; i < CONNECTION_WAYS; i++) {
		if (set->tag[i] != tag)
			continue;
		/* A line that all CPUs read is seldom written. */
		if (unlikely(clock->now - set->seen[i] > clock->missed_ticks / 64))
			set->seen[i] = clock->now;
		return i;
	}
	return connection_admit(set, tag, clock);
}

/* The payload of a TCP packet, or of all that were merged to it, in bytes. */
static __always_inline __u32 segment_payload(const struct packet *p, const struct packet_size *size)
{
	__u32 headers = size->packets * (p->headers_len - p->jumbo_len);

	if (likely(p->tcp_payload < TCP_PAYLOAD_UNTOLD))
		return (__u32)p->tcp_payload;
	return size->bytes > headers ? size->bytes - headers : 0;
}

/* What is followed of one packet: few words, for in a BPF program they are passed in registers. */
struct connection_step {
	__u64 name;
	bool is_syn;
	__u32 begin;   /* sequence number of its data */
	__u32 payload; /* bytes of them */
	__u32 full;    /* in each of the segments that were merged, but for the last */
};

static __always_inline struct connection_step connection_step(__u64 name,
							      const struct packet *p,
							      const struct packet_size *size)
{
	__u32 is_syn = p->tcp_flags >> 1 & 1u, payload = segment_payload(p, size);
	struct connection_step step = { .name = name,
					.is_syn = is_syn,
					.begin = p->tcp_seq + is_syn,
					.payload = payload,
					.full = payload };

	/* All but the last are equally long. */
	if (unlikely(size->packets > 1))
		step.full = (payload + size->max_len - size->min_len) / size->packets;
	return step;
}

/* Of a packet that begins below bytes before the end of what was seen, the segments that do. */
static __always_inline __u64 retransmitted(__u32 below, const struct connection_step *step)
{
	__u32 count = 1, bytes = step->payload;

	if (unlikely(step->full < step->payload && step->full)) {
		if (below > step->payload)
			below = step->payload;
		count = (below + step->full - 1) / step->full;
		bytes = count * step->full;
		if (bytes > step->payload)
			bytes = step->payload;
	}
	return (__u64)count << RETRANSMITTED_PACKETS_SHIFT | bytes;
}

/* Whether a packet changes anything here: it has data, or begins a connection. */
static __always_inline bool connection_wants(const struct packet *p)
{
	return p->ip_proto == IPPROTO_TCP && (p->tcp_payload > 0 || p->tcp_flags & TCP_FLAG_SYN);
}

/*
 * Follows one packet that connection_wants, in its set, and tells what of it was sent before. A SYN
 * is never that: it is where its direction begins anew. Nor is a probe of one byte that is the last
 * one sent (keep-alive: RFC 1122, 4.2.3.6).
 */
static __always_inline __u64 connection_follow(struct connection_set *set,
					       const struct connection_step *step,
					       const struct connection_clock *clock)
{
	__u32 way = connection_way(set, step->name | CONNECTION_LANE_BITS, clock);
	__u32 lane = step->name & CONNECTION_LANE_BITS;
	__u64 *word = &set->end[(way * CONNECTION_LANES + lane) &
				(CONNECTION_WAYS * CONNECTION_LANES - 1)];
	__u64 was = *(volatile __u64 *)word, whose = step->name >> 32 | 1;
	bool is_known = was >> 32 == whose && !step->is_syn;
	__s32 below = (__s32)((__u32)was - step->begin);
	__u32 end = step->begin + step->payload;

	if (likely(!is_known || (__s32)(end - (__u32)was) > 0))
		*(volatile __u64 *)word = whose << 32 | end;
	if (likely(!is_known || below <= 0 || !step->payload) ||
	    (step->payload == 1 && below == 1))
		return 0;
	return retransmitted((__u32)below, step);
}

#endif
