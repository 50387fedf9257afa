/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_history.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "draw_bits.h"
#include "format.h"
#include "screen.h"
#include "table_layout.h"

#define AXIS_WIDTH   8
#define GRAPH_MIN    2
#define FLAGS_BESIDE_WIDTH 84

static double rate_back(const struct screen *screen, uint64_t back)
{
	const struct pane_clock *clock = &screen->snapshot->clock;

	if (back >= clock->number)
		return 0;
	return pane_rate(&screen->history, clock, screen->view->unit, clock->number - back);
}

static double highest_rate(const struct screen *screen, int width)
{
	double highest = 0;

	for (int i = 0; i < width; i++) {
		double rate = rate_back(screen, (uint64_t)i);

		if (rate > highest)
			highest = rate;
	}
	return highest;
}

/* One line of the graph: from is its lower edge, in lines from the bottom. */
static void draw_graph_line(const struct screen *screen, struct pen *pen, int from, double scale)
{
	int width = pen->end - pen->x;

	if (width > HISTORY_PANES)
		width = HISTORY_PANES;
	for (int i = width - 1; i >= 0; i--) {
		double level = rate_back(screen, (uint64_t)i) * scale - from;

		if (from > 0 && level < 0.0625)
			level = 0;
		pen_glyph(pen, level_glyph(pen->canvas, level));
	}
}

static int graph_width(const struct canvas *canvas)
{
	int width = canvas->width - AXIS_WIDTH;

	return width < HISTORY_PANES ? width : HISTORY_PANES;
}

static void draw_time_axis(const struct screen *screen, struct canvas *canvas, int y)
{
	int width = graph_width(canvas);
	struct pen pen = pen_at(canvas, AXIS_WIDTH, y);
	char text[FORMAT_MAX], label[2 * FORMAT_MAX];

	format_length((uint64_t)width * screen->options->pane_ns, text);
	snprintf(label, sizeof(label), "%s ago, in %s", text, unit_of_rate(screen->view->unit));
	pen.style = STYLE_DIM;
	pen_left(&pen, width - 6, label);
	pen_text(&pen, "newest");
}

static void draw_graph(const struct screen *screen, struct canvas *canvas, int y, int height)
{
	double highest = highest_rate(screen, graph_width(canvas));
	char text[FORMAT_MAX];

	for (int line = 0; line < height; line++) {
		struct pen pen = pen_at(canvas, 0, y + line);
		int from = height - 1 - line;

		pen.style = STYLE_DIM;
		pen_right(&pen, AXIS_WIDTH - 1,
			  line == 0 ? format_number(highest, text) : from == 0 ? "0" : "");
		pen_text(&pen, " ");
		pen.style = STYLE_BAR;
		draw_graph_line(screen, &pen, from, highest > 0 ? height / highest : 0);
	}
	draw_time_axis(screen, canvas, y + height);
}

static const char *stamp(const struct screen *screen, uint64_t instant_ns, char *text, size_t size)
{
	uint64_t wall_ns = instant_ns + (uint64_t)screen->snapshot->facts.clock_offset_ns;
	time_t seconds = (time_t)(wall_ns / 1000000000);
	char clock[32] = "?";
	struct tm utc;

	if (gmtime_r(&seconds, &utc))
		strftime(clock, sizeof(clock), "%F %T", &utc);
	snprintf(text, size, "%s.%03u", clock, (unsigned int)(wall_ns / 1000000 % 1000));
	return text;
}

static int draw_who(const struct screen *screen, const struct row *row, struct canvas *canvas,
		    int y)
{
	struct labeler labeler = view_labeler(screen->view);
	enum grouping grouping = screen->snapshot->wish.grouping;
	struct pen pen = pen_at(canvas, 1, y);
	char text[LABEL_MAX];

	pen.style = STYLE_STRONG;
	if (!layout_has_ends(screen->view)) {
		pen_text(&pen, layout_name(&labeler, grouping, &row->key, text));
	} else {
		if (label_shows_src(labeler.group))
			pen_text(&pen, label_src(&labeler, &row->key, text));
		if (label_shows_src(labeler.group) && label_shows_dst(labeler.group))
			pen_text(&pen, canvas->utf8 ? " → " : " -> ");
		if (label_shows_dst(labeler.group))
			pen_text(&pen, label_dst(&labeler, &row->key, text));
		pen_print(&pen, "  %s", label_proto(&labeler, &row->key, text));
	}
	if (grouping == GROUPING_FLOWS && screen->view->document->direction &&
	    labeler.group->field[GROUP_DIRECTION])
		pen_text(&pen, row->key.flags & FLOW_OUT ? "  out" : "  in");
	if (*label_link(&labeler, &row->key, text) != '-')
		pen_print(&pen, "  %s", text);
	pen_print(&pen, "  %s", label_extra(&row->key, text));
	return y + 1;
}

/* Sizes of both sides together, where any packet is known. */
static void put_sizes(struct pen *pen, const struct row *row)
{
	const struct side *there = &row->side[HALF_FORWARD], *back = &row->side[HALF_REVERSE];
	struct tally total = row_amount(row, COVER_TOTAL);
	unsigned int least = there->min_len, most = there->max_len;

	if (back->max_len) {
		least = !most || back->min_len < least ? back->min_len : least;
		most = back->max_len > most ? back->max_len : most;
	}
	if (most)
		pen_print(pen, "packet sizes: %u least, %.1f average, %u greatest", least,
			  (double)total.bytes / (double)total.packets, most);
}

static void put_side(const struct screen *screen, struct pen *pen, const struct row *row, int half)
{
	static const char *const names[][HALF_COUNT] = {
		[SIDES_ONE] = { "", "" },
		[SIDES_ARROWS] = { "from who began: ", "back: " },
		[SIDES_SENT] = { "sent: ", "received: " },
		[SIDES_DIRECTIONS] = { "in: ", "out: " },
	};
	const struct tally *amount = &row->side[half].amount[COVER_TOTAL];
	char number[FORMAT_MAX];

	pen_print(pen, "%s%s packets", names[screen->snapshot->grouper.sides][half],
		  format_count(amount->packets, number));
	pen_print(pen, ", %s bytes", format_count(amount->bytes, number));
}

static int draw_amounts(const struct screen *screen, const struct row *row, struct canvas *canvas,
			int y)
{
	uint8_t tcp_flags = 0;
	char text[LABEL_MAX];
	struct pen pen;

	for (int half = 0; half < HALF_COUNT; half++) {
		if (half && screen->snapshot->grouper.sides == SIDES_ONE)
			continue;
		pen = pen_at(canvas, 1, y++);
		put_side(screen, &pen, row, half);
		tcp_flags |= row->side[half].tcp_flags;
	}
	pen = pen_at(canvas, 1, y);
	put_sizes(&pen, row);
	if (!tcp_flags)
		return y + 1;
	if (canvas->width < FLAGS_BESIDE_WIDTH)
		pen = pen_at(canvas, 1, ++y);
	else
		pen_text(&pen, "   ");
	pen_print(&pen, "TCP flags seen: %s", label_tcp_flags(tcp_flags, text));
	return y + 1;
}

static int draw_times(const struct screen *screen, const struct row *row, struct canvas *canvas,
		      int y)
{
	struct pen pen = pen_at(canvas, 1, y);
	char first[64], last[64];

	stamp(screen, row->first_ns, first, sizeof(first));
	stamp(screen, row->last_ns, last, sizeof(last));
	pen_print(&pen, "first %s   last %s   UTC", first, last + (canvas->width < 72 ? 11 : 0));
	return y + 1;
}

void screen_draw_history(struct screen *screen, struct canvas *canvas, int y)
{
	const struct row *row = view_selected_row(screen->view);
	int height;
	struct pen pen;

	if (!row) {
		pen = pen_at(canvas, 1, y);
		pen_styled(&pen, STYLE_DIM, "no row is selected");
		return;
	}
	y = draw_who(screen, row, canvas, y);
	y = draw_amounts(screen, row, canvas, y);
	y = draw_times(screen, row, canvas, y);
	height = canvas->height - y - 2; /* the axis of time, the foot */
	if (height >= GRAPH_MIN)
		draw_graph(screen, canvas, y, height);
}
