/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_books.h"

#include "../attach/live_watch.h"

/*
 * The counters are read a moment before the pane ends, so that a packet can be counted in one
 * pane and reach the interface's count in the next. Where packets were merged weir has counted
 * more of them than the interface: then this is the least that was hidden.
 */
static uint64_t hidden_packets(struct link_side *side, bool has_ahead, uint64_t reached,
			       uint64_t seen)
{
	bool is_hidden = side->had_ahead || has_ahead;
	int64_t excess = (int64_t)(reached - seen), unmatched = side->unmatched;

	side->had_ahead = has_ahead;
	side->unmatched = excess < 0 ? excess : 0;
	excess += unmatched;
	return is_hidden && excess > 0 ? (uint64_t)excess : 0;
}

static void ahead_tell(struct link_books *books, const struct live_link *link, struct pane *pane)
{
	for (int side = LIVE_IN; side <= LIVE_OUT && !link->gone; side++) {
		const struct ahead *ahead = &link->ahead[side];

		for (size_t i = 0; i < ahead->count && pane->ahead_count < PANE_AHEAD_MAX; i++)
			books->ahead[pane->ahead_count++] = ahead->text[i];
	}
}

void link_books_tell(struct link_books *books, struct live_link *links, size_t count,
		     struct pane *pane)
{
	pane->links = books->told;
	pane->link_count = count;
	pane->ahead = books->ahead;
	for (uint32_t i = 0; i < count; i++) {
		struct live_link *link = &links[i];
		struct pane_link *told = &books->told[i];
		struct link_side *sides = books->sides[i];

		live_link_count(link, told);
		told->has_seen = true;
		if (link->is_cut)
			sides[LIVE_IN] = sides[LIVE_OUT] = (struct link_side){ 0 };
		told->counts.seen_in = link_outcomes_seen(&pane->link_outcomes[link_tally_index(i, false)]);
		told->counts.seen_out = link_outcomes_seen(&pane->link_outcomes[link_tally_index(i, true)]);
		ahead_tell(books, link, pane);
		told->dropped_packets =
			(link->gone ? 0 : live_link_missed(link)) +
			hidden_packets(&sides[LIVE_IN], link->ahead[LIVE_IN].count,
				       told->counts.rx.packets, told->counts.seen_in.packets) +
			hidden_packets(&sides[LIVE_OUT], link->ahead[LIVE_OUT].count,
				       told->counts.tx.packets, told->counts.seen_out.packets);
		pane->dropped_packets += told->dropped_packets;
	}
}
