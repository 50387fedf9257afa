/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The measures: what is told of a flow besides its key. This is the one list of them; structs,
 * merging in every place, packing, documents, sort words and completion come from it.
 *
 * The first line of a record (struct flow_slot) is full. A new measure is an extra one, of the
 * second line:
 *   1. a line in EXTRA_MEASURES, here (and its set in EXTRA_SETS, if it is the first of one);
 *   2. where its value is had of a packet: parse.h, account.h;
 *   3. the option that asks for its set, where that is new (user/cli/options_table.c);
 *   4. a word in the manual.
 * The test is the one that counts it (tests/unit/test_account.c); the random tests of the engine
 * and those of packing and documents walk the list.
 */
#ifndef WEIR_MEASURES_H
#define WEIR_MEASURES_H

#include <linux/types.h>

/* How two values of a measure become that of both. */
#define MERGE_SUM(to, more)   ((to) += (more))
#define MERGE_LEAST(to, more) ((to) = (more) < (to) ? (more) : (to))
#define MERGE_MOST(to, more)  ((to) = (more) > (to) ? (more) : (to))
#define MERGE_BITS(to, more)  ((to) |= (more))
/* The least of those that are not 0: 0 is of nothing. */
#define MERGE_LEAST_SET(to, more) ((to) = (more) && (!(to) || (more) < (to)) ? (more) : (to))

/* TCP flags and marks (flow.h) at once: they come together by OR. */
#define FLOW_NOTES                      \
	union {                         \
		struct {                \
			__u8 tcp_flags; \
			__u8 marks;     \
		};                      \
		__u16 notes;            \
	}

/*
 * The first line, by what is told of a measure in a slot, in a row at rest, in a result:
 * counts, added up: NAME; with the pane where their rate was highest (NAME_peak, NAME_pane); with
 * that rate, of a second (NAME_max). X(name).
 */
#define FLOW_COUNTS(X) \
	X(bytes)       \
	X(packets)

/* Instants: NAME_ms since the pane began; that and NAME_pane; NAME_ns. X(name, merge). */
#define FLOW_INSTANTS(X) \
	X(first, LEAST)  \
	X(last,  MOST)

/* Lengths of single packets, the same everywhere. X(name, merge). */
#define FLOW_LENGTHS(X)   \
	X(min_len, LEAST) \
	X(max_len, MOST)

/* Bits, the same everywhere. X(name, merge). */
#define FLOW_BITS(X) X(notes, BITS)

/* Sets of extra measures, each asked for as one: X(id, object in a flow's JSON). */
#define EXTRA_SETS(X) \
	X(EXTRA_TCP, "tcp")

#define EXTRA_SET_AS_ENUM(id, object) id,
enum extra_set {
	EXTRA_SETS(EXTRA_SET_AS_ENUM)
	EXTRA_SET_COUNT,
	EXTRA_IP = EXTRA_SET_COUNT, /* of EXTRA_UNTOLD, which documents do not have */
};

/* Of a mask of sets, those that documents and the view tell. */
#define EXTRA_SETS_TOLD ((1u << EXTRA_SET_COUNT) - 1)

/*
 * What a measure is: a COUNT; a TIME, in nanoseconds, where there was one; or the MEAN of the
 * samples of round-trip times, of which their sum is kept.
 *
 * The second line, which exists only for who asks for a set: X(name, what it is, merge, set, what
 * precedes the value in the set's object, what follows it). The name is the word of --sort and a
 * column. All are 0 where there was nothing.
 */
#define EXTRA_MEASURES(X)                                                                      \
	X(retransmitted_packets, COUNT, SUM, EXTRA_TCP, "\"retransmitted\": {\"packets\": ", "") \
	X(retransmitted_bytes, COUNT, SUM, EXTRA_TCP, "\"bytes\": ", "}")                      \
	X(rtt_min_ns, TIME, LEAST_SET, EXTRA_TCP, "\"rtt\": {\"min_ns\": ", "")                \
	X(rtt_average_ns, MEAN, SUM, EXTRA_TCP, "\"average_ns\": ", "")                        \
	X(rtt_max_ns, TIME, MOST, EXTRA_TCP, "\"max_ns\": ", "")                               \
	X(rtt_samples, COUNT, SUM, EXTRA_TCP, "\"samples\": ", "}")                            \
	X(handshake_rtt_ns, TIME, LEAST_SET, EXTRA_TCP, "\"handshake_rtt_ns\": ", "")          \
	X(zero_windows, COUNT, SUM, EXTRA_TCP, "\"zero_windows\": ", "")                       \
	X(resets, COUNT, SUM, EXTRA_TCP, "\"resets\": ", "")

/*
 * Those that single outputs ask for (IPFIX): they are counted and summed, and no document, column
 * or sort word has them. ip_bytes are of IP packets, from their outermost IP header on, 0 of what
 * is not IP: without the link's header, tags and padding.
 */
#define EXTRA_UNTOLD(X) X(ip_bytes, COUNT, SUM, EXTRA_IP, "", "")

/* What is merged, packed and passed on. */
#define EXTRA_SUMMED(X) EXTRA_MEASURES(X) EXTRA_UNTOLD(X)

#define EXTRA_AS_ENUM(name, kind, merge, set, before, after) EXTRA_##name,
enum extra_measure { EXTRA_MEASURES(EXTRA_AS_ENUM) EXTRA_COUNT };
enum extra_summed { EXTRA_SUMMED_FIRST = EXTRA_COUNT - 1, EXTRA_UNTOLD(EXTRA_AS_ENUM)
		    EXTRA_SUMMED_COUNT };

/*
 * As the kernel counts them: beside a slot, whose record then has 128 bytes. This is where the
 * places in the second line are given out.
 */
struct flow_extra {
	union {
		struct {
			__u16 retransmitted_packets;
			__u16 rtt_samples;
			__u16 zero_windows;
			__u16 resets;
		};
		__u64 small_counts; /* all of them */
	};
	__u32 retransmitted_bytes; /* of 2^15 packets at most */
	__u32 rtt_min_ns;          /* these three as slot_rtt_of_ns has them */
	__u32 rtt_max_ns;
	__u32 handshake_rtt_ns;
	__u64 rtt_average_ns;      /* the sum of the samples */
	__u64 ip_bytes;
	__u64 cookie; /* of the socket that sent the slot's first packet; 0: none, or not asked for */
	union {
		__u64 owner;      /* in the agent: the sixth word of a key that has nothing but it */
		__u64 connection; /* in the kernel: where it is followed (follow.h); 0: nowhere */
	};
	__u64 tunnel; /* of the key (tunnel.h); 0: none, or not asked for */
} __attribute__((aligned(64)));

/* Where one of small_counts has its highest bit the slot is spilled before it is added to. */
#define EXTRA_SMALL_COUNTS_HIGH 0x8000800080008000ull
#define EXTRA_SMALL_STEP_MAX    0x7fffu

/*
 * Round-trip times in a slot: nanoseconds, from 2^31 on in steps of 64 behind that bit, which reach
 * 137 seconds. They compare as what they stand for; 0 stands for none.
 */
#define SLOT_RTT_LONG       0x80000000u
#define SLOT_RTT_LONG_SHIFT 6

static inline __u32 slot_rtt_of_ns(__u64 ns)
{
	__u64 steps = ns >> SLOT_RTT_LONG_SHIFT;

	if (ns < SLOT_RTT_LONG)
		return ns ? (__u32)ns : 1;
	return steps < SLOT_RTT_LONG ? (__u32)(SLOT_RTT_LONG | steps) : 0xffffffffu;
}

static inline __u64 slot_rtt_ns(__u32 rtt)
{
	__u64 steps = rtt & (SLOT_RTT_LONG - 1);

	return rtt & SLOT_RTT_LONG ? steps << SLOT_RTT_LONG_SHIFT : rtt;
}

/* flow_extra.cookie: packets of several sockets may be in the slot. */
#define COOKIE_MIXED (~0ull)

_Static_assert(sizeof(struct flow_extra) == 64, "the second line of a record");

#endif
