/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a pane tells of each interface beside its flows: the kernel's counters, what weir saw,
 * who stands before it and what that has kept from it.
 */
#ifndef WEIR_LINK_BOOKS_H
#define WEIR_LINK_BOOKS_H

#include "../attach/live_link.h"
#include "../engine/pane.h"

/* Of more who stand before weir, on many interfaces, the first are told. */
#define PANE_AHEAD_MAX 32

/* One interface in one direction. */
struct link_side {
	bool had_ahead;     /* at the end of the pane before */
	int64_t unmatched;  /* packets of that pane that the interface had not counted yet */
};

struct link_books {
	struct pane_link told[FLOW_LINKS_MAX];
	struct link_side sides[FLOW_LINKS_MAX][LIVE_SIDES];
	const char *ahead[PANE_AHEAD_MAX];
};

/*
 * Fills in links and ahead of the pane, which live until the next one, from the links as they
 * were last looked at and from pane->link_outcomes, and adds to dropped_packets what the
 * interfaces counted while somebody stood before a program that did not get it.
 */
void link_books_tell(struct link_books *books, struct live_link *links, size_t count,
		     struct pane *pane);

#endif
