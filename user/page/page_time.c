/* SPDX-License-Identifier: BSD-2-Clause */
/* The traffic over time by direction: means as areas, the greatest panes behind them. */
#include "page_parts.h"
#include "page_table.h"

struct rates {
	double mean[DIRECTION_SUM_COUNT][STEPS_MAX];
	double most[DIRECTION_SUM_COUNT][STEPS_MAX];
};

static bool tells_directions(const struct history *history)
{
	return history->total.packets && (!history->lacks_direction[DIRECTION_SUM_IN] ||
					  !history->lacks_direction[DIRECTION_SUM_OUT]);
}

static void rates_add(struct rates *rates, size_t at, int way, double most)
{
	if (most > rates->most[way][at])
		rates->most[way][at] = most;
}

/* Of all in the place of what comes in, where directions are not told. */
static void rates_fill(struct rates *rates, const struct chart *chart, bool directed)
{
	for (size_t i = 0; i < chart->column_count; i++) {
		const struct chart_column *column = &chart->columns[i];
		uint64_t bytes[DIRECTION_SUM_COUNT] = { 0 };

		for (size_t s = column->first; s < column->first + column->count; s++) {
			const struct step *step = &chart->history->steps[s];

			for (int way = 0; way < DIRECTION_SUM_COUNT && directed; way++) {
				bytes[way] += step->directions.way[way].bytes;
				rates_add(rates, i, way, step->directions.way[way].bytes_max);
			}
			if (!directed) {
				bytes[0] += step->total.bytes;
				rates_add(rates, i, 0, step->total.bytes_max);
			}
		}
		for (int way = 0; way < DIRECTION_SUM_COUNT; way++) {
			rates->mean[way][i] = chart_rate(column, bytes[way]);
			rates_add(rates, i, way, rates->mean[way][i]);
		}
	}
}

static double greatest(const double *rates, size_t count)
{
	double most = 0;

	for (size_t i = 0; i < count; i++)
		most = rates[i] > most ? rates[i] : most;
	return most;
}

static void draw(struct text *text, struct chart *chart, const struct rates *rates, bool directed,
		 const struct chart_words *words)
{
	static const char *const most_names[] = { "most in", "most out" };
	static const char *const mean_names[] = { "mean in", "mean out" };

	chart->up = greatest(rates->most[DIRECTION_SUM_IN], chart->column_count);
	chart->down = greatest(rates->most[DIRECTION_SUM_OUT], chart->column_count);
	chart_open(text, chart, words);
	for (int way = 0; way < (directed ? 2 : 1); way++) {
		const struct chart_area most = { .class_name = most_names[way], .is_down = way,
						 .rates = rates->most[way] };
		const struct chart_area mean = { .class_name = mean_names[way], .is_down = way,
						 .rates = rates->mean[way] };

		chart_area(text, chart, &most);
		chart_area(text, chart, &mean);
	}
	chart_end_areas(text, chart);
	chart_close(text, chart);
}

static void append_legend(struct text *text, bool directed)
{
	text_string(text, "<p class=legend>");
	if (directed)
		text_string(text, "<span class=\"sw in\"></span>in, above the line "
				  "<span class=\"sw out\"></span>out, below it ");
	else
		text_string(text, "<span class=\"sw in\"></span>both directions: the capture does "
				  "not tell them apart ");
	text_string(text, "<span class=\"sw pale\"></span>pale: the greatest pane of each step"
			  "</p>");
}

static void append_way(struct text *text, const struct history *history, int way)
{
	const struct direction_sum *sum = &history->directions.way[way];

	text_string(text, way == DIRECTION_SUM_IN ? "<tr><th scope=row>in</th>" :
						    "<tr><th scope=row>out</th>");
	if (history->lacks_direction[way]) {
		text_string(text, "<td>-<td>-<td>-<td>-");
		return;
	}
	page_cell(text, sum->bytes);
	page_cell(text, sum->packets);
	text_string(text, "<td>");
	markup_rate(text, sum->bytes_max);
	text_string(text, "<td>");
	markup_short(text, sum->packets_max);
}

static void append_sums(struct text *text, const struct history *history)
{
	page_table_open(text, "Sums by direction");
	text_string(text, "<thead><tr><th scope=col>Direction<th scope=col>Bytes"
			  "<th scope=col>Packets<th scope=col>Greatest pane"
			  "<th scope=col>Packets a second there</thead><tbody>");
	if (tells_directions(history)) {
		append_way(text, history, DIRECTION_SUM_IN);
		append_way(text, history, DIRECTION_SUM_OUT);
	}
	text_string(text, "</tbody><tfoot><tr><th scope=row>all</th>");
	page_cell(text, history->total.bytes);
	page_cell(text, history->total.packets);
	text_string(text, "<td>");
	markup_rate(text, history->total.bytes_max);
	text_string(text, "<td>");
	markup_short(text, history->total.packets_max);
	text_string(text, "</tfoot>");
	page_table_close(text);
}

/* Where each step lies in the pictures is told the script here, for all of them. */
static void append_steps(struct text *text, const struct chart *chart, bool directed)
{
	const struct history *history = chart->history;

	text_string(text, "<details><summary>Every step in figures</summary>");
	page_table_open(text, "Every step");
	text_string(text, "<thead><tr><th scope=col>From, UTC<th scope=col>Bytes"
			  "<th scope=col>Packets");
	if (directed)
		text_string(text, "<th scope=col>Bytes in<th scope=col>Bytes out");
	text_string(text, "<th scope=col>Greatest pane, bytes a second"
			  "<th scope=col>Windows</thead><tbody id=steps>");
	for (size_t i = 0; i < history->step_count; i++) {
		const struct step *step = &history->steps[i];

		markup_format(text, "\n<tr data-x=%u data-y=%u><th scope=row>",
			      chart_x(chart, step->start_ns), chart_x(chart, step->end_ns));
		markup_moment(text, step->start_ns, history->window_ns < 1000000000u);
		page_cell(text, step->total.bytes);
		page_cell(text, step->total.packets);
		if (directed) {
			page_cell(text, step->directions.way[DIRECTION_SUM_IN].bytes);
			page_cell(text, step->directions.way[DIRECTION_SUM_OUT].bytes);
		}
		markup_format(text, "<td>%.0f<td>%llu", step->total.bytes_max,
			      (unsigned long long)step->windows);
	}
	text_string(text, "</tbody>");
	page_table_close(text);
	text_string(text, "</details>");
}

/* How coarse the steps have become. */
static void append_thinned(struct text *text, const struct history *history)
{
	uint64_t most = 0;

	for (size_t i = 0; i < history->step_count; i++)
		most = history->steps[i].windows > most ? history->steps[i].windows : most;
	text_string(text, "<p class=note>");
	if (most < 2) {
		text_string(text, "Each step of the pictures is a window of ");
		markup_length(text, history->window_ns);
		text_string(text, ".</p>");
		return;
	}
	markup_format(text, "The newest %u windows of ", STEPS_FRESH);
	markup_length(text, history->window_ns);
	text_string(text, " are steps of their own; older ones are joined, up to ");
	markup_length(text, most * history->window_ns);
	text_string(text, " a step: sums stay exact, and the greatest panes are kept.</p>");
}

/* Since when it tells, where it was counted before. */
static void append_began(struct text *text, const struct history *history)
{
	if (!history->away_ns)
		return;
	text_string(text, "<p class=note>A report begins anew when weir is started. This one tells "
			  "since ");
	markup_moment(text, history->steps[0].start_ns, false);
	text_string(text, " UTC: what was counted in the ");
	markup_length(text, history->away_ns);
	text_string(text, " without weir is its first window, and what was counted before is not "
			  "in it.</p>");
}

static void draw_newest(struct text *text, const struct history *history, bool directed)
{
	static const struct chart_words words = {
		"newest", "The newest windows", "The same of the newest windows, each for itself."
	};
	struct rates rates = { 0 };
	struct chart chart;

	if (history->windows == history->step_count)
		return;
	chart_init(&chart, history, history->step_count - STEPS_FRESH);
	rates_fill(&rates, &chart, directed);
	text_string(text, "<h3>The newest windows</h3>");
	draw(text, &chart, &rates, directed, &words);
}

void page_time(struct text *text, const struct history *history)
{
	static const struct chart_words words = {
		"time", "Traffic over time",
		"Bits a second, as means of each step and, paler, its greatest pane. "
		"The table below has the sums."
	};
	struct rates rates = { 0 };
	bool directed = tells_directions(history);
	struct chart chart;

	chart_init(&chart, history, 0);
	rates_fill(&rates, &chart, directed);
	text_string(text, "<section class=wide data-section=time><h2>Over time</h2>");
	append_legend(text, directed);
	draw(text, &chart, &rates, directed, &words);
	append_thinned(text, history);
	append_began(text, history);
	draw_newest(text, history, directed);
	append_sums(text, history);
	append_steps(text, &chart, directed);
	text_string(text, "</section>");
}
