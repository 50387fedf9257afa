/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_counts.h"

#include <string.h>

static bool has_packets(const struct link_outcomes *counts)
{
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		if (counts->outcome[i].packets)
			return true;
	}
	return false;
}

/* Links are known from the first pane on, also where nothing has passed there. */
static void dropped_add(struct run_counts *run, const struct pane *pane)
{
	for (size_t i = 0; pane->links && i < pane->link_count && i < FLOW_LINKS_MAX; i++) {
		run->links[2 * i].dropped_packets += pane->links[i].dropped_packets;
		if (run->count < 2 * i + 2)
			run->count = 2 * i + 2;
	}
}

void run_counts_add(struct run_counts *run, const struct pane *pane)
{
	struct link_outcomes all;

	run->dropped_packets += pane->dropped_packets;
	if (!pane->link_outcomes) {
		memcpy(all.outcome, pane->counts.outcome, sizeof(all.outcome));
		memcpy(all.malformed_reason, pane->counts.malformed_reason,
		       sizeof(all.malformed_reason));
		link_outcomes_add(&run->links[0], &all);
		run->count = 1;
		return;
	}
	for (size_t i = 0; i < pane->link_outcomes_count && i < 2 * FLOW_LINKS_MAX; i++) {
		link_outcomes_add(&run->links[i], &pane->link_outcomes[i]);
		if (i >= run->count && has_packets(&run->links[i]))
			run->count = i / 2 * 2 + 2;
	}
	dropped_add(run, pane);
}

void run_counts_tell(const struct run_counts *run, struct window_result *result)
{
	result->run = run->links;
	result->run_count = run->count;
	result->run_dropped_packets = run->dropped_packets;
}
