/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The books of the interfaces beside the flows: sums of what the panes told of each of them, kept
 * for as many panes as a window has, so that a window's share is the difference of two sums.
 */
#ifndef WEIR_LEDGER_H
#define WEIR_LEDGER_H

#include "result.h"

struct ledger;

/* panes: the most that a window has. NULL when memory is all that failed. */
struct ledger *ledger_create(uint64_t panes);
void ledger_destroy(struct ledger *ledger);

/* Enters a pane that tells of interfaces; others are passed over. 0 or -ENOMEM. */
int ledger_add(struct ledger *ledger, const struct pane *pane);

/*
 * Fills in links and ahead of a window, and makes it incomplete where an interface went or came
 * back in it. What it points to lives until the next call.
 */
void ledger_tell(struct ledger *ledger, struct window_result *result);

#endif
