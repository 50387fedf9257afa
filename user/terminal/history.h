/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was carried in each of the newest panes: by both directions, and by the flows or groups
 * that carry most. Memory is bounded: HISTORY_KEYS_MAX keys, HISTORY_PANES panes each.
 */
#ifndef WEIR_HISTORY_H
#define WEIR_HISTORY_H

#include "../windows/result.h"
#include "key_map.h"

#define HISTORY_PANES    120
#define HISTORY_KEYS_MAX 4096

/* One key's panes: the place of pane number n is n % HISTORY_PANES. */
struct history {
	struct flow_key key;
	struct tally pane[HISTORY_PANES];
	uint64_t since;   /* number of the first pane in which it was watched */
	uint64_t newest;  /* number of the newest pane in which it carried something */
	bool is_cut;      /* there was no room for it at first: it may have carried more */
};

struct histories {
	struct history *kept;
	size_t count;
	struct key_map map;
	uint64_t begun;  /* number of the first pane watched */
	uint64_t number; /* of the pane being counted */
	bool overflowed;
};

/* The lengths of the panes, by number: rates are over the real length, or the nominal one
 * where that is longer. */
struct pane_clock {
	uint64_t number;  /* of the newest pane; the first is 1 */
	uint64_t length_ns[HISTORY_PANES];
};

int histories_init(struct histories *histories);
void histories_fini(struct histories *histories);

/* Forgets all; the next pane is number next. */
void histories_restart(struct histories *histories, uint64_t next);

/* Before the flows of a pane: makes room by forgetting keys that carried nothing lately. */
void histories_begin_pane(struct histories *histories, uint64_t number);

/* What a flow carried in this pane; watched from now on where may_add and there is room. */
void histories_count(struct histories *histories, const struct flow_key *key,
		     const struct tally *amount, bool may_add);

/* NULL where the key is not watched. */
const struct history *histories_find(const struct histories *histories,
				     const struct flow_key *key);

/* The rate in pane number, which must be one of the newest HISTORY_PANES: bytes and packets. */
struct rates {
	double bytes, packets;
};
struct rates history_rate(const struct history *history, const struct pane_clock *clock,
			  uint64_t number);

/* The highest rates of the panes that make up the newest length_ns. */
struct rates history_max(const struct history *history, const struct pane_clock *clock,
			 uint64_t length_ns);

#endif
