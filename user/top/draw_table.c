/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_table.h"

#include <stdio.h>
#include <string.h>

#include "../cli/options_table.h"
#include "draw_bits.h"
#include "format.h"
#include "table_layout.h"

struct table {
	struct screen *screen;
	struct canvas *canvas;
	struct layout layout;
	struct labeler labeler;
	enum cover cover;  /* of shares */
	double whole;      /* what they are a share of */
	int y, height;     /* of the rows */
};

/* Of a label that does not fit, both ends are kept: network and host, the port above all. */
static void put_label(struct pen *pen, int width, const char *label)
{
	int length = (int)strlen(label), port = (int)label_tail_length(label);
	char text[LABEL_MAX];
	int room = width - 2, tail;

	if (length < width || room - port < 2) {
		snprintf(text, sizeof(text), "%.*s", width - 1, label);
		pen_left(pen, width, text);
		return;
	}
	tail = port + (room - port) / 2;
	snprintf(text, sizeof(text), "%.*s%s%s", room - tail, label,
		 pen->canvas->utf8 ? "…" : "~", label + length - tail);
	pen_left(pen, width, text);
}

/* The sign of a side: from who began and to them, sent and received, in and out. */
static const char *side_sign(const struct table *table, int half)
{
	static const char *const signs[2][2][HALF_COUNT] = {
		{ { ">", "<" }, { "i", "o" } },
		{ { "→", "←" }, { "↓", "↑" } },
	};
	enum sides sides = table->screen->snapshot->grouper.sides;

	if (half == HALF_COUNT)
		return "";
	return signs[table->canvas->utf8][sides == SIDES_DIRECTIONS][half];
}

/* Since when maxima are, where rows began later than the run. */
static void put_max_head(const struct snapshot *snapshot, char *text, size_t size)
{
	char length[FORMAT_MAX];

	if (snapshot->max_since_ns <= snapshot->begin_ns)
		snprintf(text, size, "max");
	else
		snprintf(text, size, "^%.5s",
			 format_age(snapshot->end_ns - snapshot->max_since_ns, length));
}

/* Averages of rows that were made anew reach back as far as the panes that were kept. */
static uint64_t cover_length_ns(const struct snapshot *snapshot, enum cover cover)
{
	const struct window_result *rows = &snapshot->windows[cover];

	if (snapshot->is_first_look)
		return snapshot->whole[cover].spec->length_ns;
	if (rows->observed_ns + rows->observed_ns / 16 < snapshot->whole[cover].observed_ns)
		return rows->observed_ns / 1000000000 * 1000000000;
	return rows->spec->length_ns;
}

/*
 * As documents call it; where there is no room beside the mark it is shorter before its last word.
 */
static void put_extra_head(const struct view *view, int width, char *text, size_t size)
{
	const char *name = sort_field_name(SORT_EXTRA + (enum sort_field)view->extra);

	const char *last = strrchr(name, '_');
	int room = width - 2, length = (int)strlen(name);

	if (last && length > room && room > (int)strlen(last))
		snprintf(text, size, "%.*s%s", room - (int)strlen(last), name, last);
	else
		snprintf(text, size, "%.*s", room, name);
}

static void put_number_head(const struct table *table, const struct number_column *column,
			    char *text, size_t size)
{
	const struct snapshot *snapshot = table->screen->snapshot;
	char length[FORMAT_MAX];

	switch (column->kind) {
	case COLUMN_FLOWS:
		snprintf(text, size, "flows");
		return;
	case COLUMN_TOTAL:
		snprintf(text, size, "total");
		return;
	case COLUMN_SINCE:
		snprintf(text, size, "since");
		return;
	case COLUMN_SIZE:
		snprintf(text, size, "B/pkt");
		return;
	case COLUMN_EXTRA:
		put_extra_head(table->screen->view, column->width, text, size);
		return;
	case COLUMN_OTHER:
		snprintf(text, size, "%s", unit_of_rate(unit_beside(table->screen->view->unit)));
		return;
	case COLUMN_MAX:
		put_max_head(snapshot, text, size);
		return;
	case COLUMN_RATE:
		format_length(cover_length_ns(snapshot, column->cover), length);
		snprintf(text, size, "%s%s", side_sign(table, column->half), length);
		return;
	}
}

/* The column that orders the rows is marked. */
static const char *sort_mark(const struct table *table, int sort_column)
{
	const struct view *view = table->screen->view;
	bool begins_up = sort_column >= SORT_COLUMN_SINCE && sort_column < SORT_COLUMN_EXTRA;
	bool is_up = begins_up != view->is_reversed;

	if (view->sort_column != sort_column)
		return "";
	if (table->canvas->utf8)
		return is_up ? "▲" : "▼";
	return is_up ? "^" : "v";
}

static void note_column(const struct table *table, const struct pen *pen, int x, int sort_column)
{
	struct screen *screen = table->screen;

	if (sort_column < 0 || screen->place_count == SCREEN_PLACES_MAX)
		return;
	screen->places[screen->place_count++] = (struct column_place){ x, pen->x, sort_column };
}

static void put_head(const struct table *table, struct pen *pen, int width, const char *name,
		     int sort_column)
{
	char text[2 * FORMAT_MAX];
	int x = pen->x;

	if (!width)
		return;
	snprintf(text, sizeof(text), "%s%s", name, sort_mark(table, sort_column));
	pen_left(pen, width, text);
	note_column(table, pen, x, sort_column);
}

static void put_name_heads(const struct table *table, struct pen *pen)
{
	static const char *const names[GROUPING_COUNT] = {
		[GROUPING_HOSTS] = "host", [GROUPING_SERVICES] = "service",
		[GROUPING_NETWORKS] = "network", [GROUPING_PROTOCOLS] = "protocol",
		[GROUPING_INTERFACES] = "interface", [GROUPING_PROCESSES] = "process",
		[GROUPING_CONTAINERS] = "container",
	};
	const struct layout *layout = &table->layout;
	enum grouping grouping = table->screen->snapshot->wish.grouping;
	bool is_oriented = grouping == GROUPING_CONVERSATIONS;

	put_head(table, pen, layout->link_width, "iface", NOT_SORTABLE);
	put_head(table, pen, layout->name_width, names[grouping] ? names[grouping] : "",
		 grouping == GROUPING_SERVICES ? SORT_COLUMN_DST :
		 grouping == GROUPING_PROTOCOLS ? SORT_COLUMN_PROTO : SORT_COLUMN_SRC);
	put_head(table, pen, layout->src_width, is_oriented ? "who began" : "source",
		 SORT_COLUMN_SRC);
	put_head(table, pen, layout->dst_width, is_oriented ? "with" : "destination",
		 SORT_COLUMN_DST);
	put_head(table, pen, layout->proto_width, "proto", SORT_COLUMN_PROTO);
	put_head(table, pen, layout->owner_width, "process", NOT_SORTABLE);
	pen_fill(pen, pen->x + layout->mark_width);
}

/* Of two sides, the mark is at the second. */
static bool is_marked(const struct number_column *column)
{
	return column->kind != COLUMN_RATE || column->half != HALF_FORWARD;
}

static void draw_table_heading(const struct table *table, int y)
{
	const struct layout *layout = &table->layout;
	struct pen pen = pen_at(table->canvas, 0, y);
	char text[2 * FORMAT_MAX], name[FORMAT_MAX];

	canvas_style_line(table->canvas, y, STYLE_HEADING);
	pen.style = STYLE_HEADING;
	put_name_heads(table, &pen);
	for (int i = 0; i < layout->number_count; i++) {
		const struct number_column *column = &layout->numbers[i];
		int x = pen.x;

		put_number_head(table, column, name, sizeof(name));
		snprintf(text, sizeof(text), "%s%s", name,
			 is_marked(column) ? sort_mark(table, column->sort_column) : "");
		pen_right(&pen, column->width, text);
		note_column(table, &pen, x, column->sort_column);
	}
	if (layout->share_width)
		pen_right(&pen, layout->share_width, "share");
	if (layout->bar_width)
		pen_left(&pen, layout->bar_width, layout->share_width ? "" : " part");
	if (layout->extra_width)
		pen_left(&pen, layout->extra_width, " vlan");
}

static void put_mark(const struct table *table, struct pen *pen, const struct row *row)
{
	bool is_out = row->key.flags & FLOW_OUT;
	enum style style = pen->style;

	if (!table->layout.mark_width)
		return;
	if (style == STYLE_NORMAL)
		pen->style = is_out ? STYLE_OUT : STYLE_IN;
	if (table->canvas->utf8)
		pen_text(pen, is_out ? "↑ " : "↓ ");
	else
		pen_text(pen, is_out ? "> " : "< ");
	pen->style = style;
}

static const char *since_text(const struct snapshot *snapshot, const struct row *row, char *text)
{
	return format_age(snapshot->end_ns > row->first_ns ? snapshot->end_ns - row->first_ns : 0,
			  text);
}

static const char *extra_text(const struct view *view, const struct row *row, char *text)
{
	uint64_t value = row_extra(view, row);

	if (!extra_is_time((unsigned int)view->extra))
		return format_number((double)value, text);
	return value ? format_latency(value, text) : strcpy(text, "-");
}

static const char *number_text(const struct table *table, const struct number_column *column,
			       const struct row *row, char *text)
{
	const struct view *view = table->screen->view;
	const struct snapshot *snapshot = table->screen->snapshot;
	struct tally total = row_amount(row, COVER_TOTAL), amount = row_amount(row, column->cover);
	struct view beside = { .unit = unit_beside(view->unit) };

	switch (column->kind) {
	case COLUMN_TOTAL:
		return format_number(view_volume(view, &total), text);
	case COLUMN_FLOWS:
		return format_number(row->flows, text);
	case COLUMN_SINCE:
		return since_text(snapshot, row, text);
	case COLUMN_EXTRA:
		return extra_text(view, row, text);
	case COLUMN_OTHER:
		return format_number(view_rate(&beside, &amount,
					       snapshot->windows[column->cover].observed_ns), text);
	case COLUMN_SIZE:
		return format_number(total.packets ? (double)total.bytes / (double)total.packets : 0,
				     text);
	case COLUMN_MAX:
		return row_max(view, row) > 0 ? format_number(row_max(view, row), text) :
						strcpy(text, "-");
	default:
		if (snapshot->is_first_look && column->cover != COVER_SHORT)
			return strcpy(text, "-");
		return format_number(row_rate(view, row, column->cover, column->half), text);
	}
}

static void put_names(const struct table *table, struct pen *pen, const struct row *row)
{
	const struct layout *layout = &table->layout;
	const struct labeler *labeler = &table->labeler;
	enum grouping grouping = table->screen->snapshot->wish.grouping;
	char text[LABEL_MAX];

	if (layout->link_width)
		put_label(pen, layout->link_width, label_link(labeler, &row->key, text));
	if (layout->name_width)
		put_label(pen, layout->name_width,
			  layout_name(labeler, grouping, &row->key, text));
	if (layout->src_width)
		put_label(pen, layout->src_width, label_src(labeler, &row->key, text));
	if (layout->dst_width)
		put_label(pen, layout->dst_width, label_dst(labeler, &row->key, text));
	if (layout->proto_width) {
		pen_left(pen, layout->proto_width - 1, label_proto(labeler, &row->key, text));
		pen_text(pen, " ");
	}
	if (layout->owner_width)
		put_label(pen, layout->owner_width, label_process(labeler, &row->key, text));
	put_mark(table, pen, row);
}

static void put_share(const struct table *table, struct pen *pen, const struct row *row)
{
	const struct layout *layout = &table->layout;
	struct tally amount = row_amount(row, table->cover);
	double volume = view_volume(table->screen->view, &amount);
	double part = table->whole > 0 ? volume / table->whole : 0;
	enum style style = pen->style;
	char text[FORMAT_MAX];

	if (layout->share_width) {
		snprintf(text, sizeof(text), "%.1f %%", 100 * part);
		pen_right(pen, layout->share_width, text);
	}
	if (layout->bar_width < 2)
		return;
	pen_text(pen, " ");
	pen->style = style == STYLE_NORMAL ? STYLE_BAR : style;
	draw_bar(pen, layout->bar_width - 1, part);
	pen->style = style;
}

static void draw_row(const struct table *table, const struct row *row, struct pen pen)
{
	const struct layout *layout = &table->layout;
	char text[LABEL_MAX];

	put_names(table, &pen, row);
	for (int i = 0; i < layout->number_count; i++) {
		const struct number_column *column = &layout->numbers[i];

		pen_right(&pen, column->width, number_text(table, column, row, text));
	}
	put_share(table, &pen, row);
	if (layout->extra_width) {
		pen_text(&pen, " ");
		pen_left(&pen, layout->extra_width - 1, label_extra(&row->key, text));
	}
}

static void draw_empty(const struct table *table)
{
	struct pen pen = pen_at(table->canvas, 1, table->y);

	pen.style = STYLE_DIM;
	if (table->screen->snapshot->row_count)
		pen_text(&pen, "no row matches; / changes the search");
	else
		pen_text(&pen, "no traffic yet");
}

static void draw_rows(const struct table *table)
{
	const struct view *view = table->screen->view;

	for (int i = 0; i < table->height; i++) {
		size_t place = view->scroll + (size_t)i;
		const struct row *row = view_row(view, place);
		struct pen pen = pen_at(table->canvas, 0, table->y + i);

		if (!row)
			break;
		if (view->has_selection && place == view->cursor) {
			pen.style = STYLE_SELECTED;
			canvas_style_line(table->canvas, pen.y, STYLE_SELECTED);
		}
		draw_row(table, row, pen);
	}
	if (!view->shown)
		draw_empty(table);
}

/* Shares are of the time that rows are sorted by, else of the last ten seconds. */
static enum cover cover_of_shares(const struct view *view)
{
	return view->sort_column < COVER_COUNT ? (enum cover)view->sort_column : COVER_SHORT;
}

int screen_draw_table(struct screen *screen, struct canvas *canvas, int y)
{
	struct table table = { .screen = screen, .canvas = canvas, .y = y + 1,
			       .height = canvas->height - y - 2,
			       .cover = cover_of_shares(screen->view) };
	const struct window_total *total = &screen->snapshot->whole[table.cover].total;
	const struct tally whole = { total->packets, total->bytes };

	table.height = table.height > 0 ? table.height : 0;
	screen->rows_height = table.height;
	screen->rows_y = table.y;
	screen->place_count = 0;
	table.labeler = view_labeler(screen->view);
	table.whole = view_volume(screen->view, &whole);
	view_scroll(screen->view, (size_t)table.height);
	layout_choose(&table.layout, screen, canvas->width);
	draw_table_heading(&table, y);
	draw_rows(&table);
	return table.y + table.height;
}
