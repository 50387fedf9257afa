/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_history.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../cli/options_table.h"
#include "draw_bits.h"
#include "format.h"
#include "screen.h"
#include "table_layout.h"

#define AXIS_WIDTH   8
#define GRAPH_MIN    2
#define FLAGS_BESIDE_WIDTH 84

/* Columns of the graph: each is some panes, so that all that is known has room. */
struct graph {
	const struct screen *screen;
	int width;
	uint64_t step;   /* panes a column */
	uint64_t newest; /* the last column, counted in columns from the first pane on */
};

static struct graph graph_of(const struct screen *screen, const struct canvas *canvas)
{
	static const uint64_t steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, HISTORY_PANES };
	uint64_t newest = screen->snapshot->clock.number, since = screen->history.history.since;
	struct graph graph = { .screen = screen, .width = canvas->width - AXIS_WIDTH };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		graph.step = steps[i];
		graph.newest = (newest - 1) / graph.step;
		if (graph.newest - (since ? since - 1 : 0) / graph.step < (uint64_t)graph.width)
			break;
	}
	return graph;
}

/* Columns begin with the same panes from one refresh to the next: the newest fills up. */
static double rate_back(const struct graph *graph, uint64_t back)
{
	const struct screen *screen = graph->screen;
	struct rates rates;

	if (back > graph->newest)
		return 0;
	rates = history_average(&screen->history.history, &screen->snapshot->clock,
				(graph->newest - back) * graph->step + 1, graph->step);
	if (screen->view->unit == UNIT_PACKETS)
		return rates.packets;
	return screen->view->unit == UNIT_BITS ? 8 * rates.bytes : rates.bytes;
}

static double highest_rate(const struct graph *graph)
{
	double highest = 0;

	for (int i = 0; i < graph->width; i++) {
		double rate = rate_back(graph, (uint64_t)i);

		if (rate > highest)
			highest = rate;
	}
	return highest;
}

/* One line of the graph: from is its lower edge, in lines from the bottom. */
static void draw_graph_line(const struct graph *graph, struct pen *pen, int from, double scale)
{
	for (int i = graph->width - 1; i >= 0; i--) {
		double level = rate_back(graph, (uint64_t)i) * scale - from;

		if (from > 0 && level < 0.0625)
			level = 0;
		pen_glyph(pen, level_glyph(pen->canvas, level));
	}
}

static void draw_time_axis(const struct graph *graph, struct canvas *canvas, int y)
{
	const struct screen *screen = graph->screen;
	uint64_t step_ns = graph->step * screen->options->pane_ns;
	struct pen pen = pen_at(canvas, AXIS_WIDTH, y);
	char text[FORMAT_MAX], step[FORMAT_MAX], label[4 * FORMAT_MAX];

	format_length((uint64_t)graph->width * step_ns, text);
	format_length(step_ns, step);
	snprintf(label, sizeof(label), "%s ago, in %s, a column is %s", text,
		 unit_of_rate(screen->view->unit), step);
	pen.style = STYLE_DIM;
	pen_left(&pen, graph->width - 6, label);
	pen_text(&pen, "newest");
}

static void draw_graph(const struct screen *screen, struct canvas *canvas, int y, int height)
{
	const struct graph graph = graph_of(screen, canvas);
	double highest = highest_rate(&graph);
	char text[FORMAT_MAX];

	for (int line = 0; line < height; line++) {
		struct pen pen = pen_at(canvas, 0, y + line);
		int from = height - 1 - line;

		pen.style = STYLE_DIM;
		pen_right(&pen, AXIS_WIDTH - 1,
			  line == 0 ? format_number(highest, text) : from == 0 ? "0" : "");
		pen_text(&pen, " ");
		pen.style = STYLE_BAR;
		draw_graph_line(&graph, &pen, from, highest > 0 ? height / highest : 0);
	}
	draw_time_axis(&graph, canvas, y + height);
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
	if (layout_has_ends(screen->view) && *label_process(&labeler, &row->key, text) != '-')
		pen_print(&pen, "  %s", text);
	if (layout_has_ends(screen->view) && *label_container(&labeler, &row->key, text) != '-')
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

/* What is told beside others. */
struct text_line {
	char text[4 * FORMAT_MAX];
};

static const char *format_extra(const struct extra_sum *extra, int measure,
				char buffer[FORMAT_MAX])
{
	uint64_t value = extra_told(extra, (unsigned int)measure);

	if (!extra_is_time((unsigned int)measure))
		return format_count(value, buffer);
	return value ? format_latency(value, buffer) : strcpy(buffer, "-");
}

/* As documents call it, but for the unit, which the value has. */
static void put_extra(struct text_line *line, const struct row_extra *extra, int measure,
		      bool has_back)
{
	const char *name = sort_field_name(SORT_EXTRA + (enum sort_field)measure);
	int length = (int)strlen(name) - (extra_is_time((unsigned int)measure) ? 3 : 0);
	char there[FORMAT_MAX], back[FORMAT_MAX];

	format_extra(&extra->side[HALF_FORWARD], measure, there);
	format_extra(&extra->side[HALF_REVERSE], measure, back);
	snprintf(line->text, sizeof(line->text), "%.*s %s%s%s", length, name, there,
		 has_back ? ", back " : "", has_back ? back : "");
}

/* Behind what is in the line, or in the next one. */
static void put_beside(struct pen *pen, const char *text)
{
	int length = (int)strlen(text);

	if (pen->x > 1 && pen->x + 3 + length > pen->end)
		*pen = pen_at(pen->canvas, 1, pen->y + 1);
	else if (pen->x > 1)
		pen_text(pen, "   ");
	pen_text(pen, text);
}

/* All that were asked for, of each side. */
static int draw_extras(const struct screen *screen, const struct row *row, struct canvas *canvas,
		       int y)
{
	const struct snapshot *snapshot = screen->snapshot;
	struct pen pen = pen_at(canvas, 1, y);
	struct text_line line;
	char age[FORMAT_MAX];

	if (!snapshot->extras)
		return y;
	for (int i = 0; i < EXTRA_COUNT; i++) {
		put_extra(&line, &snapshot->extras[row - snapshot->rows], i,
			  snapshot->grouper.sides != SIDES_ONE);
		put_beside(&pen, line.text);
	}
	if (snapshot->max_since_ns > snapshot->begin_ns) {
		snprintf(line.text, sizeof(line.text), "(last %s)",
			 format_age(snapshot->end_ns - snapshot->max_since_ns, age));
		put_beside(&pen, line.text);
	}
	return pen.y + 1;
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
	y = draw_extras(screen, row, canvas, y);
	y = draw_times(screen, row, canvas, y);
	height = canvas->height - y - 2; /* the axis of time, the foot */
	if (height >= GRAPH_MIN)
		draw_graph(screen, canvas, y, height);
}
