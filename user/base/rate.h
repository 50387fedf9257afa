/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Amounts over times.
 */
#ifndef WEIR_RATE_H
#define WEIR_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* What a second makes of the amount; 0 where no time has passed. */
static inline double rate_per_second(uint64_t amount, uint64_t length_ns)
{
	return length_ns ? (double)amount * 1e9 / (double)length_ns : 0.0;
}

/* A rate that is not to be exceeded; value 0: there is none. */
struct rate_limit {
	double value;    /* bits or packets, a second */
	bool is_packets;
};

#endif
