/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What windows have besides their flows, as results.
 */
#ifndef WEIR_SPAN_H
#define WEIR_SPAN_H

#include "listing.h"
#include "window.h"

/* What there was no memory for was in flows, and is unattributed. */
void counts_lose(struct outcome_counts *counts, const struct tally *lost);

/* Adds a later part. */
void span_add(struct span *span, const struct span *part);

/* Adds to what is evicted the flows of the pane that is folded, which left before it ended. */
void window_take_evicted(struct window *window, const struct engine *engine,
			 struct evicted *evicted);

void result_set_evicted(struct window_result *result, const struct evicted *evicted);

/* The flow at place in the open pane. */
struct flow_sum pane_sum(const struct pane_close *pane, const struct segment *segment,
			 uint32_t place);

/* The result with everything a span has; spec and number are set. */
void result_from_span(struct window_result *result, const struct span *span);

int result_emit(const struct engine *engine, struct window_result *result,
		struct listing *listing);

int result_emit_to(const struct engine *engine, struct window_result *result,
		   struct listing *listing, const struct window_listener *listener);

#endif
