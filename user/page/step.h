/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A step of a report: some windows that follow each other, one at first. When there are too many
 * steps, neighbours become one: sums stay exact, maxima are kept.
 */
#ifndef WEIR_STEP_H
#define WEIR_STEP_H

#include "../engine/result.h"
#include "dimension.h"

#define STEPS_MAX    360u
#define STEPS_FRESH  90u  /* the newest ones that stay as they are */
#define STEPS_COARSE 120u /* what is older becomes at most about twice so many */

struct step_key {
	struct flow_key key;
	uint64_t bytes;
};

/* In order of bytes, greatest first; what is not in it makes up the rest of the step's bytes. */
struct step_list {
	struct step_key *keys;
	size_t count;
};

struct step {
	uint64_t start_ns, end_ns; /* since 1970 */
	uint64_t windows;
	uint64_t flows_max;        /* of a window */
	struct flow_sum total;
	struct direction_sums directions;
	struct extra_sum extras;
	struct step_list lists[DIMENSION_COUNT];
};

void step_fini(struct step *step);

/* *to is of no memory yet. 0, or -ENOMEM and nothing is left of it. */
int step_copy(const struct step *from, struct step *to);

/* The bytes of the key in the step; 0 where it is not told apart there. */
uint64_t step_bytes_of(const struct step *step, enum dimension dimension,
		       const struct flow_key *key);

/* The list of what the tables hold of the step at hand; where memory fails all is in the rest. */
void step_list_take(struct step_list *list, const struct heavy *heavy);

/* Makes neighbours one until there are fewer. How many are left. */
size_t steps_thin(struct step *steps, size_t count);

#endif
