/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A row as a filter: the view begins anew with what belongs to the row alone, and goes back, step
 * by step, to what was asked for on the command line.
 */
#ifndef WEIR_NARROW_H
#define WEIR_NARROW_H

#include "view.h"

#define NARROW_STEPS_MAX  16
#define NARROW_FILTER_MAX 1024

/* A beginning. Strings are owned; NULL where there is no filter. */
struct narrow_step {
	char *plain;  /* the expression as if there were no VLAN tags; */
	char *filter; /* with them: it is what is to be counted by */
	struct wish wish;
	int sort_column;
};

/* Lives over all beginnings. What the user chose of the view goes along. */
struct narrowing {
	struct narrow_step steps[NARROW_STEPS_MAX]; /* the last one is the view at hand */
	size_t count;
	bool is_wanted;           /* the view is to begin anew */
	bool has_choices;         /* these, and the step's, are to be taken over: */
	enum unit unit;
	bool shows_names;
};

/* filter: of the command line, or NULL. 0 or -ENOMEM. */
int narrowing_init(struct narrowing *narrowing, const char *filter);
void narrowing_fini(struct narrowing *narrowing);

const struct narrow_step *narrowing_step(const struct narrowing *narrowing);

/*
 * tcpdump's expression of all that belongs to the row. False where there is none: of an
 * interface, or frames of IEEE 802.3.
 */
bool narrow_expression(const struct grouper *grouper, const struct flow_key *row,
		       char text[NARROW_FILTER_MAX]);

/* Wants the view anew with the selected row; back, as it was before. NULL, or why not: static. */
const char *narrowing_into(struct narrowing *narrowing, const struct view *view);
const char *narrowing_back(struct narrowing *narrowing, const struct view *view);

#endif
