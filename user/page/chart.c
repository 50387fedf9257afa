/* SPDX-License-Identifier: BSD-2-Clause */
#include "chart.h"

#include <math.h>

#define TICKS_MAX 16

unsigned int chart_x(const struct chart *chart, uint64_t instant_ns)
{
	uint64_t span_ns = chart->end_ns - chart->start_ns;

	if (instant_ns <= chart->start_ns || !span_ns)
		return 0;
	if (instant_ns >= chart->end_ns)
		return CHART_WIDTH;
	return (unsigned int)((double)(instant_ns - chart->start_ns) * CHART_WIDTH /
			      (double)span_ns);
}

static void add_step(struct chart *chart, size_t number)
{
	const struct step *steps = chart->history->steps, *step = &steps[number];
	unsigned int x0 = chart_x(chart, step->start_ns), x1 = chart_x(chart, step->end_ns);
	struct chart_column *last = &chart->columns[chart->column_count];

	if (chart->column_count && last[-1].x1 > x0)
		x0 = last[-1].x1;
	if (chart->column_count && last[-1].x1 == last[-1].x0) {
		last--;
	} else {
		*last = (struct chart_column){ .first = number, .x0 = x0 };
		chart->column_count++;
	}
	last->count++;
	last->x1 = x1 > x0 ? x1 : x0;
	if (step->end_ns > steps[last->first].start_ns)
		last->seconds = (double)(step->end_ns - steps[last->first].start_ns) / 1e9;
}

/* A clock that was set back may have a step before the one before it. */
static void find_span(struct chart *chart, size_t first)
{
	const struct history *history = chart->history;

	chart->start_ns = history->steps[first].start_ns;
	for (size_t i = first; i < history->step_count; i++) {
		if (history->steps[i].start_ns < chart->start_ns)
			chart->start_ns = history->steps[i].start_ns;
		if (history->steps[i].end_ns > chart->end_ns)
			chart->end_ns = history->steps[i].end_ns;
	}
}

void chart_init(struct chart *chart, const struct history *history, size_t first)
{
	*chart = (struct chart){ .history = history };
	find_span(chart, first);
	for (size_t i = first; i < history->step_count; i++)
		add_step(chart, i);
}

/* What the height stands for, with a little air at its ends. */
static double chart_range(const struct chart *chart)
{
	double range = (chart->up + chart->down) * 1.04;

	return range > 0 ? range : 1;
}

static double chart_line(const struct chart *chart)
{
	double air = chart->down > 0 ? 0.02 * (chart->up + chart->down) : 0;

	return CHART_HEIGHT * (1 - (chart->down + air) / chart_range(chart));
}

static int chart_y(const struct chart *chart, double rate, bool is_down)
{
	double height = rate * CHART_HEIGHT / chart_range(chart);

	return (int)lround(chart_line(chart) + (is_down ? height : -height));
}

/* 1, 2 or 5 times a power of ten, in bits a second, so that three to six of them fit. */
static double tick_of(double range)
{
	double power = pow(10, floor(log10(range / 3)));

	if (range / 3 >= 5 * power)
		return 5 * power;
	return range / 3 >= 2 * power ? 2 * power : power;
}

static size_t chart_ticks(const struct chart *chart, double ticks[TICKS_MAX])
{
	double tick = tick_of(8 * chart_range(chart)) / 8;
	size_t count = 0;

	for (double at = 0; at <= chart->up && count < TICKS_MAX; at += tick)
		ticks[count++] = at;
	for (double at = -tick; -at <= chart->down && count < TICKS_MAX; at -= tick)
		ticks[count++] = at;
	return count;
}

static void append_axis(struct text *text, const struct chart *chart)
{
	double ticks[TICKS_MAX];
	size_t count = chart_ticks(chart, ticks);

	text_string(text, "<svg class=axis aria-hidden=true>");
	for (size_t i = 0; i < count; i++) {
		double y = chart_y(chart, fabs(ticks[i]), ticks[i] < 0) * 100.0 / CHART_HEIGHT;

		markup_format(text, "<text x=\"100%%\" y=\"%.1f%%\" dy=\".32em\">", y);
		if (ticks[i] == 0)
			text_string(text, "0");
		else
			markup_tick(text, fabs(ticks[i]));
		text_string(text, "</text>");
	}
	text_string(text, "</svg>");
}

static void append_grid(struct text *text, const struct chart *chart)
{
	double ticks[TICKS_MAX];
	size_t count = chart_ticks(chart, ticks);

	text_string(text, "<path class=grid d=\"");
	for (size_t i = 0; i < count; i++)
		markup_format(text, "M0 %dH%d",
			      chart_y(chart, fabs(ticks[i]), ticks[i] < 0), CHART_WIDTH);
	text_string(text, "\"/>");
}

void chart_open(struct text *text, const struct chart *chart, const struct chart_words *words)
{
	markup_format(text, "<figure class=chart id=%s data-span=%d><div class=box>", words->id,
		      CHART_WIDTH);
	append_axis(text, chart);
	markup_format(text, "<div class=area><svg class=plot viewBox=\"0 0 %d %d\" "
			    "preserveAspectRatio=none role=img aria-labelledby=\"%s-t %s-d\">",
		      CHART_WIDTH, CHART_HEIGHT, words->id, words->id);
	markup_format(text, "<title id=%s-t>", words->id);
	markup_text(text, words->title);
	markup_format(text, "</title><desc id=%s-d>", words->id);
	markup_text(text, words->about);
	text_string(text, "</desc>");
}

/* One move of the pen a column: gaps between columns are at the line. */
void chart_area(struct text *text, const struct chart *chart, const struct chart_area *area)
{
	int line = (int)lround(chart_line(chart)), y = line;
	unsigned int x = 0;

	markup_format(text, "<path class=\"%s", area->class_name);
	if (area->number)
		markup_format(text, " b%u\" data-k=\"%u", area->number, area->number);
	markup_format(text, "\" d=\"M0 %d", line);
	for (size_t i = 0; i < chart->column_count; i++) {
		const struct chart_column *column = &chart->columns[i];
		int to = chart_y(chart, area->rates[i], area->is_down);

		if (column->x0 > x && y != line)
			markup_format(text, "V%d", line);
		if (column->x0 > x) {
			markup_format(text, "h%u", column->x0 - x);
			y = line;
		}
		if (to != y)
			markup_format(text, "V%d", to);
		markup_format(text, "h%u", column->x1 - column->x0);
		x = column->x1;
		y = to;
	}
	markup_format(text, "V%dz\"/>", line);
}

void chart_end_areas(struct text *text, const struct chart *chart)
{
	append_grid(text, chart);
	markup_format(text, "<path class=line d=\"M0 %ldH%d\"/></svg>"
			    "<svg class=over aria-hidden=true>",
		      lround(chart_line(chart)), CHART_WIDTH);
}

void chart_note(struct text *text, const struct chart *chart, unsigned int x, double rate,
		unsigned int number)
{
	markup_format(text, "<text class=\"n b%u\" x=\"%.1f%%\" y=\"%.1f%%\" dy=\".35em\">%u</text>",
		      number, x * 100.0 / CHART_WIDTH,
		      chart_y(chart, rate, false) * 100.0 / CHART_HEIGHT, number);
}

/* The quarters of the time. */
static void append_times(struct text *text, const struct chart *chart)
{
	static const char *const classes[] = { "a", "q", "m", "q", "z" };
	uint64_t span_ns = chart->end_ns - chart->start_ns;

	text_string(text, "<svg class=times aria-hidden=true>");
	for (unsigned int i = 0; i < 5; i++) {
		markup_format(text, "<text class=%s x=\"%u%%\" y=1.15em>", classes[i], 25 * i);
		markup_hour(text, chart->start_ns + (uint64_t)((double)span_ns * i / 4), span_ns);
		text_string(text, "</text>");
	}
	text_string(text, "</svg>");
}

void chart_close(struct text *text, const struct chart *chart)
{
	text_string(text, "</svg></div></div>");
	append_times(text, chart);
	text_string(text, "</figure>");
}
