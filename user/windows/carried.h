/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one flow carried over some panes, in the panes' own terms: counts, their numbers, and
 * milliseconds since they began. Sums of neighbouring runs of panes add up to the sum of both;
 * packets 0 is the sum of nothing.
 */
#ifndef WEIR_CARRIED_H
#define WEIR_CARRIED_H

#include <stdbool.h>

#include "flow_sum.h"
#include "pane_ring.h"

struct carried {
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
	uint8_t tcp_flags;
	uint8_t zero[7];
};

_Static_assert(sizeof(struct carried) == 64, "no bytes but those named");

static inline struct carried carried_of_slot(const struct flow_slot *slot, uint64_t packets,
					     uint32_t pane)
{
	return (struct carried){
		.bytes = slot->bytes, .packets = packets,
		.bytes_peak = slot->bytes, .packets_peak = packets,
		.bytes_pane = pane, .packets_pane = pane,
		.first_pane = pane, .last_pane = pane,
		.first_ms = slot->first_ms, .last_ms = slot->last_ms,
		.min_len = slot->min_len, .max_len = slot->max_len,
		.tcp_flags = slot->tcp_flags,
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

/* Whether a is the higher rate. Most panes are equally long: then no division is needed. */
static inline bool peak_exceeds(const struct pane_ring *panes, struct peak a, struct peak b)
{
	if (pane_times_of(panes, a.pane)->seconds == pane_times_of(panes, b.pane)->seconds)
		return a.count > b.count;
	return pane_rate(panes, a.count, a.pane) > pane_rate(panes, b.count, b.pane);
}

static inline uint64_t carried_first_ns(const struct pane_ring *panes, const struct carried *sum)
{
	return pane_instant(pane_times_of(panes, sum->first_pane), sum->first_ms);
}

static inline uint64_t carried_last_ns(const struct pane_ring *panes, const struct carried *sum)
{
	return pane_instant(pane_times_of(panes, sum->last_pane), sum->last_ms);
}

/* Adds the sum of other panes, neither being of nothing. Of equal maxima, sum's own stays. */
static inline void carried_add(struct carried *sum, const struct carried *more,
			       const struct pane_ring *panes)
{
	sum->bytes += more->bytes;
	sum->packets += more->packets;
	if (peak_exceeds(panes, (struct peak){ more->bytes_peak, more->bytes_pane },
			 (struct peak){ sum->bytes_peak, sum->bytes_pane })) {
		sum->bytes_peak = more->bytes_peak;
		sum->bytes_pane = more->bytes_pane;
	}
	if (peak_exceeds(panes, (struct peak){ more->packets_peak, more->packets_pane },
			 (struct peak){ sum->packets_peak, sum->packets_pane })) {
		sum->packets_peak = more->packets_peak;
		sum->packets_pane = more->packets_pane;
	}
	if (carried_first_ns(panes, more) < carried_first_ns(panes, sum)) {
		sum->first_pane = more->first_pane;
		sum->first_ms = more->first_ms;
	}
	if (carried_last_ns(panes, more) > carried_last_ns(panes, sum)) {
		sum->last_pane = more->last_pane;
		sum->last_ms = more->last_ms;
	}
	sum->min_len = more->min_len < sum->min_len ? more->min_len : sum->min_len;
	sum->max_len = more->max_len > sum->max_len ? more->max_len : sum->max_len;
	sum->tcp_flags |= more->tcp_flags;
}

/* The same in bytes, instants and rates. */
static inline struct flow_sum carried_tell(const struct pane_ring *panes,
					   const struct carried *sum)
{
	return (struct flow_sum){
		.bytes = sum->bytes, .packets = sum->packets,
		.bytes_max = pane_rate(panes, sum->bytes_peak, sum->bytes_pane),
		.packets_max = pane_rate(panes, sum->packets_peak, sum->packets_pane),
		.first_ns = carried_first_ns(panes, sum),
		.last_ns = carried_last_ns(panes, sum),
		.min_len = sum->min_len, .max_len = sum->max_len,
		.tcp_flags = sum->tcp_flags,
	};
}

#endif
