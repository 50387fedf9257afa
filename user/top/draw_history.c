/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_history.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "draw_bits.h"
#include "format.h"
#include "screen.h"

#define AXIS_WIDTH   8
#define GRAPH_MIN    3
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
	snprintf(label, sizeof(label), "%s ago", text);
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
	uint64_t wall_ns = instant_ns + (uint64_t)screen->snapshot->clock_offset_ns;
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
	bool has_src = label_shows_src(labeler.group), has_dst = label_shows_dst(labeler.group);
	struct pen pen = pen_at(canvas, 1, y);
	char text[LABEL_MAX];

	pen.style = STYLE_STRONG;
	if (has_src)
		pen_text(&pen, label_src(&labeler, &row->key, text));
	if (has_src && has_dst)
		pen_text(&pen, canvas->utf8 ? " → " : " -> ");
	if (has_dst)
		pen_text(&pen, label_dst(&labeler, &row->key, text));
	pen_print(&pen, "  %s", label_proto(&labeler, &row->key, text));
	if (screen->view->document->direction && labeler.group->field[GROUP_DIRECTION])
		pen_text(&pen, row->key.flags & FLOW_OUT ? "  out" : "  in");
	pen_print(&pen, "  %s", label_extra(&labeler, &row->key, text));
	return y + 1;
}

static int draw_amounts(const struct screen *screen, const struct row *row, struct canvas *canvas,
			int y)
{
	const struct tally *amount = &row->amount[screen->snapshot->reference];
	struct pen pen = pen_at(canvas, 1, y);
	char text[LABEL_MAX], number[FORMAT_MAX];

	pen_print(&pen, "%s packets", format_count(amount->packets, number));
	pen_print(&pen, ", %s bytes", format_count(amount->bytes, number));
	if (row->flows > 1)
		pen_print(&pen, ", %s flows", format_count(row->flows, number));
	pen_print(&pen, " in the last %s",
		  format_length(screen->snapshot->windows[screen->snapshot->reference].observed_ns
				/ 100000000 * 100000000, number));
	pen = pen_at(canvas, 1, y + 1);
	if (amount->packets)
		pen_print(&pen, "packet sizes: %u least, %.1f average, %u%s greatest", row->min_len,
			  (double)amount->bytes / (double)amount->packets, row->max_len,
			  row->marks & FLOW_SIZE_SATURATED ? " or more" : "");
	if (!row->tcp_flags)
		return y + 2;
	if (canvas->width < FLAGS_BESIDE_WIDTH)
		pen = pen_at(canvas, 1, y++ + 2);
	else
		pen_text(&pen, "   ");
	pen_print(&pen, "TCP flags seen: %s", label_tcp_flags(row->tcp_flags, text));
	return y + 2;
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
	pen = pen_at(canvas, 1, y++);
	pen_styled(&pen, STYLE_DIM, unit_of_rate(screen->view->unit));
	height = canvas->height - y - 2; /* the axis of time, the foot */
	if (height >= GRAPH_MIN)
		draw_graph(screen, canvas, y, height);
}
