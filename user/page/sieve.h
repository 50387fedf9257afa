/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a window of very many rows adds to the tables of heavy.h, when they have no room for all its
 * keys: the largest keys of the window, and those that are in the tables already, exactly; the rest
 * not at all. Which these may be is told by sums over buckets of keys, by hash: a key is never
 * larger than its bucket.
 */
#ifndef WEIR_SIEVE_H
#define WEIR_SIEVE_H

#include "step.h"

/* Below so many rows there is nothing to gain. */
#define SIEVE_ROWS_MIN 32768u

/*
 * Adds the rows of a result in all those dimensions, as bits: the STEP_KEYS largest keys of the
 * step in each hold all that they carried in it. False, and nothing was added, where memory failed.
 */
bool sieve_add_rows(struct heavy heavy[DIMENSION_COUNT], unsigned int told,
		    const struct document_context *context, const struct window_result *result);

/* After the step's largest were read: a table that had no room for all keeps its largest. */
void sieve_end_step(struct heavy *heavy);

#endif
