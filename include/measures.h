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
 * The second line, which exists only for who asks for a set: X(name, type in the record, merge,
 * set, what precedes the value in the set's object, what follows it). The name is the word of
 * --sort and a column. All are 0 where there was nothing.
 */
#define EXTRA_MEASURES(X)                                                          \
	X(retransmitted_packets, __u32, SUM, EXTRA_TCP, "\"retransmitted\": {\"packets\": ", "") \
	X(retransmitted_bytes, __u64, SUM, EXTRA_TCP, "\"bytes\": ", "}")                \
	X(zero_windows, __u32, SUM, EXTRA_TCP, "\"zero_windows\": ", "")           \
	X(resets,       __u32, SUM, EXTRA_TCP, "\"resets\": ",       "")

/*
 * Those that single outputs ask for (IPFIX): they are counted and summed, and no document, column
 * or sort word has them. ip_bytes are of IP packets, from their outermost IP header on, 0 of what
 * is not IP: without the link's header, tags and padding.
 */
#define EXTRA_UNTOLD(X) X(ip_bytes, __u64, SUM, EXTRA_IP, "", "")

/* What is merged, packed and passed on. */
#define EXTRA_SUMMED(X) EXTRA_MEASURES(X) EXTRA_UNTOLD(X)

#define EXTRA_AS_ENUM(name, type, merge, set, before, after) EXTRA_##name,
enum extra_measure { EXTRA_MEASURES(EXTRA_AS_ENUM) EXTRA_COUNT };
enum extra_summed { EXTRA_SUMMED_FIRST = EXTRA_COUNT - 1, EXTRA_UNTOLD(EXTRA_AS_ENUM)
		    EXTRA_SUMMED_COUNT };

/*
 * As the kernel counts them: beside a slot, whose record then has 128 bytes. This is where the
 * places in the second line are given out.
 */
#define EXTRA_AS_FIELD(name, type, merge, set, before, after) type name;
struct flow_extra {
	EXTRA_MEASURES(EXTRA_AS_FIELD)
	EXTRA_UNTOLD(EXTRA_AS_FIELD)
	__u64 cookie; /* of the socket that sent the slot's first packet; 0: none, or not asked for */
	__u64 owner;  /* 0; in the agent: the sixth word of a key that has nothing but it */
	__u64 tunnel; /* of the key (tunnel.h); 0: none, or not asked for */
} __attribute__((aligned(64)));

/* flow_extra.cookie: packets of several sockets may be in the slot. */
#define COOKIE_MIXED (~0ull)

_Static_assert(sizeof(struct flow_extra) == 64, "the second line of a record");

#endif
