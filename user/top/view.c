/* SPDX-License-Identifier: BSD-2-Clause */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/rate.h"

static int first_sort_column(const struct options *options, size_t reference)
{
	switch (options->sort) {
	case SORT_AVERAGE:
		return (int)reference;
	case SORT_MAX:
		return SORT_COLUMN_MAX;
	default:
		return SORT_COLUMN_TOTAL;
	}
}

void view_init(struct view *view, const struct options *options,
	       const struct document_context *document)
{
	size_t reference = 0;

	for (size_t i = 1; i < options->window_count && i < SNAPSHOT_WINDOWS_MAX; i++) {
		if (options->windows[i].length_ns > options->windows[reference].length_ns)
			reference = i;
	}
	*view = (struct view){ .document = document };
	view->unit = options->sort == SORT_PACKETS ? UNIT_PACKETS : UNIT_BITS;
	view->sort_column = first_sort_column(options, reference);
	view->row_limit = options->top;
	view->direction = DIRECTION_BOTH;
}

void view_fini(struct view *view)
{
	free(view->order);
	free(view->grouped);
	free(view->pane);
	free(view->touched);
	key_map_fini(&view->map);
	key_map_fini(&view->held_map);
}

#define GROUPING_NAME(id, name, fields) [id] = (name),
#define GROUPING_FIELDS(id, name, fields) [id] = (fields),
static const char *const grouping_names[] = { GROUPINGS(GROUPING_NAME) };
static const char *const grouping_fields[] = { GROUPINGS(GROUPING_FIELDS) };

const char *grouping_name(enum grouping grouping)
{
	return grouping_names[grouping];
}

bool grouping_is_possible(const struct view *view, enum grouping grouping)
{
	const struct group_by *base = view->document->group;
	const char *reason;
	struct group_by group;

	if (grouping == GROUPING_FLOWS)
		return true;
	if (group_by_parse(grouping_fields[grouping], &group, &reason))
		return false;
	for (int i = 0; i < GROUP_FIELD_COUNT; i++) {
		if (group.field[i] && !base->field[i])
			return false;
	}
	return (!group.field[GROUP_SRC] || (group.src_prefix4 <= base->src_prefix4 &&
					    group.src_prefix6 <= base->src_prefix6)) &&
	       (!group.field[GROUP_DST] || (group.dst_prefix4 <= base->dst_prefix4 &&
					    group.dst_prefix6 <= base->dst_prefix6));
}

void view_group_by(const struct view *view, struct group_by *group)
{
	char fields[64];
	const char *reason;

	*group = *view->document->group;
	if (view->grouping == GROUPING_FLOWS)
		return;
	strcpy(fields, grouping_fields[view->grouping]);
	if (view->direction != DIRECTION_BOTH && view->document->group->field[GROUP_DIRECTION])
		strcat(fields, ",direction");
	if (group_by_parse(fields, group, &reason))
		*group = *view->document->group;
}

const struct row *view_row(const struct view *view, size_t place)
{
	return place < view->shown ? &view->rows[view->order[place].row] : NULL;
}

const struct row *view_selected_row(const struct view *view)
{
	return view_row(view, view->has_selection ? view->cursor : 0);
}

struct labeler view_labeler(const struct view *view)
{
	return (struct labeler){ .group = &view->group,
				 .names = view->shows_names ? view->names : NULL,
				 .link_names = view->document->link_names };
}

double view_rate(const struct view *view, const struct tally *amount, uint64_t length_ns)
{
	if (view->unit == UNIT_PACKETS)
		return rate_per_second(amount->packets, length_ns);
	return rate_per_second(amount->bytes, length_ns) * (view->unit == UNIT_BITS ? 8 : 1);
}

double view_volume(const struct view *view, const struct tally *amount)
{
	return (double)(view->unit == UNIT_PACKETS ? amount->packets : amount->bytes);
}

double view_max(const struct view *view, double bytes_max, double packets_max)
{
	if (view->unit == UNIT_PACKETS)
		return packets_max;
	return view->unit == UNIT_BITS ? 8 * bytes_max : bytes_max;
}

enum unit unit_beside(enum unit unit)
{
	return unit == UNIT_PACKETS ? UNIT_BITS : UNIT_PACKETS;
}

const char *unit_of_rate(enum unit unit)
{
	static const char *const units[] = { "bit/s", "B/s", "pkt/s" };

	return units[unit];
}

const char *unit_of_volume(enum unit unit)
{
	return unit == UNIT_PACKETS ? "pkt" : "B";
}

void view_forget_order(struct view *view)
{
	view->held_count = 0;
}

void view_move_to(struct view *view, size_t place)
{
	const struct row *row;

	if (!view->shown)
		return;
	view->cursor = place < view->shown ? place : view->shown - 1;
	row = view_row(view, view->cursor);
	view->selected = row->key;
	view->has_selection = true;
}

void view_move(struct view *view, long rows)
{
	long place = (long)view->cursor + rows;

	if (!view->has_selection)
		place = (long)view->scroll;
	view_move_to(view, place < 0 ? 0 : (size_t)place);
}

void view_deselect(struct view *view)
{
	view->has_selection = false;
	view->cursor = view->scroll = 0;
}

void view_scroll(struct view *view, size_t height)
{
	size_t last = view->shown > height ? view->shown - height : 0;

	if (view->has_selection && view->cursor < view->scroll)
		view->scroll = view->cursor;
	if (view->has_selection && height && view->cursor >= view->scroll + height)
		view->scroll = view->cursor - height + 1;
	if (view->scroll > last)
		view->scroll = last;
}
