/* SPDX-License-Identifier: BSD-2-Clause */
#include "view_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/rate.h"
#include "view.h"

struct grouper {
	struct view *view;
	size_t windows;
};

static void row_add(struct row *sum, const struct row *row, size_t windows)
{
	for (size_t i = 0; i < windows; i++) {
		sum->amount[i].packets += row->amount[i].packets;
		sum->amount[i].bytes += row->amount[i].bytes;
		if (row->own_ms[i] > sum->own_ms[i])
			sum->own_ms[i] = row->own_ms[i];
	}
	flow_sum_add(&sum->sum, &row->sum);
	sum->bytes_max = sum->packets_max = 0; /* those of the group are its panes' */
	sum->flows++;
}

static void group_add(struct grouper *grouper, const struct flow_key *key, const struct row *row)
{
	struct view *view = grouper->view;
	const struct key_list list = { view->grouped, sizeof(*view->grouped) };
	uint32_t hash = key_hash(key);
	uint32_t found = key_map_find(&view->map, &list, key, hash);
	struct row *sum;

	if (found != KEY_MAP_NONE) {
		row_add(&view->grouped[found], row, grouper->windows);
		return;
	}
	sum = &view->grouped[view->row_count];
	*sum = *row;
	sum->key = *key;
	sum->flows = 1;
	sum->bytes_max = sum->packets_max = 0;
	key_map_add(&view->map, hash, (uint32_t)view->row_count++);
}

static int grouped_make_room(struct view *view, size_t count)
{
	size_t room = count + count / 4 + 1;

	if (count > view->grouped_room || count < view->grouped_room / 8) {
		free(view->grouped);
		free(view->pane);
		free(view->touched);
		view->grouped = malloc(room * sizeof(*view->grouped));
		view->pane = calloc(room, sizeof(*view->pane));
		view->touched = malloc(room * sizeof(*view->touched));
		view->grouped_room = room;
	}
	if (view->grouped && view->pane && view->touched)
		return key_map_reset(&view->map, count);
	view->grouped_room = 0;
	return -ENOMEM;
}

void view_group_masks(const struct view *view, struct group_masks *masks)
{
	group_masks_make(&view->group, masks);
	if (view->grouping != GROUPING_FLOWS && !view->group.field[GROUP_SRC] &&
	    !view->group.field[GROUP_DST])
		masks->keep[GROUP_IPV6].flags &= (uint8_t)~FLOW_IPV6;
}

/* What each group carried in one pane, into view->pane; returns how many groups there are. */
static size_t sum_pane(struct view *view, const struct pane_flows *pane,
		       const struct group_masks *masks)
{
	const struct key_list list = { view->grouped, sizeof(*view->grouped) };
	size_t count = 0;

	for (size_t i = 0; i < pane->count; i++) {
		struct flow_key key = pane->flows[i].key;
		uint32_t found;

		flow_key_reduce(&key, masks);
		found = key_map_find(&view->map, &list, &key, key_hash(&key));
		if (found == KEY_MAP_NONE)
			continue;
		if (!view->pane[found].packets)
			view->touched[count++] = found;
		view->pane[found].packets += pane->flows[i].amount.packets;
		view->pane[found].bytes += pane->flows[i].amount.bytes;
	}
	return count;
}

static void take_pane_maxima(struct view *view, size_t count, uint64_t length_ns)
{
	for (size_t i = 0; i < count; i++) {
		struct row *row = &view->grouped[view->touched[i]];
		struct tally *pane = &view->pane[view->touched[i]];
		double bytes = rate_per_second(pane->bytes, length_ns);
		double packets = rate_per_second(pane->packets, length_ns);

		row->bytes_max = bytes > row->bytes_max ? bytes : row->bytes_max;
		row->packets_max = packets > row->packets_max ? packets : row->packets_max;
		*pane = (struct tally){ 0 };
	}
}

/* The maximum of a sum is not the sum of maxima: panes are summed one by one. */
static void group_maxima(struct view *view, const struct snapshot *snapshot,
			 const struct group_masks *masks)
{
	const struct window_result *window = &snapshot->windows[snapshot->reference];
	const struct pane_clock *clock = &snapshot->clock;
	uint64_t oldest = 0, oldest_ns;

	for (size_t i = 0; i < snapshot->pane_count; i++) {
		const struct pane_flows *pane = snapshot->panes[i];

		oldest = pane->number;
		if (!pane_is_within(clock, oldest, window))
			continue;
		take_pane_maxima(view, sum_pane(view, pane, masks),
				 clock->length_ns[oldest % HISTORY_PANES]);
	}
	oldest_ns = clock->begin_ns[oldest % HISTORY_PANES];
	if (oldest > 1 && oldest_ns > window->start_ns)
		view->max_length_ns = window->end_ns > oldest_ns ? window->end_ns - oldest_ns : 0;
}

static int group_rows(struct view *view, const struct snapshot *snapshot)
{
	struct grouper grouper = { view, snapshot->window_count };
	struct group_masks masks;
	int err = grouped_make_room(view, snapshot->row_count);

	view->row_count = 0;
	if (err)
		return err;
	view_group_masks(view, &masks);
	for (size_t i = 0; i < snapshot->row_count; i++) {
		struct flow_key key = snapshot->rows[i].key;

		flow_key_reduce(&key, &masks);
		group_add(&grouper, &key, &snapshot->rows[i]);
	}
	group_maxima(view, snapshot, &masks);
	view->rows = view->grouped;
	return 0;
}

int view_group(struct view *view, const struct snapshot *snapshot)
{
	view_group_by(view, &view->group);
	view->max_length_ns = snapshot->windows[snapshot->reference].observed_ns;
	view->rows = snapshot->rows;
	view->row_count = snapshot->row_count;
	return view->grouping == GROUPING_FLOWS ? 0 : group_rows(view, snapshot);
}

void view_history(const struct view *view, const struct snapshot *snapshot,
		  const struct flow_key *key, struct history *history)
{
	struct group_masks masks;

	view_group_masks(view, &masks);
	*history = (struct history){ 0 };
	for (size_t i = 0; i < snapshot->pane_count; i++) {
		const struct pane_flows *pane = snapshot->panes[i];
		struct tally *sum = &history->pane[pane->number % HISTORY_PANES];

		history->since = pane->number;
		for (size_t flow = 0; flow < pane->count; flow++) {
			struct flow_key reduced = pane->flows[flow].key;

			flow_key_reduce(&reduced, &masks);
			if (memcmp(&reduced, key, sizeof(reduced)))
				continue;
			sum->packets += pane->flows[flow].amount.packets;
			sum->bytes += pane->flows[flow].amount.bytes;
		}
	}
}
