/* SPDX-License-Identifier: BSD-2-Clause */
#include "view_arrange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"
#include "view_sort.h"

/* A row keeps its rank until its value has changed by this part of it. */
#define STEADY_PART 0.05

struct arranging {
	struct view *view;
	struct labeler labeler; /* of the search */
	char search[VIEW_SEARCH_MAX + 1];
	const char *words[VIEW_SEARCH_MAX];
	size_t word_count;
	struct flow_key class;  /* what the line below was made of */
	char class_line[5 * LABEL_MAX + 5];
	double least_held;
};

static bool is_numeric(int column)
{
	return column <= SORT_COLUMN_FLOWS || column >= SORT_COLUMN_EXTRA;
}

/* Rates, but for the total: while a window fills, volumes grow, and rows need not move. */
static double value_of(const struct arranging *arranging, const struct row *row)
{
	const struct view *view = arranging->view;
	int column = view->sort_column;
	struct tally amount;

	if (column >= SORT_COLUMN_EXTRA)
		return (double)row_extra(view, row);
	switch (column) {
	case SORT_COLUMN_MAX:
		return row_max(view, row);
	case SORT_COLUMN_FLOWS:
		return row->flows;
	case COVER_TOTAL:
		amount = row_amount(row, COVER_TOTAL);
		return view_volume(view, &amount);
	default:
		return row_rate(view, row, (enum cover)column, HALF_COUNT);
	}
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

/* Nothing under it can be among what is held, or has changed enough to move. */
static double least_held(const struct view *view)
{
	double least = INFINITY;

	for (size_t i = 0; i < view->held_count; i++)
		least = fmin(least, view->held[i].value);
	return least;
}

static double held_value(struct arranging *arranging, const struct row *row)
{
	struct view *view = arranging->view;
	const struct key_list list = { view->held, sizeof(view->held[0]) };
	double value = value_of(arranging, row), before;
	uint32_t found;

	if (!view->held_count || view->is_final ||
	    value < arranging->least_held * (1 - STEADY_PART))
		return value;
	found = key_map_find(&view->held_map, &list, &row->key, key_hash(&row->key));
	if (found == KEY_MAP_NONE)
		return value;
	before = view->held[found].value;
	return fabs(value - before) <= STEADY_PART * before ? before : value;
}

/* Of those that are at rest, who carried most comes first: all under the least that moves. */
static uint64_t rank_of_rest(const struct row *row)
{
	uint64_t bytes = row_amount(row, COVER_TOTAL).bytes, most = rank_of_value(DBL_MIN) - 1;

	return bytes < most ? bytes : most;
}

static uint64_t rank_of(struct arranging *arranging, const struct row *row)
{
	double value;

	switch (arranging->view->sort_column) {
	case SORT_COLUMN_SINCE:
		return row->first_ns;
	case SORT_COLUMN_SRC:
		return rank_of_address(&row->key, row->key.src, row->key.src_port);
	case SORT_COLUMN_DST:
		return rank_of_address(&row->key, row->key.dst, row->key.dst_port);
	case SORT_COLUMN_PROTO:
		return row->key.ip_proto;
	default:
		/* Greatest first. */
		value = held_value(arranging, row);
		return ~(value > 0 ? rank_of_value(value) : rank_of_rest(row));
	}
}

static char *put_lower(char *out, const char *text)
{
	for (; *text; text++)
		*out++ = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
	*out++ = ' ';
	return out;
}

/* Protocol, interface, VLAN and owner are mostly those of the row before. */
static void class_line_make(struct arranging *arranging, const struct row *row)
{
	const struct labeler *labeler = &arranging->labeler;
	char text[LABEL_MAX], *out = arranging->class_line;
	struct flow_key class = { .ip_proto = row->key.ip_proto, .flags = row->key.flags,
				  .vlan = row->key.vlan, .inner_vlan = row->key.inner_vlan,
				  .process = row->key.process, .container = row->key.container };

	if (!(class.flags & FLOW_IP))
		class.src_port = row->key.src_port;
	if (*out && !memcmp(&class, &arranging->class, sizeof(class)))
		return;
	arranging->class = class;
	out = put_lower(out, label_proto(labeler, &class, text));
	out = put_lower(out, label_link(labeler, &class, text));
	out = put_lower(out, label_extra(&class, text));
	out = put_lower(out, label_process(labeler, &class, text));
	out = put_lower(out, label_container(labeler, &class, text));
	*out = '\0';
}

/* Every word of the search is somewhere in the row. */
static bool is_found(struct arranging *arranging, const struct row *row)
{
	const struct labeler *labeler = &arranging->labeler;
	char line[2 * LABEL_MAX + 1], text[LABEL_MAX], *out = line;

	class_line_make(arranging, row);
	if (arranging->view->snapshot->wish.grouping == GROUPING_SERVICES) {
		out = put_lower(out, label_service(labeler, &row->key, text));
	} else {
		out = put_lower(out, label_src(labeler, &row->key, text));
		out = put_lower(out, label_dst(labeler, &row->key, text));
	}
	*out = '\0';
	for (size_t i = 0; i < arranging->word_count; i++) {
		if (!strstr(line, arranging->words[i]) &&
		    !strstr(arranging->class_line, arranging->words[i]))
			return false;
	}
	return true;
}

static void words_split(struct arranging *arranging)
{
	char *word, *rest = arranging->search;

	*put_lower(arranging->search, arranging->view->search) = 0;
	while ((word = strsep(&rest, " "))) {
		if (*word)
			arranging->words[arranging->word_count++] = word;
	}
}

static bool is_shown(struct arranging *arranging, const struct row *row)
{
	return !arranging->word_count || is_found(arranging, row);
}

static int order_make_room(struct view *view)
{
	size_t room = view->snapshot->row_count + 1;
	struct order *order;

	if (room <= view->order_room)
		return 0;
	order = realloc(view->order, room * sizeof(*order));
	if (!order)
		return -ENOMEM;
	view->order = order;
	view->order_room = room;
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
	struct arranging arranging = { .view = view };
	size_t count = 0;

	view->snapshot = snapshot;
	view->shown = 0;
	arranging.labeler = view_labeler(view);
	arranging.labeler.only_known = true;
	words_split(&arranging);
	arranging.least_held = least_held(view);
	if (order_make_room(view))
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->row_count; i++) {
		const struct row *row = &snapshot->rows[i];

		if (!is_shown(&arranging, row))
			continue;
		view->order[count++] = (struct order){ rank_of(&arranging, row), (uint32_t)i };
	}
	if (view_sort(view, count))
		return -ENOMEM;
	view->shown = view->row_limit && count > view->row_limit ? view->row_limit : count;
	hold(&arranging);
	find_selected(view);
	return 0;
}
