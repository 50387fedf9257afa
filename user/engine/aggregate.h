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

#define AGGREGATE_COUNT(name)           uint64_t name;
#define AGGREGATE_PEAK(name)            uint64_t name##_peak; /* where its rate was highest, */
#define AGGREGATE_PEAK_PANE(name)       uint32_t name##_pane; /* in that pane */
#define AGGREGATE_PANE(name, merge)     uint32_t name##_pane;
#define AGGREGATE_MS(name, merge)       uint16_t name##_ms;
#define AGGREGATE_LENGTH(name, merge)   uint16_t name;
#define AGGREGATE_BITS(name, merge)     uint64_t name; /* as wide as leaves no gap */

struct aggregate {
	FLOW_COUNTS(AGGREGATE_COUNT)
	FLOW_COUNTS(AGGREGATE_PEAK)
	FLOW_COUNTS(AGGREGATE_PEAK_PANE)
	FLOW_INSTANTS(AGGREGATE_PANE)
	FLOW_INSTANTS(AGGREGATE_MS)
	FLOW_LENGTHS(AGGREGATE_LENGTH)
	FLOW_BITS(AGGREGATE_BITS)
};

_Static_assert(sizeof(struct aggregate) == 64, "no bytes but those named");

/* A flow in one pane: its own packets and bytes, and what else its slot tells. */
static inline struct aggregate aggregate_of_slot(const struct flow_slot *slot, struct tally own,
					     uint32_t pane)
{
#define COUNT_OF_SLOT(name)          .name = own.name, .name##_peak = own.name, .name##_pane = pane,
#define INSTANT_OF_SLOT(name, merge) .name##_pane = pane, .name##_ms = slot->name##_ms,
#define SAME_OF_SLOT(name, merge)    .name = slot->name,
	return (struct aggregate){
		FLOW_COUNTS(COUNT_OF_SLOT)
		FLOW_INSTANTS(INSTANT_OF_SLOT)
		FLOW_LENGTHS(SAME_OF_SLOT)
		FLOW_BITS(SAME_OF_SLOT)
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

/* aggregate_first, aggregate_first_ns and so on; aggregate_bytes_peak and so on. */
#define AGGREGATE_INSTANT(name, merge)                                                        \
	static inline struct moment aggregate_##name(const struct aggregate *sum)             \
	{                                                                                     \
		return (struct moment){ sum->name##_pane, sum->name##_ms };                   \
	}                                                                                     \
	static inline uint64_t aggregate_##name##_ns(const struct pane_ring *panes,           \
						     const struct aggregate *sum)             \
	{                                                                                     \
		return pane_instant(pane_times_of(panes, sum->name##_pane), sum->name##_ms);  \
	}
FLOW_INSTANTS(AGGREGATE_INSTANT)

#define AGGREGATE_PEAK_OF(name)                                                      \
	static inline struct peak aggregate_##name##_peak(const struct aggregate *sum) \
	{                                                                              \
		return (struct peak){ sum->name##_peak, sum->name##_pane };            \
	}
FLOW_COUNTS(AGGREGATE_PEAK_OF)

/* Whether the one takes the place of the other where both come together. */
#define MOMENT_REPLACES_LEAST(panes, more, own) moment_is_before(panes, more, own)
#define MOMENT_REPLACES_MOST(panes, more, own)  moment_is_before(panes, own, more)

#define AGGREGATE_MERGE_COUNT(name)                                                       \
	sum->name += more->name;                                                          \
	if (peak_exceeds(panes, aggregate_##name##_peak(more), aggregate_##name##_peak(sum))) { \
		sum->name##_peak = more->name##_peak;                                     \
		sum->name##_pane = more->name##_pane;                                     \
	}

#define AGGREGATE_MERGE_INSTANT(name, merge)                                              \
	if (MOMENT_REPLACES_##merge(panes, aggregate_##name(more), aggregate_##name(sum))) { \
		sum->name##_pane = more->name##_pane;                                     \
		sum->name##_ms = more->name##_ms;                                         \
	}

#define AGGREGATE_MERGE_SAME(name, merge) MERGE_##merge(sum->name, more->name);

/* Adds the sum of other panes, neither being of nothing. Of equal maxima, sum's own stays. */
static inline void aggregate_merge(struct aggregate *sum, const struct aggregate *more,
			       const struct pane_ring *panes)
{
	FLOW_COUNTS(AGGREGATE_MERGE_COUNT)
	FLOW_INSTANTS(AGGREGATE_MERGE_INSTANT)
	FLOW_LENGTHS(AGGREGATE_MERGE_SAME)
	FLOW_BITS(AGGREGATE_MERGE_SAME)
}

/* The same in bytes, instants and rates. */
static inline struct flow_sum aggregate_resolve(const struct pane_ring *panes,
					   const struct aggregate *sum)
{
#define COUNT_RESOLVED(name) \
	.name = sum->name, .name##_max = pane_rate(panes, sum->name##_peak, sum->name##_pane),
#define INSTANT_RESOLVED(name, merge) .name##_ns = aggregate_##name##_ns(panes, sum),
#define SAME_RESOLVED(name, merge)    .name = (uint16_t)sum->name,
	return (struct flow_sum){
		FLOW_COUNTS(COUNT_RESOLVED)
		FLOW_INSTANTS(INSTANT_RESOLVED)
		FLOW_LENGTHS(SAME_RESOLVED)
		FLOW_BITS(SAME_RESOLVED)
	};
}

#endif
