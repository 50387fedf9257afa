/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	}
	if (row->first_ns < sum->first_ns)
		sum->first_ns = row->first_ns;
	if (row->last_ns > sum->last_ns)
		sum->last_ns = row->last_ns;
	if (row->min_len < sum->min_len)
		sum->min_len = row->min_len;
	if (row->max_len > sum->max_len)
		sum->max_len = row->max_len;
	sum->tcp_flags |= row->tcp_flags;
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
	/* The maximum of a sum is not the sum of maxima. */
	sum->bytes_max = sum->packets_max = -1;
	key_map_add(&view->map, hash, (uint32_t)view->row_count++);
}

static int grouped_make_room(struct view *view, size_t count)
{
	struct row *rows;

	if (count > view->grouped_room || count < view->grouped_room / 8) {
		rows = malloc((count + 1) * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		free(view->grouped);
		view->grouped = rows;
		view->grouped_room = count + 1;
	}
	return key_map_reset(&view->map, count);
}

int view_group(struct view *view, const struct snapshot *snapshot)
{
	struct grouper grouper = { view, snapshot->window_count };
	struct group_masks masks;
	int err;

	view_group_by(view, &view->group);
	view->max_length_ns = snapshot->windows[snapshot->reference].observed_ns;
	view->rows = snapshot->rows;
	view->row_count = snapshot->row_count;
	if (view->grouping == GROUPING_FLOWS)
		return 0;
	err = grouped_make_room(view, snapshot->row_count);
	view->row_count = 0;
	if (err)
		return err;
	group_masks_make(&view->group, &masks);
	for (size_t i = 0; i < snapshot->row_count; i++) {
		struct flow_key key = snapshot->rows[i].key;

		flow_key_reduce(&key, &masks);
		group_add(&grouper, &key, &snapshot->rows[i]);
	}
	view->rows = view->grouped;
	return 0;
}
