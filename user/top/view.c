/* SPDX-License-Identifier: BSD-2-Clause */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "../base/rate.h"

static int first_sort_column(const struct options *options)
{
	if (options->sort >= SORT_EXTRA)
		return SORT_COLUMN_EXTRA + (int)(options->sort - SORT_EXTRA);
	switch (options->sort) {
	case SORT_MAX:
		return SORT_COLUMN_MAX;
	case SORT_FLOWS:
		return SORT_COLUMN_FLOWS;
	default:
		return COVER_SHORT;
	}
}

struct wish view_first_wish(const struct options *options)
{
	bool is_whole = group_by_is_full(&options->counted);
	enum grouping first = is_whole ? GROUPING_CONVERSATIONS : GROUPING_FLOWS;

	/* A conversation is one flow: many are of a host. */
	if (options->sort == SORT_FLOWS)
		first = GROUPING_HOSTS;
	if (options->shows == SHOWS_SERVICES)
		first = GROUPING_SERVICES;
	else if (options->shows == SHOWS_PROCESSES)
		first = GROUPING_PROCESSES;
	else if (options->shows == SHOWS_CONTAINERS)
		first = GROUPING_CONTAINERS;
	return (struct wish){ first, DIRECTION_BOTH };
}

void view_init(struct view *view, const struct options *options,
	       const struct document_context *document)
{
	*view = (struct view){ .document = document, .wish = view_first_wish(options) };
	view->unit = options->sort == SORT_PACKETS ? UNIT_PACKETS : UNIT_BITS;
	view->sort_column = first_sort_column(options);
	if (view->sort_column >= SORT_COLUMN_EXTRA)
		view->extra = view->sort_column - SORT_COLUMN_EXTRA;
	view->row_limit = options->top;
}

void view_fini(struct view *view)
{
	free(view->order);
	key_map_fini(&view->held_map);
}

const struct row *view_row(const struct view *view, size_t place)
{
	return place < view->shown ? &view->snapshot->rows[view->order[place].row] : NULL;
}

const struct row *view_selected_row(const struct view *view)
{
	return view_row(view, view->has_selection ? view->cursor : 0);
}

struct labeler view_labeler(const struct view *view)
{
	return (struct labeler){ .group = &view->snapshot->grouper.group,
				 .names = view->shows_names ? view->names : NULL,
				 .link_names = view->document->link_names,
				 .owner_names = view->document->owner_names };
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

struct tally row_amount(const struct row *row, enum cover cover)
{
	const struct tally *forward = &row->side[HALF_FORWARD].amount[cover];
	const struct tally *reverse = &row->side[HALF_REVERSE].amount[cover];

	return (struct tally){ .packets = forward->packets + reverse->packets,
			       .bytes = forward->bytes + reverse->bytes };
}

double row_rate(const struct view *view, const struct row *row, enum cover cover, int half)
{
	struct tally amount = half == HALF_COUNT ? row_amount(row, cover) :
						   row->side[half].amount[cover];

	return view_rate(view, &amount, view->snapshot->windows[cover].observed_ns);
}

double row_max(const struct view *view, const struct row *row)
{
	double highest = 0;

	for (int half = 0; half < HALF_COUNT; half++) {
		const struct side *side = &row->side[half];
		double value = view_max(view, side->bytes_max, side->packets_max);

		highest = value > highest ? value : highest;
	}
	return highest;
}

uint64_t row_extra(const struct view *view, const struct row *row)
{
	const struct snapshot *snapshot = view->snapshot;

	return snapshot->extras ? extra_told(&snapshot->extras[row - snapshot->rows].newest,
					     (unsigned int)view->extra) : 0;
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

void view_roll(struct view *view, long rows, size_t height)
{
	long scroll = (long)view->scroll + rows;
	size_t last = view->shown > height ? view->shown - height : 0;

	view->scroll = scroll < 0 ? 0 : (size_t)scroll < last ? (size_t)scroll : last;
	if (!view->has_selection || !height)
		return;
	if (view->cursor < view->scroll)
		view_move_to(view, view->scroll);
	if (view->cursor >= view->scroll + height)
		view_move_to(view, view->scroll + height - 1);
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
