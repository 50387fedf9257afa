/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* A row keeps its rank until its value has changed by this part of it. */
#define STEADY_PART 0.05

struct arranging {
	struct view *view;
	const struct snapshot *snapshot;
	struct labeler labeler; /* of the search */
};

static bool is_numeric(int column)
{
	return column <= SORT_COLUMN_TOTAL;
}

static double value_of(const struct arranging *arranging, const struct row *row)
{
	const struct view *view = arranging->view;
	const struct snapshot *snapshot = arranging->snapshot;
	int column = view->sort_column;
	double highest;

	if (column == SORT_COLUMN_MAX) {
		highest = view_max(view, row->bytes_max, row->packets_max);
		return highest > 0 ? highest : 0;
	}
	if (column == SORT_COLUMN_TOTAL)
		return view_volume(view, &row->amount[snapshot->reference]);
	/* All rows of a window are over the same time. */
	return view_volume(view, &row->amount[column]);
}

/* Numbers that are not negative are in the order of their bits (IEEE 754). */
static uint64_t rank_of_value(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint64_t rank_of_address(const struct flow_key *key, const __be32 *address, __be16 port)
{
	if (!(key->flags & FLOW_IP))
		return 0;
	if (!(key->flags & FLOW_IPV6))
		return (uint64_t)1 << 62 | (uint64_t)ntohl(address[3]) << 16 | ntohs(port);
	return (uint64_t)1 << 63 | (uint64_t)ntohl(address[0]) << 31 | ntohl(address[1]) >> 1;
}

static double held_value(struct arranging *arranging, const struct row *row)
{
	struct view *view = arranging->view;
	const struct key_list list = { view->held, sizeof(view->held[0]) };
	double value = value_of(arranging, row), before;
	uint32_t found;

	if (!view->held_count || view->is_final)
		return value;
	found = key_map_find(&view->held_map, &list, &row->key, key_hash(&row->key));
	if (found == KEY_MAP_NONE)
		return value;
	before = view->held[found].value;
	return fabs(value - before) <= STEADY_PART * before ? before : value;
}

static uint64_t rank_of(struct arranging *arranging, const struct row *row)
{
	switch (arranging->view->sort_column) {
	case SORT_COLUMN_SRC:
		return rank_of_address(&row->key, row->key.src, row->key.src_port);
	case SORT_COLUMN_DST:
		return rank_of_address(&row->key, row->key.dst, row->key.dst_port);
	case SORT_COLUMN_PROTO:
		return row->key.ip_proto;
	default:
		/* Greatest first. */
		return ~rank_of_value(held_value(arranging, row));
	}
}

static int order_compare(const void *a, const void *b, void *context)
{
	const struct order *first = a, *second = b;
	const struct view *view = context;
	int sign = view->is_reversed ? -1 : 1;

	if (first->rank != second->rank)
		return first->rank < second->rank ? -sign : sign;
	return memcmp(&view->rows[first->row].key, &view->rows[second->row].key,
		      sizeof(struct flow_key));
}

static bool contains_word(const char *text, const char *word, size_t length)
{
	for (; *text; text++) {
		if (!strncasecmp(text, word, length))
			return true;
	}
	return !length;
}

/* Every word of the search is somewhere in the row. */
static bool is_found(const struct arranging *arranging, const struct row *row)
{
	const char *word = arranging->view->search;
	char text[4][LABEL_MAX];

	label_src(&arranging->labeler, &row->key, text[0]);
	label_dst(&arranging->labeler, &row->key, text[1]);
	label_proto(&arranging->labeler, &row->key, text[2]);
	label_extra(&arranging->labeler, &row->key, text[3]);
	while (*word) {
		size_t length = strcspn(word, " ");
		bool found = false;

		for (int i = 0; i < 4 && !found; i++)
			found = contains_word(text[i], word, length);
		if (!found)
			return false;
		word += length;
		word += strspn(word, " ");
	}
	return true;
}

static bool is_shown(const struct arranging *arranging, const struct row *row)
{
	const struct view *view = arranging->view;
	bool is_out = row->key.flags & FLOW_OUT;

	if (view->direction == DIRECTION_IN && is_out)
		return false;
	if (view->direction == DIRECTION_OUT && !is_out)
		return false;
	return !view->search[0] || is_found(arranging, row);
}

static int order_make_room(struct view *view)
{
	struct order *order;

	if (view->row_count < view->order_room)
		return 0;
	order = realloc(view->order, (view->row_count + 1) * sizeof(*order));
	if (!order)
		return -ENOMEM;
	view->order = order;
	view->order_room = view->row_count + 1;
	return 0;
}

static void hold(struct arranging *arranging)
{
	struct view *view = arranging->view;
	struct held held[VIEW_HELD_MAX];
	size_t count = view->shown < VIEW_HELD_MAX ? view->shown : VIEW_HELD_MAX;

	if (!is_numeric(view->sort_column))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct row *row = view_row(view, i);

		held[i] = (struct held){ row->key, held_value(arranging, row) };
	}
	view->held_count = count;
	if (!count || key_map_reset(&view->held_map, VIEW_HELD_MAX)) {
		view->held_count = 0;
		return;
	}
	memcpy(view->held, held, count * sizeof(*held));
	for (size_t i = 0; i < count; i++)
		key_map_add(&view->held_map, key_hash(&held[i].key), (uint32_t)i);
}

/* A selected row that has gone leaves the cursor where it was. */
static void find_selected(struct view *view)
{
	if (!view->has_selection)
		return;
	for (size_t i = 0; i < view->shown; i++) {
		if (!memcmp(&view_row(view, i)->key, &view->selected, sizeof(view->selected))) {
			view->cursor = i;
			return;
		}
	}
	if (view->cursor >= view->shown)
		view->cursor = view->shown ? view->shown - 1 : 0;
}

int view_arrange(struct view *view, const struct snapshot *snapshot)
{
	struct arranging arranging = { view, snapshot, view_labeler(view) };
	size_t count = 0;

	arranging.labeler.only_known = true;
	view->shown = 0;
	if (order_make_room(view))
		return -ENOMEM;
	for (size_t i = 0; i < view->row_count; i++) {
		const struct row *row = &view->rows[i];

		if (!is_shown(&arranging, row))
			continue;
		view->order[count++] = (struct order){ rank_of(&arranging, row), (uint32_t)i };
	}
	qsort_r(view->order, count, sizeof(*view->order), order_compare, view);
	view->shown = view->row_limit && count > view->row_limit ? view->row_limit : count;
	hold(&arranging);
	find_selected(view);
	return 0;
}
