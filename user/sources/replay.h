/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay: a capture becomes panes on the grid of pane lengths since 1970, in the packets' own
 * time. Packets older than the open pane are late: they count to it as if they came at its
 * present moment. One that is more than an hour ahead is held until a later packet tells whether
 * it alone is late or time went on; where none comes, it did. Packets without a time are taken
 * as late ones are, and are not late. The same file gives the same panes.
 */
#ifndef WEIR_REPLAY_H
#define WEIR_REPLAY_H

#include <stdbool.h>

#include "packet_table.h"

struct replay_config {
	const char *name;             /* as capture_open takes it */
	struct record_taker taker;
	const struct group_by *group; /* NULL: whole keys */
	struct packet_filter *filter; /* NULL: none */
	uint64_t pane_ns;
	uint64_t duration_ns;         /* of packet time after the first packet; 0: no end */
	double speed;                 /* times real time; 0: as fast as it goes */
	const _Atomic bool *stop; /* true: ends as if the file did; NULL: never */
};

struct replay;

/*
 * 0 or negative errno; after a failure *replay is there too, to tell replay_reason, unless
 * memory ran out (NULL). Of the config only the strings and pointers in it are borrowed.
 */
int replay_open(const struct replay_config *config, struct replay **replay);
void replay_close(struct replay *replay);

enum replay_step { REPLAY_END, REPLAY_PANE, REPLAY_MORE };

/*
 * Goes on for some milliseconds at most. REPLAY_PANE: a pane is over, its records are taken
 * and *pane is filled; REPLAY_MORE: call again; REPLAY_END; or
 * negative errno, before which the last pane with all that could be read was returned.
 */
int replay_step(struct replay *replay, struct pane *pane);

/*
 * Names of the interfaces by the link number of a flow key, NULL where the file gives none; the
 * array lives as long as the replay and fills as the file is read.
 */
const char *const *replay_link_names(const struct replay *replay);

/* As capture_unsupported, of what was read so far. */
const char *replay_unsupported(const struct replay *replay);

/* CLOCK_MONOTONIC instant at which the last pane is due at the asked speed; 0: at once. */
uint64_t replay_due_ns(const struct replay *replay);

/* Why replay_open or replay_step failed, for the user. */
const char *replay_reason(const struct replay *replay, int err);

struct replay_progress {
	uint64_t bytes, size; /* of the file; size 0: unknown */
	uint64_t packets;
};

struct replay_progress replay_progress(const struct replay *replay);

#endif
