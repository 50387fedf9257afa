/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all flows of a pane or a window carried in either direction, as their keys tell it.
 */
#ifndef WEIR_DIRECTION_SUM_H
#define WEIR_DIRECTION_SUM_H

#include <stdint.h>

#include "../../include/flow.h"

struct direction_sum {
	uint64_t bytes;
	uint64_t packets;
	double bytes_max;    /* a second, in the pane where it was highest */
	double packets_max;
};

enum { DIRECTION_SUM_IN, DIRECTION_SUM_OUT, DIRECTION_SUM_COUNT };

struct direction_sums {
	struct direction_sum way[DIRECTION_SUM_COUNT];
	uint64_t told_packets; /* of which the direction is known whatever the keys keep */
};

/*
 * Some records on their way into the sums. No branch, and no place that depends on the record:
 * it is far away, and the next one's is to be asked for meanwhile.
 */
struct direction_count {
	uint64_t bytes, packets;         /* of all */
	uint64_t out_bytes, out_packets;
	uint64_t told_packets;
};

/* flags and vlan are those of the key. */
static inline void direction_count_add(struct direction_count *count, uint8_t flags, uint16_t vlan,
				       uint64_t packets, uint64_t bytes)
{
	uint64_t is_out = flags & FLOW_OUT ? UINT64_MAX : 0;
	uint64_t is_told = vlan & FLOW_DIRECTION_TOLD ? UINT64_MAX : 0;

	count->bytes += bytes;
	count->packets += packets;
	count->out_bytes += bytes & is_out;
	count->out_packets += packets & is_out;
	count->told_packets += packets & is_told;
}

static inline void direction_sums_count(struct direction_sums *sums,
					const struct direction_count *count)
{
	struct direction_sum *in = &sums->way[DIRECTION_SUM_IN];
	struct direction_sum *out = &sums->way[DIRECTION_SUM_OUT];

	in->bytes += count->bytes - count->out_bytes;
	in->packets += count->packets - count->out_packets;
	out->bytes += count->out_bytes;
	out->packets += count->out_packets;
	sums->told_packets += count->told_packets;
}

/* The counts are those of one pane of so many seconds. */
static inline void direction_sums_end_pane(struct direction_sums *sums, double seconds)
{
	for (int i = 0; i < DIRECTION_SUM_COUNT; i++) {
		sums->way[i].bytes_max = (double)sums->way[i].bytes / seconds;
		sums->way[i].packets_max = (double)sums->way[i].packets / seconds;
	}
}

/* Adds another time. */
static inline void direction_sums_add(struct direction_sums *sums,
				      const struct direction_sums *more)
{
	for (int i = 0; i < DIRECTION_SUM_COUNT; i++) {
		struct direction_sum *way = &sums->way[i];
		const struct direction_sum *other = &more->way[i];

		way->bytes += other->bytes;
		way->packets += other->packets;
		if (other->bytes_max > way->bytes_max)
			way->bytes_max = other->bytes_max;
		if (other->packets_max > way->packets_max)
			way->packets_max = other->packets_max;
	}
	sums->told_packets += more->told_packets;
}

#endif
