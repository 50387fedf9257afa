/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP connections that are remembered from one segment to the next (follow.h). One table for
 * all CPUs, beside the banks and never swapped with them, in sets of a few connections. It is
 * lossy: where a set is full the connection longest not heard of makes room. A slot remembers where
 * its connection is.
 *
 * CPUs share it without locks. Words are written whole, and tell whose they are, so that one which
 * belongs to the connection that was there before is not taken for another's.
 */
#ifndef WEIR_CONNECTION_H
#define WEIR_CONNECTION_H

#include "account.h"
#include "hash.h"
#include "segment.h"

#define CONNECTION_WAYS        4u
#define CONNECTION_SETS_MIN 1024u

/* One that was heard of within so long is missed where it makes room, if it was not over. */
#define CONNECTION_MISSED_MS 60000u

/* By the sender, and by the hook: lo shows each packet at both. */
#define CONNECTION_LANES 4u

/* What is timed of the segments of a lane. */
struct connection_timing {
	__u64 timed;  /* what became of it: below */
	__u32 covers; /* the acknowledgment number that answers it */
	__u32 stamp;  /* its timestamp; 0: it had none */
};

/* Two cache lines, the first of which has all that the usual segment needs. */
struct connection {
	__u64 tag;  /* 0: free */
	__u32 seen; /* when it was heard of last, or a little before */
	union {
		__u8 state[CONNECTION_LANES]; /* LANE_, as the words timed had it a moment ago */
		__u32 states;
	};
	__u64 end[CONNECTION_LANES]; /* whose, and the sequence number behind the data */
	__u32 tried[CONNECTION_LANES]; /* when a segment might have been timed last, or was */
	struct connection_timing timing[CONNECTION_LANES];
};

_Static_assert(sizeof(struct connection) == 128 &&
	       offsetof(struct connection, timing) == 64, "a connection is two cache lines");

/*
 * Of a lane: a segment is timed; the time of one is to be taken; a FIN was there. Of a side: it
 * sends no more.
 */
#define LANE_FIN      0x01u /* TCP_FLAG_FIN */
#define LANE_RUNNING  0x02u
#define LANE_ANSWERED 0x04u
#define LANE_OVER     0x08u

_Static_assert(LANE_FIN == TCP_FLAG_FIN, "the bit of the header");

static __always_inline __u32 lane_of(__u32 sender, bool is_out)
{
	return (sender & 1) << 1 | is_out;
}

/* A lane as an index, which kernels like 6.1 do not see by themselves: they forget what OR leaves. */
static __always_inline __u32 lane_index(__u32 lane)
{
	return opaque(lane) & (CONNECTION_LANES - 1);
}

/* What a lane's state is of all their states. */
static __always_inline __u32 lane_states(__u32 lane, __u32 state)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		lane = CONNECTION_LANES - 1 - lane;
	return state << 8 * lane;
}

/*
 * The word timed: nothing; RUNNING since a time, in nanoseconds; or ANSWERED after what
 * slot_rtt_of_ns has. Between them is whose it is.
 */
#define TIMED_RUNNING     (1ull << 63)
#define TIMED_ANSWERED    (1ull << 62)
#define TIMED_SYN         (1ull << 61)
#define TIMED_WHOSE_SHIFT 48
#define TIMED_WHOSE       (0x1fffull << TIMED_WHOSE_SHIFT)
#define TIMED_NS          ((1ull << TIMED_WHOSE_SHIFT) - 1)
#define TIMED_NS_NEGATIVE (1ull << (TIMED_WHOSE_SHIFT - 1)) /* of a difference */

/* Where connections are: of the kernel a map. */
struct connection_table {
	void *connections;
	__u32 sets;         /* a power of two */
	__u32 missed_ticks; /* CONNECTION_MISSED_MS in the ticks of segments */
	__u64 *missed;      /* connections that made room though they were heard of */
	const struct hash_seed *seed;
};

/* Sets, for as many connections as a CPU has slots. */
static inline __u32 connection_sets(__u32 slots)
{
	__u32 sets = slots / CONNECTION_WAYS;

	return sets < CONNECTION_SETS_MIN ? CONNECTION_SETS_MIN : sets;
}

static __always_inline struct connection *connection_at(const struct connection_table *table,
							__u32 index)
{
#ifdef __bpf__
	return bpf_map_lookup_elem(table->connections, &index);
#else
	return (struct connection *)table->connections + index;
#endif
}

static __always_inline __u64 segment_clock(const struct segment *s)
{
#ifdef __bpf__
	(void)s;
	return bpf_ktime_get_ns();
#else
	return s->time_ns;
#endif
}

/* Words that other CPUs write. */
static __always_inline __u64 word_read(const __u64 *word)
{
	return *(const volatile __u64 *)word;
}

static __always_inline void word_write(__u64 *word, __u64 value)
{
	*(volatile __u64 *)word = value;
}

static __always_inline __u64 endpoint_hash(__u64 first, __u64 second, __u32 port,
					   const struct hash_seed *seed)
{
	const __u64 *s = seed->word;
	__u64 hash = hash_pair(second >> 32, port, s) + hash_pair(first, first >> 32, s + 2) +
		     (__u32)second * s[4];

	hash ^= hash >> 32;
	return hash * 0x9e3779b97f4a7c15ull;
}

/*
 * The name of the connection of a key: the same for both directions but for its lowest bit, which
 * tells the sender. Sums of what was mixed before: nobody can aim at one.
 */
static __always_inline __u64 connection_name(const __u64 *words, __u16 inner_vlan, __u64 tunnel,
					     const struct hash_seed *seed)
{
	__u64 fifth = words[4];
	__u32 ports = be32_to_host(flow_word_ports(fifth));
	__u64 src = endpoint_hash(words[0], words[1], ports >> 16, seed);
	__u64 dst = endpoint_hash(words[2], words[3], ports & 0xffff, seed);
	__u32 vlans = (__u32)(flow_word_vlan(fifth) & ~FLOW_DIRECTION_TOLD) << 16 | inner_vlan;
	__u64 name = src + dst + hash_pair(vlans, flow_word_flags(fifth) & FLOW_LINK_FLAGS,
					   seed->word + 7);

	if (tunnel)
		name += hash_pair(tunnel, tunnel >> 32, seed->word + 11);
	name ^= name >> 32;
	name *= 0x9e3779b97f4a7c15ull;
	return (name & ~1ull) | (src > dst);
}

static __always_inline bool connection_is_over(const struct connection *c)
{
	const __u32 both = lane_states(lane_of(0, false), LANE_OVER) |
			   lane_states(lane_of(1, false), LANE_OVER);

	return (c->states & both) == both;
}

/* Free, over, or nobody longer unheard of: its place is the new connection's. */
static __always_inline __u32 connection_admit(const struct connection_table *table, __u32 first,
					      __u64 tag, __u32 tick)
{
	__u32 index = first, most = 0, i;
	struct connection *c;

	for (i = 0; i < CONNECTION_WAYS; i++) {
		__u32 age;

		c = connection_at(table, first + i);
		if (!c)
			return first;
		age = (tick - c->seen) & 0x7fffffff;
		if (connection_is_over(c))
			age |= 0x40000000;
		if (!c->tag)
			age = 0x80000000u;
		if (age >= most) {
			most = age;
			index = first + i;
		}
	}
	c = connection_at(table, index);
	if (!c)
		return first;
	if (most < table->missed_ticks)
		__sync_fetch_and_add(table->missed, 1);
	__builtin_memset(c, 0, sizeof(*c));
	word_write(&c->tag, tag);
	c->seen = tick;
	return index;
}

static __always_inline __u32 connection_find(const struct connection_table *table, __u64 tag,
					     __u32 tick)
{
	__u32 first = ((__u32)(tag >> 1) & (table->sets - 1)) * CONNECTION_WAYS, i;

	for (i = 0; i < CONNECTION_WAYS; i++) {
		struct connection *c = connection_at(table, first + i);

		if (c && word_read(&c->tag) == tag)
			return first + i;
	}
	return connection_admit(table, first, tag, tick);
}

/*
 * Looks for the connection of a segment, and has the slot remember its place: in the upper half a
 * part of its tag, in the lower one its index, and in the lowest bit which side sends. Never 0.
 */
static __always_inline void connection_place(const struct connection_table *table,
					     struct flow_record *record,
					     const struct segment *s)
{
	__u64 name = s->name, tag;

	if (!name)
		name = connection_name(record->slot.words, record->slot.inner_vlan,
				       record->extra.tunnel, table->seed);
	tag = name | 1 | 1ull << 32;
	record->extra.connection = (tag >> 32) << 32 |
				   (__u64)connection_find(table, tag, s->tick) << 1 | (name & 1);
}

#endif
