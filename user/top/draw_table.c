/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_table.h"

#include <stdio.h>
#include <string.h>

#include "draw_bits.h"
#include "format.h"
#include "screen.h"

#define NUMBER_NARROW  6
#define NUMBER_WIDE    8
#define FLOWS_WIDTH    7
#define PROTO_WIDTH    6
#define BAR_MIN        4
#define BAR_MAX        24
#define SHARE_WIDTH    8
#define END_MIN        16
#define END_MAX        46
#define EXTRA_WIDTH    18
#define WIDE           100
#define VERY_WIDE      150
#define NOT_SORTABLE   -1
#define VISIBLE_MAX    1024

enum column_kind { COLUMN_AVERAGE, COLUMN_MAX, COLUMN_TOTAL, COLUMN_OTHER, COLUMN_SIZE };

struct number_column {
	enum column_kind kind;
	size_t window;
	int sort_column;
	int width;
};

/* Which columns fit, and how wide. */
struct layout {
	struct number_column numbers[SNAPSHOT_WINDOWS_MAX + 4];
	int number_count;
	int number_width, src_width, dst_width;
	int mark_width;    /* direction or number of flows */
	int extra_width, share_width, bar_width;
};

struct table {
	const struct screen *screen;
	struct canvas *canvas;
	struct layout layout;
	struct labeler labeler;
	double whole;      /* what a share is a share of */
	int y, height;     /* of the rows */
};

/* Total is the longest head: with the mark it needs one more to stand apart. */
static void add_number(struct layout *layout, enum column_kind kind, size_t window)
{
	struct number_column *column = &layout->numbers[layout->number_count++];

	column->kind = kind;
	column->window = window;
	column->width = layout->number_width + (kind == COLUMN_TOTAL);
	column->sort_column = kind == COLUMN_AVERAGE ? (int)window :
			      kind == COLUMN_MAX     ? SORT_COLUMN_MAX :
			      kind == COLUMN_TOTAL   ? SORT_COLUMN_TOTAL :
						       NOT_SORTABLE;
}

/* The column that rows are sorted by is always there; then averages, total, maximum. */
static void choose_numbers(struct table *table, int room)
{
	const struct snapshot *snapshot = table->screen->snapshot;
	int sort_column = table->screen->view->sort_column;
	int fit = (room - 1) / table->layout.number_width, windows = (int)snapshot->window_count;
	bool sorts_max = sort_column == SORT_COLUMN_MAX;
	bool has_total, has_max;

	if (windows > fit - 1)
		windows = fit > 1 ? fit - 1 : 1;
	has_total = fit > windows && (fit > windows + 1 || !sorts_max);
	has_max = fit > windows + (has_total ? 1 : 0) || sorts_max;
	for (int i = 0; i < windows; i++)
		add_number(&table->layout, COLUMN_AVERAGE, (size_t)i);
	if (has_max)
		add_number(&table->layout, COLUMN_MAX, 0);
	if (has_total)
		add_number(&table->layout, COLUMN_TOTAL, 0);
	if (table->canvas->width < VERY_WIDE)
		return;
	add_number(&table->layout, COLUMN_OTHER, 0);
	add_number(&table->layout, COLUMN_SIZE, 0);
}

static int widest(const struct table *table, bool of_src)
{
	const struct view *view = table->screen->view;
	char text[LABEL_MAX];
	int width = 11;

	for (int i = 0; i < table->height && i < VISIBLE_MAX; i++) {
		const struct row *row = view_row(view, view->scroll + (size_t)i);
		int length;

		if (!row)
			break;
		length = (int)strlen(of_src ? label_src(&table->labeler, &row->key, text)
					    : label_dst(&table->labeler, &row->key, text));
		if (length > width)
			width = length;
	}
	return (width < END_MAX ? width : END_MAX) + 1;
}

/* Both ends as wide as their text where that fits, else cut by what is least. */
static void share_ends(struct table *table, int room)
{
	int src = label_shows_src(table->labeler.group) ? widest(table, true) : 0;
	int dst = label_shows_dst(table->labeler.group) ? widest(table, false) : 0;

	if (src + dst > room) {
		int half = room / 2;

		if (src > half && dst > half)
			src = half;
		else if (src > half)
			src = room - dst;
		dst = src + dst > room ? room - src : dst;
	}
	table->layout.src_width = src;
	table->layout.dst_width = dst;
}

static int numbers_width(const struct layout *layout)
{
	int width = 0;

	for (int i = 0; i < layout->number_count; i++)
		width += layout->numbers[i].width;
	return width;
}

static void layout_choose(struct table *table)
{
	struct layout *layout = &table->layout;
	int width = table->canvas->width, rest;

	layout->mark_width = table->labeler.group->field[GROUP_DIRECTION] &&
			     table->screen->is_live ? 2 : 0;
	if (table->screen->view->grouping != GROUPING_FLOWS)
		layout->mark_width = FLOWS_WIDTH;
	layout->number_width = width < WIDE ? NUMBER_NARROW : NUMBER_WIDE;
	choose_numbers(table, width - PROTO_WIDTH - layout->mark_width - 2 * END_MIN);
	rest = width - PROTO_WIDTH - layout->mark_width - numbers_width(layout);
	if (width >= WIDE) {
		layout->share_width = SHARE_WIDTH;
		rest -= SHARE_WIDTH;
	}
	if (width >= VERY_WIDE) {
		layout->extra_width = EXTRA_WIDTH;
		rest -= EXTRA_WIDTH;
	}
	if (width >= 72)
		layout->bar_width = BAR_MIN;
	share_ends(table, rest - layout->bar_width);
	rest -= layout->src_width + layout->dst_width;
	if (layout->bar_width)
		layout->bar_width = rest < BAR_MAX ? rest : BAR_MAX;
}

/* The end of a label, its port, is kept where all of it does not fit. */
static void put_label(struct pen *pen, int width, const char *label)
{
	int length = (int)strlen(label), tail = (int)label_tail_length(label);
	char text[LABEL_MAX];
	int head = width - 1 - tail - 1;

	if (length < width || head < 3) {
		snprintf(text, sizeof(text), "%.*s", width - 1, label);
		pen_left(pen, width, text);
		return;
	}
	snprintf(text, sizeof(text), "%.*s%s%s", head, label, pen->canvas->utf8 ? "…" : "~",
		 label + length - tail);
	pen_left(pen, width, text);
}

static const char *number_head(const struct table *table, const struct number_column *column,
			       char *text)
{
	const struct snapshot *snapshot = table->screen->snapshot;
	const struct window_spec *spec = &table->screen->options->windows[column->window];
	char length[FORMAT_MAX];

	if (column->kind == COLUMN_TOTAL)
		return strcpy(text, "total");
	if (column->kind == COLUMN_SIZE)
		return strcpy(text, "B/pkt");
	if (column->kind == COLUMN_OTHER)
		return strcpy(text, unit_of_rate(unit_beside(table->screen->view->unit)));
	if (column->kind == COLUMN_AVERAGE)
		return format_length(spec->kind == WINDOW_SESSION ? spec->gap_ns : spec->length_ns,
				     text);
	/* Maxima of groups reach back as far as the panes that were kept. */
	if (table->screen->view->max_length_ns ==
	    snapshot->windows[snapshot->reference].observed_ns)
		return strcpy(text, "max");
	snprintf(text, FORMAT_MAX, "^%.8s",
		 format_length(table->screen->view->max_length_ns / 1000000000 * 1000000000,
			       length));
	return text;
}

/* The column that orders the rows is marked. */
static const char *sort_mark(const struct table *table, int sort_column)
{
	const struct view *view = table->screen->view;
	bool is_up = (sort_column >= SORT_COLUMN_SRC) != view->is_reversed;

	if (view->sort_column != sort_column)
		return "";
	if (table->canvas->utf8)
		return is_up ? "▲" : "▼";
	return is_up ? "^" : "v";
}

static void put_end_head(const struct table *table, struct pen *pen, int width, int sort_column)
{
	static const char *const names[] = { "source", "destination" };
	char text[FORMAT_MAX];

	if (!width)
		return;
	snprintf(text, sizeof(text), "%s%s", names[sort_column - SORT_COLUMN_SRC],
		 sort_mark(table, sort_column));
	pen_left(pen, width, text);
}

static void draw_table_heading(const struct table *table, int y)
{
	const struct layout *layout = &table->layout;
	struct pen pen = pen_at(table->canvas, 0, y);
	char text[2 * FORMAT_MAX], name[FORMAT_MAX];

	canvas_style_line(table->canvas, y, STYLE_HEADING);
	pen.style = STYLE_HEADING;
	put_end_head(table, &pen, layout->src_width, SORT_COLUMN_SRC);
	put_end_head(table, &pen, layout->dst_width, SORT_COLUMN_DST);
	snprintf(text, sizeof(text), "proto%s", sort_mark(table, SORT_COLUMN_PROTO));
	pen_left(&pen, PROTO_WIDTH, text);
	if (layout->mark_width == FLOWS_WIDTH)
		pen_right(&pen, layout->mark_width, "flows");
	else
		pen_fill(&pen, pen.x + layout->mark_width);
	for (int i = 0; i < layout->number_count; i++) {
		const struct number_column *column = &layout->numbers[i];

		snprintf(text, sizeof(text), "%s%s", number_head(table, column, name),
			 sort_mark(table, column->sort_column));
		pen_right(&pen, column->width, text);
	}
	if (layout->share_width)
		pen_right(&pen, layout->share_width, "share");
	if (layout->bar_width)
		pen_left(&pen, layout->bar_width, layout->share_width ? "" : " share");
	if (layout->extra_width)
		pen_left(&pen, layout->extra_width, " interface, vlan");
}

static void put_mark(const struct table *table, struct pen *pen, const struct row *row)
{
	bool is_out = row->key.flags & FLOW_OUT;
	char text[FORMAT_MAX];
	enum style style = pen->style;

	if (table->layout.mark_width == FLOWS_WIDTH) {
		pen_right(pen, FLOWS_WIDTH, format_number(row->flows, text));
		return;
	}
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

static const char *rate_text(const struct table *table, enum unit unit, const struct row *row,
			     size_t window, char *text)
{
	const struct view view = { .unit = unit };
	uint64_t length_ns = row_length_ns(row, table->screen->snapshot, window);

	if (!row_has_rate(row, window))
		return strcpy(text, "-");
	return format_number(view_rate(&view, &row->amount[window], length_ns), text);
}

static const char *number_text(const struct table *table, const struct number_column *column,
			       const struct row *row, char *text)
{
	const struct view *view = table->screen->view;
	size_t reference = table->screen->snapshot->reference;
	const struct tally *amount = &row->amount[reference];
	double highest;

	switch (column->kind) {
	case COLUMN_TOTAL:
		return format_number(view_volume(view, amount), text);
	case COLUMN_OTHER:
		return rate_text(table, unit_beside(view->unit), row, reference, text);
	case COLUMN_SIZE:
		return format_number(amount->packets ? (double)amount->bytes /
				     (double)amount->packets : 0, text);
	case COLUMN_MAX:
		highest = view_max(view, row->bytes_max, row->packets_max);
		return highest < 0 ? strcpy(text, "-") : format_number(highest, text);
	default:
		return rate_text(table, view->unit, row, column->window, text);
	}
}

static void draw_row(const struct table *table, const struct row *row, struct pen pen)
{
	const struct layout *layout = &table->layout;
	const struct snapshot *snapshot = table->screen->snapshot;
	double volume = view_volume(table->screen->view, &row->amount[snapshot->reference]);
	double part = table->whole > 0 ? volume / table->whole : 0;
	enum style style = pen.style;
	char text[LABEL_MAX];

	if (layout->src_width)
		put_label(&pen, layout->src_width, label_src(&table->labeler, &row->key, text));
	if (layout->dst_width)
		put_label(&pen, layout->dst_width, label_dst(&table->labeler, &row->key, text));
	pen_left(&pen, PROTO_WIDTH - 1, label_proto(&table->labeler, &row->key, text));
	pen_text(&pen, " ");
	put_mark(table, &pen, row);
	for (int i = 0; i < layout->number_count; i++) {
		const struct number_column *column = &layout->numbers[i];

		pen_right(&pen, column->width, number_text(table, column, row, text));
	}
	if (layout->share_width) {
		snprintf(text, sizeof(text), "%.1f %%", 100 * part);
		pen_right(&pen, layout->share_width, text);
	}
	if (layout->bar_width > 1) {
		pen_text(&pen, " ");
		pen.style = style == STYLE_NORMAL ? STYLE_BAR : style;
		draw_bar(&pen, layout->bar_width - 1, part);
		pen.style = style;
	}
	if (layout->extra_width) {
		pen_text(&pen, " ");
		pen_left(&pen, layout->extra_width - 1,
			 label_extra(&table->labeler, &row->key, text));
	}
}

static void draw_empty(const struct table *table)
{
	struct pen pen = pen_at(table->canvas, 1, table->y);

	pen.style = STYLE_DIM;
	if (table->screen->view->row_count)
		pen_text(&pen, "no row matches; / changes the search, d the direction");
	else
		pen_text(&pen, "no traffic in these windows");
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

int screen_draw_table(struct screen *screen, struct canvas *canvas, int y)
{
	const struct snapshot *snapshot = screen->snapshot;
	const struct window_total *total = &snapshot->windows[snapshot->reference].total;
	const struct tally whole = { total->packets, total->bytes };
	struct table table = { .screen = screen, .canvas = canvas, .y = y + 1,
			       .height = canvas->height - y - 2 };

	table.height = table.height > 0 ? table.height : 0;
	screen->rows_height = table.height;
	table.labeler = view_labeler(screen->view);
	table.whole = view_volume(screen->view, &whole);
	view_scroll(screen->view, (size_t)table.height);
	layout_choose(&table);
	draw_table_heading(&table, y);
	draw_rows(&table);
	return table.y + table.height;
}
