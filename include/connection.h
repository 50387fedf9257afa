/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is remembered of TCP connections from one segment to the next, by which it is told what is
 * sent again (RFC 9293, 3.4) and how long answers take. One table for all CPUs, beside the banks and
 * never swapped with them, in sets of a few connections. It is lossy: where a set is full the
 * connection longest not heard of makes room. A slot remembers where its connection is.
 *
 * Sent again is a segment with payload that begins before the end of the data of its direction; a
 * SYN is not (its direction begins anew with it), nor a probe of one byte below that end (keep-alive:
 * RFC 1122, 4.2.3.6).
 *
 * Round-trip times: one segment of a direction is timed at a time, at most one begun in a
 * millisecond (a tick of the kernel, if that is longer): with payload, SYN or FIN, nothing of which was there before (Karn). The
 * first segment of the other direction that acknowledges it ends that. It is not told where a
 * segment that begins before its end came meanwhile, where the answer is a reset, or where it
 * echoes a timestamp later than that of the segment (RFC 7323): then it answers another one. Of a
 * merged packet its first segment is timed. The next segment of the direction that was timed takes
 * the time into its flow: so no CPU writes another one's slot.
 *
 * CPUs share it without locks. Words are written whole, and tell whose they are, so that one which
 * belongs to the connection that was there before is not taken for another's. Of two CPUs with
 * segments of one direction at once the later wins, at worst with the lower end: what is sent again
 * of the rest is then not known. A segment that is new is never taken for one sent again by that,
 * and each time is told once.
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
struct connection_lane {
	__u64 end;    /* whose, and the sequence number behind the data */
	__u64 timed;  /* what became of the segment that is timed: below */
	__u32 covers; /* the acknowledgment number that answers it */
	__u32 stamp;  /* its timestamp; 0: it had none */
};

/* A cache line each. */
struct connection_side {
	union {
		__u64 tag; /* of the first side: 0: free */
		struct {   /* of the second: */
			__u32 seen; /* when it was heard of last, or a little before */
			__u32 over; /* a bit for each side that sent a FIN; all by a RST */
		};
	};
	__u32 began[2]; /* when the lane's last segment that was timed was there */
	struct connection_lane lane[2];
};

struct connection {
	struct connection_side side[2];
};

_Static_assert(sizeof(struct connection_side) == 64, "sides are cache lines");

/*
 * A lane's word timed: nothing; RUNNING since a time, in nanoseconds; or ANSWERED after what
 * slot_rtt_of_ns has. Between them is whose it is.
 */
#define TIMED_RUNNING     (1ull << 63)
#define TIMED_ANSWERED    (1ull << 62)
#define TIMED_SYN         (1ull << 61)
#define TIMED_WHOSE_SHIFT 48
#define TIMED_WHOSE       (0x1fffull << TIMED_WHOSE_SHIFT)
#define TIMED_NS          ((1ull << TIMED_WHOSE_SHIFT) - 1)

#define CONNECTION_OVER   3u

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
		age = (tick - c->side[1].seen) & 0x7fffffff;
		if (c->side[1].over == CONNECTION_OVER)
			age |= 0x40000000;
		if (!c->side[0].tag)
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
	word_write(&c->side[0].tag, tag);
	c->side[1].seen = tick;
	return index;
}

static __always_inline __u32 connection_find(const struct connection_table *table, __u64 tag,
					     __u32 tick)
{
	__u32 first = ((__u32)(tag >> 1) & (table->sets - 1)) * CONNECTION_WAYS, i;

	for (i = 0; i < CONNECTION_WAYS; i++) {
		struct connection *c = connection_at(table, first + i);

		if (c && word_read(&c->side[0].tag) == tag)
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

/*
 * What is rare is out of line, for the usual path to need few registers, and little stack.
 *
 * A time that was answered goes into the slot, once.
 */
static __noinline int timed_take(struct connection_lane *lane, struct flow_extra *extra)
{
	__u64 timed = word_read(&lane->timed);
	__u32 rtt = (__u32)timed;

	if (!(timed & TIMED_ANSWERED) || !__sync_bool_compare_and_swap(&lane->timed, timed, 0))
		return 0;
	MERGE_LEAST_SET(extra->rtt_min_ns, rtt);
	MERGE_MOST(extra->rtt_max_ns, rtt);
	extra->rtt_average_ns += slot_rtt_ns(rtt);
	extra->rtt_samples += 1;
	if (timed & TIMED_SYN)
		MERGE_LEAST_SET(extra->handshake_rtt_ns, rtt);
	return 0;
}

/* An acknowledgment, by the other side, of what is timed. */
static __noinline int timed_answer(struct connection_lane *lane, const struct segment *s)
{
	__u64 timed = word_read(&lane->timed), answered = 0;

	if (!(timed & TIMED_RUNNING))
		return 0;
	if (!lane->stamp || !s->echoed || (__s32)(s->echoed - lane->stamp) <= 0)
		answered = (timed & (TIMED_WHOSE | TIMED_SYN)) | TIMED_ANSWERED |
			   slot_rtt_of_ns((segment_clock(s) - timed) & TIMED_NS);
	return __sync_bool_compare_and_swap(&lane->timed, timed, answered);
}

/* Of a packet that begins below bytes before the end of the data, the segments that do. */
static __noinline int segment_add_again(struct flow_extra *extra, const struct segment *s,
					__u32 below)
{
	__u32 count = 1, bytes = s->payload;

	if (s->full < s->payload && s->full) {
		if (below > s->payload)
			below = s->payload;
		count = (below + s->full - 1) / s->full;
		bytes = count * s->full;
		if (bytes > s->payload)
			bytes = s->payload;
	}
	extra->retransmitted_packets += saturate16(count);
	extra->retransmitted_bytes += bytes;
	return 0;
}

/* The acknowledgment number that answers the first of the segments. */
static __always_inline __u32 segment_covered(const struct segment *s)
{
	bool has_fin = s->flags & TCP_FLAG_FIN && s->full >= s->payload;

	return s->seq + (s->flags >> 1 & 1u) + (s->full < s->payload ? s->full : s->payload) +
	       has_fin;
}

/* Times the segment from now on. */
static __noinline int timed_begin(struct connection_side *side, const struct segment *s,
				  __u64 mine)
{
	struct connection_lane *lane = &side->lane[s->is_out & 1];
	__u64 is_syn = s->flags & TCP_FLAG_SYN ? TIMED_SYN : 0;

	side->began[s->is_out & 1] = s->tick;
	lane->covers = segment_covered(s);
	lane->stamp = s->sent;
	word_write(&lane->timed, mine | TIMED_RUNNING | is_syn | (segment_clock(s) & TIMED_NS));
	return 0;
}

static __always_inline bool timed_is(__u64 timed, __u64 state, __u64 mine)
{
	return timed & state && !((timed ^ mine) & TIMED_WHOSE);
}

/* The first of its direction that is seen, or a SYN: true if it may be timed. */
static __noinline bool connection_begin(struct connection_lane *lane, const struct segment *s,
					__u64 whose)
{
	bool is_syn = s->flags & TCP_FLAG_SYN;
	bool is_again = !((word_read(&lane->end) ^ whose) >> 32) &&
			lane->covers == segment_covered(s);

	if (s->payload || is_syn)
		word_write(&lane->end, whose | (__u32)(s->seq + is_syn + s->payload));
	if (!is_syn)
		lane->covers = s->seq;
	return is_syn && !is_again;
}

/*
 * What takes sequence numbers: data, SYN, FIN. whose is in the upper half. covers is kept though
 * nothing is timed any more: what begins before it was there.
 */
static __always_inline void connection_send(struct connection_side *side, __u64 whose,
					    const struct segment *s, struct flow_extra *extra)
{
	struct connection_lane *lane = &side->lane[s->is_out & 1];
	__u64 was = word_read(&lane->end), mine = whose << (TIMED_WHOSE_SHIFT - 32) & TIMED_WHOSE;
	bool is_syn = s->flags & TCP_FLAG_SYN, is_new;

	if (likely(!((was ^ whose) >> 32) && !is_syn)) {
		__s32 below = (__s32)((__u32)was - s->seq);

		is_new = below <= 0 && (__s32)(lane->covers - s->seq) <= 0;
		if (s->payload && (__s32)(s->payload + (__u32)-below) > 0)
			word_write(&lane->end, whose | (__u32)(s->seq + s->payload));
		if (unlikely(below > 0) && s->payload && !(s->payload == 1 && below == 1))
			segment_add_again(extra, s, (__u32)below);
		if (likely(is_new && side->began[s->is_out & 1] == s->tick))
			return;
		if (unlikely((__s32)(lane->covers - s->seq) > 0 &&
			     timed_is(word_read(&lane->timed), TIMED_RUNNING, mine)))
			word_write(&lane->timed, 0);
	} else {
		is_new = connection_begin(lane, s, whose);
		if (is_syn)
			word_write(&lane->timed, 0);
	}
	if (is_new && !timed_is(word_read(&lane->timed), TIMED_RUNNING, mine))
		timed_begin(side, s, mine);
}

/* Who has sent a FIN sends no more; after a RST nobody does. */
static __always_inline void connection_mark(struct connection *c, __u32 sender, __u8 flags)
{
	__u32 over = c->side[1].over, is = over | 1u << sender;

	if (flags & TCP_FLAG_RST)
		is = CONNECTION_OVER;
	else if (flags & TCP_FLAG_SYN)
		is = over & ~(1u << sender);
	if (is != over)
		c->side[1].over = is;
}

static __always_inline void connection_answer(struct connection_lane *lane,
					      const struct segment *s, __u64 mine)
{
	if (timed_is(word_read(&lane->timed), TIMED_RUNNING, mine) &&
	    (s->flags & (TCP_FLAG_ACK | TCP_FLAG_RST)) == TCP_FLAG_ACK &&
	    (__s32)(s->ack - lane->covers) >= 0)
		timed_answer(lane, s);
}

/* The connection that a slot remembers the place of; NULL: it is not there. */
static __always_inline struct connection *connection_known(const struct connection_table *table,
							   __u64 place)
{
	struct connection *c = place ? connection_at(table, (__u32)place >> 1) : NULL;

	return c && word_read(&c->side[0].tag) >> 32 == place >> 32 ? c : NULL;
}

/*
 * Follows a segment in its connection, and adds what that tells to its flow's slot. False where the
 * place of the connection is not known: connection_place has it looked for. It does in any case for
 * a segment that has a name.
 */
static __always_inline bool connection_follow(const struct connection_table *table,
					      struct flow_record *record,
					      const struct segment *s)
{
	__u64 place = record->extra.connection, mine;
	struct connection *c = connection_known(table, place);
	struct connection_side *side, *other;

	if (unlikely(!c))
		return false;
	mine = place >> 32 << TIMED_WHOSE_SHIFT & TIMED_WHOSE;
	side = &c->side[place & 1];
	other = &c->side[~place & 1];
	/* A line that all CPUs read is seldom written. */
	if (unlikely(s->tick - c->side[1].seen > table->missed_ticks / 64))
		c->side[1].seen = s->tick;
	if (unlikely(timed_is(word_read(&side->lane[s->is_out & 1].timed), TIMED_ANSWERED, mine)))
		timed_take(&side->lane[s->is_out & 1], &record->extra);
	connection_answer(&other->lane[0], s, mine);
	connection_answer(&other->lane[1], s, mine);
	if (s->payload || s->flags & (TCP_FLAG_SYN | TCP_FLAG_FIN))
		connection_send(side, place >> 32 << 32, s, &record->extra);
	if (unlikely(s->flags & (TCP_FLAG_SYN | TCP_FLAG_FIN | TCP_FLAG_RST)))
		connection_mark(c, (__u32)place & 1, s->flags);
	return true;
}

#endif
