/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of one flow over some panes, in the panes' own terms: counts, their numbers, and
 * milliseconds since they began. Sums of neighbouring runs of panes add up to the sum of both;
 * packets 0 is the sum of nothing.
 */
#ifndef WEIR_AGGREGATE_H
#define WEIR_AGGREGATE_H

#include <stdbool.h>

#include "../../include/outcome.h"
#include "flow_sum.h"
#include "pane_ring.h"

struct aggregate {
	uint64_t bytes;
	uint64_t packets;
	uint64_t bytes_peak;   /* in the pane where their rate was highest */
	uint64_t packets_peak;
	uint32_t bytes_pane;   /* that pane */
	uint32_t packets_pane;
	uint32_t first_pane;
	uint32_t last_pane;
	uint16_t first_ms;
	uint16_t last_ms;
	uint16_t min_len;
	uint16_t max_len;
	uint64_t notes;        /* as wide as leaves no gap */
};

_Static_assert(sizeof(struct aggregate) == 64, "no bytes but those named");

/* A flow in one pane: its own packets and bytes, and what else its slot tells. */
static inline struct aggregate aggregate_of_slot(const struct flow_slot *slot, struct tally own,
					     uint32_t pane)
{
	return (struct aggregate){
		.bytes = own.bytes, .packets = own.packets,
		.bytes_peak = own.bytes, .packets_peak = own.packets,
		.bytes_pane = pane, .packets_pane = pane,
		.first_pane = pane, .last_pane = pane,
		.first_ms = slot->first_ms, .last_ms = slot->last_ms,
		.min_len = slot->min_len, .max_len = slot->max_len,
		.notes = slot->notes,
	};
}

static inline double pane_rate(const struct pane_ring *panes, uint64_t count, uint32_t pane)
{
	return (double)count / pane_times_of(panes, pane)->seconds;
}

struct peak {
	uint64_t count;
	uint32_t pane;
};

/* Whether a is the higher rate. */
static inline bool peak_exceeds(const struct pane_ring *panes, struct peak a, struct peak b)
{
	if (!panes->are_unequal)
		return a.count > b.count;
	return pane_rate(panes, a.count, a.pane) > pane_rate(panes, b.count, b.pane);
}

static inline uint64_t aggregate_first_ns(const struct pane_ring *panes,
					  const struct aggregate *sum)
{
	return pane_instant(pane_times_of(panes, sum->first_pane), sum->first_ms);
}

static inline uint64_t aggregate_last_ns(const struct pane_ring *panes, const struct aggregate *sum)
{
	return pane_instant(pane_times_of(panes, sum->last_pane), sum->last_ms);
}

struct moment {
	uint32_t pane;
	uint16_t ms;
};

static inline bool moment_is_before(const struct pane_ring *panes, struct moment a,
				    struct moment b)
{
	/* What is past the end of a pane is at its end, not after the next one's begin. */
	if (!panes->are_disordered)
		return (int64_t)(int32_t)(a.pane - b.pane) * 65536 + a.ms - b.ms < 0;
	return pane_instant(pane_times_of(panes, a.pane), a.ms) <
	       pane_instant(pane_times_of(panes, b.pane), b.ms);
}

static inline struct moment aggregate_first(const struct aggregate *sum)
{
	return (struct moment){ sum->first_pane, sum->first_ms };
}

static inline struct moment aggregate_last(const struct aggregate *sum)
{
	return (struct moment){ sum->last_pane, sum->last_ms };
}

static inline struct peak aggregate_bytes_peak(const struct aggregate *sum)
{
	return (struct peak){ sum->bytes_peak, sum->bytes_pane };
}

static inline struct peak aggregate_packets_peak(const struct aggregate *sum)
{
	return (struct peak){ sum->packets_peak, sum->packets_pane };
}

/* Adds the sum of other panes, neither being of nothing. Of equal maxima, sum's own stays. */
static inline void aggregate_merge(struct aggregate *sum, const struct aggregate *more,
			       const struct pane_ring *panes)
{
	sum->bytes += more->bytes;
	sum->packets += more->packets;
	if (peak_exceeds(panes, aggregate_bytes_peak(more), aggregate_bytes_peak(sum))) {
		sum->bytes_peak = more->bytes_peak;
		sum->bytes_pane = more->bytes_pane;
	}
	if (peak_exceeds(panes, aggregate_packets_peak(more), aggregate_packets_peak(sum))) {
		sum->packets_peak = more->packets_peak;
		sum->packets_pane = more->packets_pane;
	}
	if (moment_is_before(panes, aggregate_first(more), aggregate_first(sum))) {
		sum->first_pane = more->first_pane;
		sum->first_ms = more->first_ms;
	}
	if (moment_is_before(panes, aggregate_last(sum), aggregate_last(more))) {
		sum->last_pane = more->last_pane;
		sum->last_ms = more->last_ms;
	}
	MERGE_LEAST(sum->min_len, more->min_len);
	MERGE_MOST(sum->max_len, more->max_len);
	MERGE_BITS(sum->notes, more->notes);
}

/* The same in bytes, instants and rates. */
static inline struct flow_sum aggregate_resolve(const struct pane_ring *panes,
					   const struct aggregate *sum)
{
	return (struct flow_sum){
		.bytes = sum->bytes, .packets = sum->packets,
		.bytes_max = pane_rate(panes, sum->bytes_peak, sum->bytes_pane),
		.packets_max = pane_rate(panes, sum->packets_peak, sum->packets_pane),
		.first_ns = aggregate_first_ns(panes, sum),
		.last_ns = aggregate_last_ns(panes, sum),
		.min_len = sum->min_len, .max_len = sum->max_len,
		.notes = (uint16_t)sum->notes,
	};
}

#endif
