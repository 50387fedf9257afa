/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all rows of a window begin with.
 */
#ifndef WEIR_CLICKHOUSE_WINDOW_H
#define WEIR_CLICKHOUSE_WINDOW_H

#include "clickhouse_columns.h"
#include "encoder.h"

struct clickhouse_window {
	const struct document_context *context;
	const struct window_result *result;
	uint64_t nominal_ns;  /* since 1970, as all below */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t length_ns;   /* nominal; of sessions their gap */
	uint64_t agent;
};

void clickhouse_window_init(struct clickhouse_window *window, const struct encoding *encoding);

#define CLICKHOUSE_SECOND_NS 1000000000u

/* A DateTime: seconds, to 2106. */
static inline uint64_t clickhouse_seconds(uint64_t instant_ns)
{
	uint64_t seconds = instant_ns / CLICKHOUSE_SECOND_NS;

	return seconds < UINT32_MAX ? seconds : UINT32_MAX;
}

/* The end that goes with a beginning on the grid. */
static inline uint64_t clickhouse_nominal_end_ns(const struct clickhouse_window *window)
{
	const struct window_spec *spec = window->result->spec;

	return spec->length_ns ? window->nominal_ns + spec->length_ns : window->end_ns;
}

#define CLICKHOUSE_KIND "Enum8('tumbling' = 0, 'sliding' = 1, 'session' = 2, 'landmark' = 3)"

_Static_assert(WINDOW_TUMBLING == 0 && WINDOW_SLIDING == 1 && WINDOW_SESSION == 2 &&
	       WINDOW_LANDMARK == 3, "the type above says so");

#endif
