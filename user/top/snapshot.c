/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "../engine/slot_key.h"

static bool is_of_row(const struct grouper *grouper, const struct flow_slot *flow,
		      const struct flow_key *row)
{
	const struct flow_key key = flow_slot_key(flow);
	struct flow_key places[PLACES_MAX];
	size_t count = grouper_place(grouper, &key, flow->marks, places);

	for (size_t i = 0; i < count; i++) {
		grouper_take_half(grouper, &places[i]);
		if (!memcmp(&places[i], row, sizeof(*row)))
			return true;
	}
	return false;
}

void snapshot_history(const struct snapshot *snapshot, const struct flow_key *key,
		      struct history *history)
{
	*history = (struct history){ 0 };
	for (size_t i = 0; i < snapshot->pane_count; i++) {
		const struct pane_flows *pane = snapshot->panes[i];
		struct tally *sum = &history->pane[pane->number % HISTORY_PANES];

		history->since = pane->number;
		for (size_t flow = 0; flow < pane->count; flow++) {
			if (!is_of_row(&snapshot->grouper, &pane->flows[flow], key))
				continue;
			sum->packets += pane->flows[flow].packets;
			sum->bytes += pane->flows[flow].bytes;
		}
	}
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->pane_count; i++)
		pane_flows_release(snapshot->panes[i]);
	free(snapshot->rows);
	free(snapshot->documented);
	free(snapshot->pulses);
	free(snapshot);
}
