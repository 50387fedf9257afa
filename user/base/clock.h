/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clocks: monotonic for all that is measured, the wall clock only for the stamps.
 */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* What to add to CLOCK_MONOTONIC at this moment to have nanoseconds since 1970. */
static inline int64_t clock_wall_offset_ns(void)
{
	uint64_t monotonic_ns = clock_read_ns(CLOCK_MONOTONIC);

	return (int64_t)(clock_read_ns(CLOCK_REALTIME) - monotonic_ns);
}

#endif
