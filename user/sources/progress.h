/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a replay is, on one line of a terminal that is written again and again:
 * "42 %  12.3 M packets  24.1 M packets/s  3 s left".
 */
#ifndef WEIR_PROGRESS_H
#define WEIR_PROGRESS_H

#include "replay.h"

struct progress {
	bool shown;          /* wanted, and standard error is a terminal */
	bool drawn;
	uint64_t begin_ns;   /* CLOCK_MONOTONIC */
	uint64_t next_ns;    /* when the line is due again */
};

void progress_start(struct progress *progress, bool wanted);

/* Rewrites the line, a few times a second however often it is called. */
void progress_update(struct progress *progress, const struct replay *replay);

/* Removes the line. */
void progress_stop(struct progress *progress);

/*
 * The text of the line into buffer, without control characters; returns buffer. elapsed_ns is
 * the time since the start, not 0.
 */
const char *progress_text(const struct replay_progress *replay, uint64_t elapsed_ns, char *buffer,
			  size_t size);

#endif
