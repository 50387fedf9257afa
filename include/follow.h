/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a segment is followed in its connection (connection.h): what is sent again (RFC 9293, 3.4),
 * and how long answers take.
 *
 * Sent again is a segment with payload that begins before the end of the data of its direction; a
 * SYN is not (its direction begins anew with it), nor a probe of one byte below that end
 * (keep-alive: RFC 1122, 4.2.3.6).
 *
 * Round-trip times: one segment of a direction is timed at a time, and at most one is tried in a
 * millisecond (a tick of the kernel, if that is longer): with payload, SYN or FIN, nothing of which
 * was there before (Karn). The first segment of the other direction that acknowledges it ends that.
 * It is not told where a segment that begins before its end came meanwhile, where the answer is a
 * reset, where it echoes a timestamp later than that of the segment (RFC 7323: then it answers
 * another one), or where it came before the segment (a capture whose time goes backwards). Of a
 * merged packet its first segment is timed. The next segment of the direction that was timed takes
 * the time into its flow: so no CPU writes another one's slot.
 *
 * The usual segment tells nothing, and is passed by a look at one line of its connection: that has
 * the end of the data, and what is going on (the states of the lanes), as the words that all is
 * decided by had it.
 *
 * Of two CPUs with segments of one direction at once the later wins, at worst with the lower end:
 * what is sent again of the rest is then not known; or with the older state: a time may be untold,
 * until the next segment that may be timed sets that right. A segment that is new is never taken
 * for one sent again by that, and each time is told once.
 */
#ifndef WEIR_FOLLOW_H
#define WEIR_FOLLOW_H

#include "connection.h"

static __always_inline bool timed_is(__u64 timed, __u64 state, __u64 mine)
{
	return timed & state && !((timed ^ mine) & TIMED_WHOSE);
}

/*
 * What the usual segment knows of a lane. Two CPUs may do this at once: the next one sets it right.
 */
static __always_inline void lane_note(struct connection *c, __u32 lane, __u64 timed, __u64 mine)
{
	__u8 state = c->state[lane] & (LANE_OVER | LANE_FIN);

	if (timed_is(timed, TIMED_RUNNING, mine))
		state |= LANE_RUNNING;
	if (timed_is(timed, TIMED_ANSWERED, mine))
		state |= LANE_ANSWERED;
	if (state != c->state[lane])
		c->state[lane] = state;
}

/*
 * What is rare is out of line, for the usual path to need few registers, and little stack.
 *
 * A time that was answered goes into the slot, once.
 */
static __noinline int timed_take(struct connection *c, __u32 lane, struct flow_extra *extra,
				 __u64 mine)
{
	__u64 *word = &c->timing[lane_index(lane)].timed, timed = word_read(word);
	__u32 rtt = (__u32)timed;

	if (timed_is(timed, TIMED_ANSWERED, mine) && __sync_bool_compare_and_swap(word, timed, 0)) {
		MERGE_LEAST_SET(extra->rtt_min_ns, rtt);
		MERGE_MOST(extra->rtt_max_ns, rtt);
		extra->rtt_average_ns += slot_rtt_ns(rtt);
		extra->rtt_samples += 1;
		if (timed & TIMED_SYN)
			MERGE_LEAST_SET(extra->handshake_rtt_ns, rtt);
	}
	lane_note(c, lane_index(lane), word_read(word), mine);
	return 0;
}

/* An acknowledgment, by the other side, of what is timed. */
static __noinline int timed_answer(struct connection *c, __u32 lane, const struct segment *s,
				   __u64 mine)
{
	struct connection_timing *timing = &c->timing[lane_index(lane)];
	__u64 timed = word_read(&timing->timed), answered = 0, ns;

	if (timed_is(timed, TIMED_RUNNING, mine) && (__s32)(s->ack - timing->covers) >= 0) {
		ns = (segment_clock(s) - timed) & TIMED_NS;
		if (!(ns & TIMED_NS_NEGATIVE) && (!timing->stamp || !s->echoed ||
						  (__s32)(s->echoed - timing->stamp) <= 0))
			answered = (timed & (TIMED_WHOSE | TIMED_SYN)) | TIMED_ANSWERED |
				   slot_rtt_of_ns(ns);
		__sync_bool_compare_and_swap(&timing->timed, timed, answered);
	}
	lane_note(c, lane_index(lane), word_read(&timing->timed), mine);
	return 0;
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

/*
 * What becomes of what is timed of a lane when a segment is sent: nothing of it is told where that
 * begins before its end; what is_new is timed from now on, if nothing else is. A FIN is not new
 * twice: it is no data, so that the end of those does not tell.
 */
static __noinline int timed_try(struct connection *c, __u32 lane, const struct segment *s,
				__u64 mine, bool is_new)
{
	struct connection_timing *timing = &c->timing[lane_index(lane)];
	bool is_syn = s->flags & TCP_FLAG_SYN;
	__u64 timed = word_read(&timing->timed);

	if (is_syn || ((__s32)(timing->covers - s->seq) > 0 &&
		       timed_is(timed, TIMED_RUNNING, mine)))
		timed = 0;
	if (is_new && !(s->flags & c->state[lane_index(lane)] & LANE_FIN)) {
		c->tried[lane_index(lane)] = s->tick;
		if (!timed_is(timed, TIMED_RUNNING, mine)) {
			timing->covers = segment_covered(s);
			timing->stamp = s->sent;
			timed = mine | TIMED_RUNNING | (segment_clock(s) & TIMED_NS);
			if (is_syn)
				timed |= TIMED_SYN;
		}
	}
	if (timed != word_read(&timing->timed))
		word_write(&timing->timed, timed);
	lane_note(c, lane_index(lane), timed, mine);
	return 0;
}

/*
 * A SYN with so much data behind it or less was there: what began anew has another number, by
 * chance (RFC 6528). It may have had data then, and has none now (RFC 7413, 4.1.3).
 */
#define SYN_AGAIN_MAX 0x10000u

/* The first of its direction that is seen, or a SYN: true if it may be timed. */
static __noinline bool connection_begin(struct connection *c, __u32 lane, const struct segment *s,
					__u64 whose)
{
	struct connection_timing *timing = &c->timing[lane_index(lane)];
	__u64 *end = &c->end[lane_index(lane)];
	bool is_syn = s->flags & TCP_FLAG_SYN;
	bool is_again = !((word_read(end) ^ whose) >> 32) &&
			(__u32)word_read(end) - s->seq - 1 < SYN_AGAIN_MAX;

	if (s->payload || is_syn)
		word_write(end, whose | (__u32)(s->seq + is_syn + s->payload));
	if (!is_syn)
		timing->covers = s->seq;
	return is_syn && !is_again;
}

/*
 * What takes sequence numbers: data, SYN, FIN. whose is in the upper half. covers is kept though
 * nothing is timed any more: what begins before it was there.
 */
static __always_inline void connection_send(struct connection *c, __u32 lane, __u64 whose,
					    const struct segment *s, struct flow_extra *extra)
{
	__u64 was = word_read(&c->end[lane]);
	bool is_syn = s->flags & TCP_FLAG_SYN, is_new;

	if (likely(!((was ^ whose) >> 32) && !is_syn)) {
		__s32 below = (__s32)((__u32)was - s->seq);

		is_new = below <= 0 && (__s32)(c->timing[lane].covers - s->seq) <= 0;
		if (s->payload && (__s32)(s->payload + (__u32)-below) > 0)
			word_write(&c->end[lane], whose | (__u32)(s->seq + s->payload));
		if (unlikely(below > 0) && s->payload && !(s->payload == 1 && below == 1))
			segment_add_again(extra, s, (__u32)below);
		if (likely(is_new && c->tried[lane] == s->tick))
			return;
	} else {
		is_new = connection_begin(c, lane, s, whose);
	}
	timed_try(c, lane, s, whose << (TIMED_WHOSE_SHIFT - 32) & TIMED_WHOSE, is_new);
}

/* Who has sent a FIN sends no more; after a RST nobody does. A SYN begins anew. */
static __noinline int connection_mark(struct connection *c, __u32 lane, __u8 flags)
{
	__u8 *mine = &c->state[lane_index(lane)];
	__u8 *sender = &c->state[lane_index(lane_of(lane >> 1, false))];

	if (flags & TCP_FLAG_SYN)
		*mine &= (__u8)~LANE_FIN;
	*mine |= flags & LANE_FIN;
	if (flags & TCP_FLAG_RST)
		c->state[lane_index(lane_of(!(lane >> 1), false))] |= LANE_OVER;
	if (flags & (TCP_FLAG_RST | TCP_FLAG_FIN))
		*sender |= LANE_OVER;
	else
		*sender &= (__u8)~LANE_OVER;
	return 0;
}

/* The connection that a slot remembers the place of; NULL: it is not there. */
static __always_inline struct connection *connection_known(const struct connection_table *table,
							   __u64 place)
{
	struct connection *c = place ? connection_at(table, (__u32)place >> 1) : NULL;

	return c && word_read(&c->tag) >> 32 == place >> 32 ? c : NULL;
}

/* A line that all CPUs read is seldom written. */
static __always_inline bool connection_is_stale(const struct connection_table *table,
						const struct connection *c, __u32 tick)
{
	return tick - c->seen > table->missed_ticks / 64;
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
	__u32 sender = (__u32)place & 1, lane = lane_index(lane_of(sender, s->is_out & 1));

	if (unlikely(!c))
		return false;
	mine = place >> 32 << TIMED_WHOSE_SHIFT & TIMED_WHOSE;
	if (unlikely(connection_is_stale(table, c, s->tick)))
		c->seen = s->tick;
	if (unlikely(c->state[lane] & LANE_ANSWERED))
		timed_take(c, lane, &record->extra, mine);
	if ((s->flags & (TCP_FLAG_ACK | TCP_FLAG_RST)) == TCP_FLAG_ACK) {
		if (c->state[lane_index(lane_of(!sender, false))] & LANE_RUNNING)
			timed_answer(c, lane_of(!sender, false), s, mine);
		if (c->state[lane_index(lane_of(!sender, true))] & LANE_RUNNING)
			timed_answer(c, lane_of(!sender, true), s, mine);
	}
	if (s->payload || s->flags & (TCP_FLAG_SYN | TCP_FLAG_FIN))
		connection_send(c, lane, place >> 32 << 32, s, &record->extra);
	if (unlikely(s->flags & (TCP_FLAG_SYN | TCP_FLAG_FIN | TCP_FLAG_RST)))
		connection_mark(c, lane, s->flags);
	return true;
}

/* The states by which a segment of a sender at a hook is not the usual one. */
static __always_inline __u32 states_to_follow(__u32 sender, bool is_out)
{
	return lane_states(lane_of(sender, false), LANE_OVER) |
	       lane_states(lane_of(sender, is_out), LANE_ANSWERED) |
	       lane_states(lane_of(!sender, false), LANE_RUNNING) |
	       lane_states(lane_of(!sender, true), LANE_RUNNING);
}

/*
 * The usual segment has the data that follows what was there last, or none, and nothing is to be
 * told or timed: what connection_follow does with it is done by a look at one line. False where it
 * may be another one, of which nothing is done. Not for SYN, FIN, RST.
 */
static __always_inline bool connection_pass(const struct connection_table *table, __u64 place,
					    bool is_out, __u32 seq, __u32 payload, __u32 tick)
{
	struct connection *c = place ? connection_at(table, (__u32)place >> 1) : NULL;
	__u64 whose = place >> 32 << 32, end;
	__u32 sender = (__u32)place & 1, lane = lane_index(lane_of(sender, is_out));

	if (unlikely(!c || c->states & (sender ? states_to_follow(1, is_out) :
						 states_to_follow(0, is_out))))
		return false;
	if (!payload)
		return !((word_read(&c->tag) ^ whose) >> 32) && !connection_is_stale(table, c, tick);
	end = word_read(&c->end[lane]);
	if (unlikely((end ^ whose) >> 32 || (__s32)(seq - (__u32)end) < 0 ||
		     c->tried[lane] != tick))
		return false;
	word_write(&c->end[lane], whose | (__u32)(seq + payload));
	return true;
}

#endif
