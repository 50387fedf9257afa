/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A live source that goes on without its agent (user/pin/README.md): what it pins, what it logs,
 * and how it takes over what an earlier one counts. Where the run is not pinned all of this does
 * nothing. Errors are reported.
 */
#ifndef WEIR_LIVE_PIN_H
#define WEIR_LIVE_PIN_H

#include "live_private.h"

/* Pins the banks and programs, before anything is attached. 0 or negative errno. */
int live_pin_begin(struct live *live);

/* Writes down which interfaces the links are, where that has changed. 0 or negative errno. */
int live_pin_links(struct live *live);

/*
 * Once everything is attached: reads the banks of earlier generations to their end, into the log
 * as the pane of the time without an agent, and removes them. 0 or negative errno.
 */
int live_pin_take_over(struct live *live);

/* Reads the idle bank into the log, and pane->counts. 0 or negative errno. */
int live_pin_read(struct live *live, struct pane *pane);

/*
 * Commits that; the bank may be cleared then. err: what reading it said. What cannot be logged is
 * told once, and counting goes on.
 */
void live_pin_commit(struct live *live, const struct pane *pane, int err);

/* Lets go of what is attached; where the start has failed it goes, unless it was there before. */
void live_pin_leave(struct live *live);
void live_pin_close(struct live *live);

#endif
