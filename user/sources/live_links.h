/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces of a live source, which come and go while it counts.
 */
#ifndef WEIR_LIVE_LINKS_H
#define WEIR_LIVE_LINKS_H

#include "live_private.h"

/* Detaches one; that something was left is kept for live_verdict. */
void live_links_detach(struct live *live, struct live_link *link);

/* Lets go those that have gone, which is said. */
void live_links_check(struct live *live);

/* Attaches those that are back, and where all are to be counted, those that are new. */
void live_links_return(struct live *live);

/* Whether an event is of one that is counted, was counted, or is to be: a link_event_fn. */
bool live_links_await(void *context, const struct link_event *event);

/* True where none is left, and none is waited for. */
bool live_links_are_over(const struct live *live);

#endif
