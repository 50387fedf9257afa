/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interface while it is counted: whether it is still there, what it is called, what its
 * counters say, who has come to stand before weir's programs.
 */
#ifndef WEIR_LIVE_WATCH_H
#define WEIR_LIVE_WATCH_H

#include "live_link.h"
#include "../engine/link_counts.h"

/*
 * Asks the kernel once more and tells what has changed. False where nothing is counted there any
 * more, which has been reported and is final; a question that the kernel did not answer is asked
 * again with the next call.
 */
bool live_link_watch(struct live_link *link);

/* Packets that reached the interface but not the hook, between the last two looks. */
uint64_t live_link_missed(struct live_link *link);

/* What the interface counted between the last two looks, and why weir may count otherwise. */
void live_link_count(struct live_link *link, struct pane_link *told);

#endif
