/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>


static bool is_of_row(const struct grouper *grouper, const struct pane_flows *pane, size_t flow,
		      const struct flow_key *row)
{
	const struct flow_key key = pane_flow_key(pane, flow);
	struct flow_key places[PLACES_MAX];
	size_t count = grouper_place(grouper, &key, pane->flows[flow].marks, places);

	for (size_t i = 0; i < count; i++) {
		grouper_take_half(grouper, &places[i]);
		if (!memcmp(&places[i], row, sizeof(*row)))
			return true;
	}
	return false;
}

static bool is_same_row(const struct row_history *history, const struct snapshot *snapshot,
			const struct flow_key *key)
{
	return history->wish.grouping == snapshot->wish.grouping &&
	       history->wish.direction == snapshot->wish.direction &&
	       history->newest <= snapshot->clock.number &&
	       !memcmp(&history->key, key, sizeof(*key));
}

static void history_add(struct row_history *history, const struct snapshot *snapshot,
			const struct pane_flows *pane)
{
	struct tally *sum = &history->history.pane[pane->number % HISTORY_PANES];

	for (size_t flow = 0; flow < pane->count; flow++) {
		if (!is_of_row(&snapshot->grouper, pane, flow, &history->key))
			continue;
		sum->packets += pane->flows[flow].packets;
		sum->bytes += pane->flows[flow].bytes;
	}
}

void snapshot_history(const struct snapshot *snapshot, const struct flow_key *key,
		      struct row_history *history)
{
	uint64_t newest = snapshot->clock.number, since;

	if (!is_same_row(history, snapshot, key))
		*history = (struct row_history){ .key = *key, .wish = snapshot->wish };
	since = history->newest + HISTORY_PANES > newest ? history->newest + 1 :
							   newest + 1 - HISTORY_PANES;
	for (uint64_t number = since; number <= newest; number++)
		history->history.pane[number % HISTORY_PANES] = (struct tally){ 0 };
	for (size_t i = 0; i < snapshot->pane_count; i++) {
		history->history.since = snapshot->panes[i]->number;
		if (snapshot->panes[i]->number > history->newest)
			history_add(history, snapshot, snapshot->panes[i]);
	}
	history->newest = newest;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->pane_count; i++)
		pane_flows_release(snapshot->panes[i]);
	free(snapshot->rows);
	free(snapshot->documented);
	free(snapshot->extras);
	free(snapshot->pulses);
	free(snapshot);
}
