/* SPDX-License-Identifier: BSD-2-Clause */
#include "table_layout.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_NARROW 6
#define NUMBER_WIDE   8
#define PROTO_WIDTH   6
#define LINK_MAX      12
#define OWNER_MAX     18
#define BAR_MIN       5
#define BAR_MAX       24
#define SHARE_WIDTH   8
#define END_MIN       15
#define END_MAX       46
#define EXTRA_WIDTH   18
#define EXTRA_WIDER   3 /* the names of measures are long */
#define BARRED        72
#define WIDE          100
#define OWNED         80 /* a conversation's process */
#define VERY_WIDE     150
#define VISIBLE_MAX   1024

/* Columns that stand together, the most wanted first. */
struct group_of_columns {
	enum column_kind kind;
	enum cover cover;
	int sort_column;
	bool is_needed;   /* also where labels must be shortened for it */
};

static const struct group_of_columns wanted[] = {
	{ COLUMN_RATE,  COVER_SHORT, COVER_SHORT,       true },
	{ COLUMN_FLOWS, COVER_SHORT, SORT_COLUMN_FLOWS, true },
	{ COLUMN_TOTAL, COVER_TOTAL, COVER_TOTAL,       true },
	{ COLUMN_SINCE, COVER_TOTAL, SORT_COLUMN_SINCE, true },
	{ COLUMN_EXTRA, COVER_SHORT, SORT_COLUMN_EXTRA, true },
	{ COLUMN_RATE,  COVER_NOW,   COVER_NOW,         false },
	{ COLUMN_MAX,   COVER_TOTAL, SORT_COLUMN_MAX,   false },
	{ COLUMN_RATE,  COVER_LONG,  COVER_LONG,        false },
	{ COLUMN_OTHER, COVER_SHORT, NOT_SORTABLE,      false },
	{ COLUMN_SIZE,  COVER_TOTAL, NOT_SORTABLE,      false },
};

#define WANTED_COUNT (sizeof(wanted) / sizeof(wanted[0]))

/* Where they stand from left to right. */
static const size_t standing[WANTED_COUNT] = { 1, 5, 0, 7, 6, 2, 3, 4, 8, 9 };

struct choosing {
	const struct screen *screen;
	struct layout *layout;
	int width;
	int number_width;
	bool is_chosen[WANTED_COUNT];
};

bool layout_has_ends(const struct view *view)
{
	return grouping_has_ends(view->snapshot->wish.grouping);
}

const char *layout_name(const struct labeler *labeler, enum grouping grouping,
			const struct flow_key *key, char text[LABEL_MAX])
{
	switch (grouping) {
	case GROUPING_SERVICES:
		return label_service(labeler, key, text);
	case GROUPING_PROTOCOLS:
		return label_proto(labeler, key, text);
	case GROUPING_INTERFACES:
		return label_link(labeler, key, text);
	case GROUPING_PROCESSES:
		return label_process(labeler, key, text);
	case GROUPING_CONTAINERS:
		return label_container(labeler, key, text);
	default:
		return label_src(labeler, key, text);
	}
}

static int sides_of(const struct view *view)
{
	return view->snapshot->grouper.sides == SIDES_ONE ? 1 : HALF_COUNT;
}

/* Heads of five letters need one more beside the mark of the order; a row with two ends is one
 * flow, there and back. */
static int width_of(const struct choosing *choosing, const struct group_of_columns *columns)
{
	const struct view *view = choosing->screen->view;

	if (columns->kind == COLUMN_FLOWS && layout_has_ends(view))
		return 0;
	if (columns->kind == COLUMN_EXTRA && !view->snapshot->extras)
		return 0;
	if (columns->kind == COLUMN_EXTRA)
		return choosing->number_width + EXTRA_WIDER;
	if (columns->kind == COLUMN_RATE)
		return choosing->number_width * sides_of(view);
	return choosing->number_width + (columns->kind != COLUMN_MAX);
}

/* What is needed and what rows are sorted by, then as much as leaves labels whole. */
static int choose(struct choosing *choosing, bool is_needed, int room)
{
	int sort_column = choosing->screen->view->sort_column;

	for (size_t i = 0; i < WANTED_COUNT; i++) {
		bool is_now = wanted[i].is_needed || wanted[i].sort_column == sort_column;
		int width = width_of(choosing, &wanted[i]);

		if (is_now != is_needed || !width)
			continue;
		if (width > room)
			break;
		choosing->is_chosen[i] = true;
		room -= width;
	}
	return room;
}

static void add_column(struct choosing *choosing, const struct group_of_columns *columns, int half,
		       int width)
{
	struct layout *layout = choosing->layout;
	int sort_column = columns->sort_column;

	if (columns->kind == COLUMN_EXTRA)
		sort_column += choosing->screen->view->extra;
	layout->numbers[layout->number_count++] = (struct number_column){
		.kind = columns->kind, .cover = columns->cover, .half = half,
		.sort_column = sort_column, .width = width };
}

static void place_columns(struct choosing *choosing)
{
	int sides = sides_of(choosing->screen->view);

	for (size_t i = 0; i < WANTED_COUNT; i++) {
		const struct group_of_columns *columns = &wanted[standing[i]];
		int width = width_of(choosing, columns);

		if (!choosing->is_chosen[standing[i]])
			continue;
		if (columns->kind != COLUMN_RATE || sides == 1) {
			add_column(choosing, columns, HALF_COUNT, width);
			continue;
		}
		for (int half = 0; half < sides; half++)
			add_column(choosing, columns, half, width / sides);
	}
}

typedef const char *label_maker(const struct choosing *choosing, const struct labeler *labeler,
				const struct row *row, char text[LABEL_MAX]);

static const char *make_name(const struct choosing *choosing, const struct labeler *labeler,
			     const struct row *row, char text[LABEL_MAX])
{
	return layout_name(labeler, choosing->screen->snapshot->wish.grouping, &row->key, text);
}

static const char *make_src(const struct choosing *choosing, const struct labeler *labeler,
			    const struct row *row, char text[LABEL_MAX])
{
	(void)choosing;
	return label_src(labeler, &row->key, text);
}

static const char *make_dst(const struct choosing *choosing, const struct labeler *labeler,
			    const struct row *row, char text[LABEL_MAX])
{
	(void)choosing;
	return label_dst(labeler, &row->key, text);
}

static const char *make_link(const struct choosing *choosing, const struct labeler *labeler,
			     const struct row *row, char text[LABEL_MAX])
{
	(void)choosing;
	return label_link(labeler, &row->key, text);
}

static const char *make_process(const struct choosing *choosing, const struct labeler *labeler,
				const struct row *row, char text[LABEL_MAX])
{
	(void)choosing;
	return label_process(labeler, &row->key, text);
}

/* The longest label on the screen, and a space. */
static int widest(const struct choosing *choosing, label_maker *make, int least, int most)
{
	const struct view *view = choosing->screen->view;
	struct labeler labeler = view_labeler(view);
	char text[LABEL_MAX];
	int width = least;

	for (int i = 0; i < choosing->screen->rows_height && i < VISIBLE_MAX; i++) {
		const struct row *row = view_row(view, view->scroll + (size_t)i);
		int length;

		if (!row)
			break;
		length = (int)strlen(make(choosing, &labeler, row, text));
		width = length > width ? length : width;
	}
	return (width < most ? width : most) + 1;
}

/* Both ends as wide as their text where that fits, else cut by what is least. */
static void share_ends(struct layout *layout, int room)
{
	int src = layout->src_width, dst = layout->dst_width, half = room / 2;

	if (src + dst <= room)
		return;
	if (src > half && dst > half)
		src = half;
	else if (src > half)
		src = room - dst;
	layout->src_width = src;
	layout->dst_width = src + dst > room ? room - src : dst;
}

/* Of what stands left of the numbers: as much as is there. */
static int label_widths(struct choosing *choosing)
{
	const struct view *view = choosing->screen->view;
	struct layout *layout = choosing->layout;
	const struct group_by *group = &view->snapshot->grouper.group;

	if (!layout_has_ends(view)) {
		layout->name_width = widest(choosing, make_name, 14, END_MAX);
		return layout->name_width;
	}
	if (label_shows_src(group))
		layout->src_width = widest(choosing, make_src, 11, END_MAX);
	if (label_shows_dst(group))
		layout->dst_width = widest(choosing, make_dst, 11, END_MAX);
	return layout->src_width + layout->dst_width;
}

static void choose_fixed(struct choosing *choosing)
{
	const struct screen *screen = choosing->screen;
	const struct view *view = screen->view;
	const struct group_by *group = &view->snapshot->grouper.group;
	struct layout *layout = choosing->layout;
	bool has_ends = layout_has_ends(view);

	layout->proto_width = has_ends ? PROTO_WIDTH : 0;
	layout->mark_width = view->snapshot->wish.grouping == GROUPING_FLOWS &&
			     group->field[GROUP_DIRECTION] && screen->is_live ? 2 : 0;
	if (view->document->source_name_count > 1 && group->field[GROUP_INTERFACE] &&
	    view->snapshot->wish.grouping != GROUPING_INTERFACES && screen->is_live)
		layout->link_width = widest(choosing, make_link, 5, LINK_MAX);
	if (choosing->width >= OWNED && has_ends && group->field[GROUP_PROCESS])
		layout->owner_width = widest(choosing, make_process, 7, OWNER_MAX);
	layout->bar_width = choosing->width >= BARRED ? BAR_MIN : 0;
	layout->share_width = choosing->width >= WIDE ? SHARE_WIDTH : 0;
	layout->extra_width = choosing->width >= VERY_WIDE ? EXTRA_WIDTH : 0;
}

void layout_choose(struct layout *layout, const struct screen *screen, int width)
{
	struct choosing choosing = { .screen = screen, .layout = layout, .width = width,
				     .number_width = width < WIDE ? NUMBER_NARROW : NUMBER_WIDE };
	int labels, least, room;

	*layout = (struct layout){ 0 };
	choose_fixed(&choosing);
	labels = label_widths(&choosing);
	least = layout_has_ends(screen->view) ? 2 * END_MIN : END_MIN;
	room = width - layout->proto_width - layout->mark_width - layout->link_width - layout->owner_width -
	       layout->bar_width - layout->share_width - layout->extra_width;
	least = labels < least ? labels : least;
	room = choose(&choosing, true, room - least) + least;
	if (labels <= room)
		room = choose(&choosing, false, room - labels) + labels;
	place_columns(&choosing);
	share_ends(layout, room);
	if (layout->name_width > room)
		layout->name_width = room;
	room -= layout->src_width + layout->dst_width + layout->name_width;
	if (layout->bar_width && room > 0)
		layout->bar_width += room < BAR_MAX - BAR_MIN ? room : BAR_MAX - BAR_MIN;
}
