/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one flow carried over some panes. Sums of neighbouring runs of panes add up to the sum
 * of both; packets 0 is the sum of nothing.
 */
#ifndef WEIR_FLOW_SUM_H
#define WEIR_FLOW_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/flow.h"

struct flow_sum {
	uint64_t bytes;
	uint64_t packets;
	double bytes_max;   /* a second, in the pane where it was highest */
	double packets_max;
	uint64_t first_ns;
	uint64_t last_ns;
	uint16_t min_len;
	uint16_t max_len;
	union {
		struct {
			uint8_t tcp_flags;
			uint8_t marks; /* FLOW_SIZE_SATURATED, ... */
		};
		uint16_t notes;
	};
	uint16_t zero;
};

_Static_assert(sizeof(struct flow_sum) == 56, "no bytes but those named");

static inline void flow_sum_add(struct flow_sum *sum, const struct flow_sum *more)
{
	if (!sum->packets) {
		*sum = *more;
		return;
	}
	if (!more->packets)
		return;
	sum->bytes += more->bytes;
	sum->packets += more->packets;
	sum->bytes_max = more->bytes_max > sum->bytes_max ? more->bytes_max : sum->bytes_max;
	if (more->packets_max > sum->packets_max)
		sum->packets_max = more->packets_max;
	sum->first_ns = more->first_ns < sum->first_ns ? more->first_ns : sum->first_ns;
	sum->last_ns = more->last_ns > sum->last_ns ? more->last_ns : sum->last_ns;
	sum->min_len = more->min_len < sum->min_len ? more->min_len : sum->min_len;
	sum->max_len = more->max_len > sum->max_len ? more->max_len : sum->max_len;
	sum->notes |= more->notes;
}

#endif
