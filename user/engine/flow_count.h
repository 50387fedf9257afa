/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many single flows each row of a window stands for (-s flows): an engine of whole flows with
 * the same windows, which tells each window before the rows are told.
 */
#ifndef WEIR_FLOW_COUNT_H
#define WEIR_FLOW_COUNT_H

#include "engine.h"

struct flow_count;
struct listing;

/* For an engine of that configuration, in whose keys rows are. NULL and errno. */
struct flow_count *flow_count_create(const struct engine_config *rows);
void flow_count_destroy(struct flow_count *count);

/* The engine that is to have each record and pane before that of the rows. */
struct engine *flow_count_engine(struct flow_count *count);

/* Sees to it that a window that goes on is counted, before it is told. 0 or negative errno. */
int flow_count_peek(struct flow_count *count, size_t window_number);

/* Sets how many flows those of the listing stand for, their keys being as they are in the table. */
void flow_count_fill(struct flow_count *count, const struct window_result *result,
		     struct listing *listing);

#endif
