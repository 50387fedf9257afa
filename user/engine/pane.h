/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pane: the shortest slice of time. What a source knows about one when it is over, besides
 * the flow records themselves.
 */
#ifndef WEIR_PANE_H
#define WEIR_PANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link_counts.h"
#include "../../include/bank.h"

static inline void tally_merge(struct tally *sum, const struct tally *more)
{
	sum->packets += more->packets;
	sum->bytes += more->bytes;
}

struct outcome_counts {
	struct tally outcome[PACKET_OUTCOME_COUNT];
	uint64_t malformed_reason[MALFORMED_REASON_COUNT];
	uint64_t size_histogram[SIZE_BUCKETS];
	uint64_t fragments_lost; /* first ones, forgotten before the pane after theirs was over */
};

/* All packets of any outcome. */
static inline struct tally outcome_counts_seen(const struct outcome_counts *counts)
{
	struct tally seen = { 0, 0 };

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		seen.packets += counts->outcome[i].packets;
		seen.bytes += counts->outcome[i].bytes;
	}
	return seen;
}

static inline void outcome_counts_add(struct outcome_counts *counts,
				      const struct outcome_counts *more)
{
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		counts->outcome[i].packets += more->outcome[i].packets;
		counts->outcome[i].bytes += more->outcome[i].bytes;
	}
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		counts->malformed_reason[i] += more->malformed_reason[i];
	for (unsigned int i = 0; i < SIZE_BUCKETS; i++)
		counts->size_histogram[i] += more->size_histogram[i];
	counts->fragments_lost += more->fragments_lost;
}

/* The same of one link and direction, without sizes. */
struct link_outcomes {
	struct tally outcome[PACKET_OUTCOME_COUNT];
	uint64_t malformed_reason[MALFORMED_REASON_COUNT];
	uint64_t dropped_packets; /* before the hooks: told of runs only, of a link at its in */
};

/* All but what was dropped. */
static inline void link_outcomes_add(struct link_outcomes *counts, const struct link_outcomes *more)
{
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		counts->outcome[i].packets += more->outcome[i].packets;
		counts->outcome[i].bytes += more->outcome[i].bytes;
	}
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		counts->malformed_reason[i] += more->malformed_reason[i];
}

/* All outcomes. */
static inline struct tally link_outcomes_seen(const struct link_outcomes *counts)
{
	struct tally seen = { 0 };

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		tally_merge(&seen, &counts->outcome[i]);
	return seen;
}

/*
 * index is the pane's place on the grid of panes, on which windows begin at multiples of their
 * length: nominal lengths since 1970, or since the start of a live run. It rises from pane to
 * pane; it skips where nothing was observed (replay) or where the agent was held up (live; the
 * pane before is then longer than nominal). begin_ns and end_ns are measured: monotonic clock in
 * a live run, packet time since 1970 in a replay.
 */
struct pane {
	uint64_t index;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t since_place_ns;      /* begin_ns, since that place began */
	int64_t clock_offset_ns;      /* added to these instants: nanoseconds since 1970 */
	bool ends_grid;               /* the clock was set: the next pane lies on another grid */
	struct outcome_counts counts; /* outcome[PACKET_FLOW]: the sum of the records */
	/*
	 * The source's until the next pane, or NULL: counts by link and direction, at the places
	 * that link_tally_index tells (of link n, in at 2n and out at 2n + 1). They sum to counts.
	 */
	const struct link_outcomes *link_outcomes;
	size_t link_outcomes_count;     /* two a link */
	uint64_t late_packets;        /* counted to this pane though they belong elsewhere */
	uint64_t connections_missed;  /* of --tcp: made room though they were heard of */
	uint64_t dropped_packets;     /* before the hook, as far as the kernel tells */
	uint64_t collect_latency_ns;  /* end of pane to merged */
	uint64_t merge_ns;            /* time spent merging its records */
	uint64_t records;             /* merged */
	/* Live, by link number; until the next pane. NULL: the source does not tell. */
	const struct pane_link *links;
	size_t link_count;
	const char *const *ahead;     /* who stood before weir */
	size_t ahead_count;
};

#endif
