/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock that cuts a live run into panes. Instants are of CLOCK_MONOTONIC; the grid of panes
 * lies at multiples of their length since 1970, the same on all machines, or begins with the
 * run. Both clocks are slewed alike; where the wall clock is set, or the machine was suspended,
 * the grid ends with the pane at hand and is found again.
 */
#ifndef WEIR_PANE_CLOCK_H
#define WEIR_PANE_CLOCK_H

#include <stdbool.h>

#include "../engine/pane.h"

struct pane_clock_config {
	uint64_t pane_ns;
	uint64_t duration_ns; /* of the run; 0: no end */
	bool is_aligned;      /* to multiples since 1970, not to the start of the run */
};

/* What was read of both clocks at one moment. */
struct pane_moment {
	uint64_t now_ns;      /* CLOCK_MONOTONIC */
	int64_t offset_ns;    /* added to it: nanoseconds since 1970 */
};

struct pane_clock {
	struct pane_clock_config config;
	uint64_t start_ns;    /* of the run */
	uint64_t begin_ns;    /* of the open pane, */
	uint64_t index;       /* its place on the grid, */
	uint64_t place_ns;    /* and when that place began */
	int64_t offset_ns;    /* of this grid */
	int set_fd;           /* readable once the wall clock was set; -1: that cannot be told */
};

struct pane_moment pane_moment_now(void);

void pane_clock_open(struct pane_clock *clock, const struct pane_clock_config *config);
void pane_clock_close(struct pane_clock *clock);

/* Begins the run and its first pane. */
void pane_clock_start(struct pane_clock *clock, const struct pane_moment *moment);

/* When the open pane is over: at the end of its place, or when the run is. */
uint64_t pane_clock_deadline_ns(const struct pane_clock *clock);

/* Whether the run is over by its duration. */
bool pane_clock_is_over(const struct pane_clock *clock, uint64_t now_ns);

/* Whether the wall clock was set since the pane before ended, as far as the kernel tells. */
bool pane_clock_was_set(const struct pane_clock *clock);

/* Ends the open pane, filling its times and place and nothing else, and begins the next. */
void pane_clock_turn(struct pane_clock *clock, const struct pane_moment *moment,
		     struct pane *pane);

#endif
