/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The largest keys of a dimension as bands over time, and what they carried as a table. In each
 * step bands and rest are the total: what a step does not tell apart is drawn in the rest.
 */
#include "page_parts.h"
#include "page_table.h"

#include <stdlib.h>

#define BANDS_MAX 8u
#define ROWS_MAX  16u
#define FIGURE_WIDTH (CHART_WIDTH / 40)

struct dimension_words {
	const char *name, *title, *about;
};

#define DIMENSION_WORDS(id, name, title, about) [DIMENSION_##id] = { name, title, about },
static const struct dimension_words dimension_words[] = { DIMENSIONS(DIMENSION_WORDS) };

struct bands {
	const struct history *history;
	enum dimension dimension;
	const struct heavy_entry *top[ROWS_MAX];
	size_t row_count, band_count;
	uint64_t bytes[BANDS_MAX][STEPS_MAX];
	double stacked[BANDS_MAX + 1][STEPS_MAX]; /* rates of a column: the bands up to that, all */
	struct chart chart;
};

static void bands_read(struct bands *bands)
{
	for (size_t b = 0; b < bands->band_count; b++) {
		for (size_t s = 0; s < bands->history->step_count; s++)
			bands->bytes[b][s] = step_bytes_of(&bands->history->steps[s],
							   bands->dimension, &bands->top[b]->key);
	}
}

static void bands_stack(struct bands *bands)
{
	for (size_t i = 0; i < bands->chart.column_count; i++) {
		const struct chart_column *column = &bands->chart.columns[i];
		uint64_t sum = 0, total = 0;

		for (size_t s = column->first; s < column->first + column->count; s++)
			total += bands->history->steps[s].total.bytes;
		for (size_t b = 0; b < bands->band_count; b++) {
			for (size_t s = column->first; s < column->first + column->count; s++)
				sum += bands->bytes[b][s];
			bands->stacked[b][i] = chart_rate(column, sum);
		}
		bands->stacked[BANDS_MAX][i] = chart_rate(column, total);
		if (bands->stacked[BANDS_MAX][i] > bands->chart.up)
			bands->chart.up = bands->stacked[BANDS_MAX][i];
	}
}

static double height_of(const struct bands *bands, size_t band, size_t column)
{
	return bands->stacked[band][column] - (band ? bands->stacked[band - 1][column] : 0);
}

/* What of it a figure that is wider than a column has room in: the part its neighbours share. */
static double room_of(const struct bands *bands, size_t band, size_t column)
{
	const struct chart *chart = &bands->chart;
	double top = bands->stacked[band][column];
	double bottom = top - height_of(bands, band, column);
	int middle = (int)(chart->columns[column].x0 + chart->columns[column].x1) / 2;

	for (size_t i = 0; i < chart->column_count; i++) {
		double over = bands->stacked[band][i], under = over - height_of(bands, band, i);

		if ((int)chart->columns[i].x1 <= middle - FIGURE_WIDTH / 2 ||
		    (int)chart->columns[i].x0 >= middle + FIGURE_WIDTH / 2)
			continue;
		top = over < top ? over : top;
		bottom = under > bottom ? under : bottom;
	}
	return top > bottom ? top - bottom : 0;
}

static int middle_of(const struct chart_column *column)
{
	return (int)(column->x0 + column->x1) / 2;
}

/* Where a band is about as high as anywhere, next to a place that each band has for itself. */
static size_t number_column(const struct bands *bands, size_t band)
{
	const struct chart *chart = &bands->chart;
	int place = CHART_WIDTH / 20 + (int)band * CHART_WIDTH / 9, nearest = 2 * CHART_WIDTH;
	size_t best = 0;
	double most = 0, rooms[STEPS_MAX];

	for (size_t i = 0; i < chart->column_count; i++) {
		rooms[i] = room_of(bands, band, i);
		most = rooms[i] > most ? rooms[i] : most;
	}
	for (size_t i = 0; i < chart->column_count; i++) {
		int distance = abs(middle_of(&chart->columns[i]) - place);

		if (rooms[i] < 0.8 * most || distance >= nearest)
			continue;
		nearest = distance;
		best = i;
	}
	return best;
}

/* The number of a band, where it is high enough for one. */
static void append_number(struct text *text, const struct bands *bands, size_t band)
{
	const struct chart *chart = &bands->chart;
	size_t column = number_column(bands, band);
	double height = room_of(bands, band, column);

	if (height < 0.075 * chart->up)
		return;
	chart_note(text, chart, (unsigned int)middle_of(&chart->columns[column]),
		   bands->stacked[band][column] - height_of(bands, band, column) / 2, (unsigned int)band + 1);
}

static void bands_draw(struct text *text, const struct bands *bands)
{
	const struct dimension_words *words = &dimension_words[bands->dimension];
	const struct chart_words told = { words->name, words->title, words->about };
	const struct chart_area all = { .class_name = "band rest",
					.rates = bands->stacked[BANDS_MAX] };

	chart_open(text, &bands->chart, &told);
	chart_area(text, &bands->chart, &all);
	for (size_t b = bands->band_count; b > 0; b--) {
		const struct chart_area area = { .class_name = "band",
						 .number = (unsigned int)b,
						 .rates = bands->stacked[b - 1] };

		chart_area(text, &bands->chart, &area);
	}
	chart_end_areas(text, &bands->chart);
	for (size_t b = 0; b < bands->band_count; b++)
		append_number(text, bands, b);
	chart_close(text, &bands->chart);
}

static bool tells_ways(enum dimension dimension)
{
	return dimension == DIMENSION_CONVERSATION;
}

static void append_head(struct text *text, enum dimension dimension)
{
	markup_format(text, "<thead><tr><th scope=col class=name>%s<th scope=col aria-sort=descending>Bytes"
			    "<th scope=col>Share<th scope=col>Packets",
		      dimension_words[dimension].title);
	if (tells_ways(dimension))
		text_string(text, "<th scope=col>Bytes from the caller"
				  "<th scope=col>Bytes back");
	text_string(text, "</thead>");
}

static void append_row(struct text *text, const struct bands *bands, size_t row)
{
	const struct history *history = bands->history;
	const struct heavy_entry *entry = bands->top[row];

	if (row < bands->band_count)
		markup_format(text, "\n<tr data-k=\"%zu\"><th scope=row class=name>"
				    "<span class=\"sw b%zu\">%zu</span><bdi>",
			      row + 1, row + 1, row + 1);
	else
		text_string(text, "\n<tr><th scope=row class=name><span class=\"sw rest\"></span>"
				  "<bdi>");
	dimension_label(text, bands->dimension, &history->newest->context, &entry->key);
	text_string(text, entry->is_late ? "</bdi> <abbr title=\"at least\">\u2265</abbr></th>" :
					   "</bdi></th>");
	page_cell(text, heavy_bytes(entry));
	text_string(text, "<td>");
	markup_share(text, heavy_bytes(entry), history->total.bytes);
	page_cell(text, entry->packets[HEAVY_THERE] + entry->packets[HEAVY_BACK]);
	if (tells_ways(bands->dimension)) {
		page_cell(text, entry->bytes[HEAVY_THERE]);
		page_cell(text, entry->bytes[HEAVY_BACK]);
	}
}

/* What the rows leave, and all. */
static void append_foot(struct text *text, const struct bands *bands)
{
	const struct history *history = bands->history;
	uint64_t bytes = history->total.bytes, packets = history->total.packets;
	const char *empty = tells_ways(bands->dimension) ? "<td><td>" : "";

	for (size_t i = 0; i < bands->row_count; i++) {
		const struct heavy_entry *entry = bands->top[i];

		bytes -= heavy_bytes(entry);
		packets -= entry->packets[HEAVY_THERE] + entry->packets[HEAVY_BACK];
	}
	text_string(text, "</tbody><tfoot><tr class=other><th scope=row class=name>"
			  "<span class=\"sw rest\"></span>other</th>");
	page_cell(text, bytes);
	text_string(text, "<td>");
	markup_share(text, bytes, history->total.bytes);
	page_cell(text, packets);
	text_string(text, empty);
	text_string(text, "<tr class=all><th scope=row class=name>all</th>");
	page_cell(text, history->total.bytes);
	text_string(text, "<td>");
	markup_share(text, history->total.bytes, history->total.bytes);
	page_cell(text, history->total.packets);
	text_string(text, empty);
	text_string(text, "</tfoot>");
}

static void append_table(struct text *text, const struct bands *bands)
{
	page_table_open(text, dimension_words[bands->dimension].title);
	append_head(text, bands->dimension);
	text_string(text, "<tbody>");
	for (size_t i = 0; i < bands->row_count; i++)
		append_row(text, bands, i);
	append_foot(text, bands);
	page_table_close(text);
}

static void append_step(struct text *text, const struct bands *bands, size_t s)
{
	const struct history *history = bands->history;
	uint64_t rest = history->steps[s].total.bytes;

	text_string(text, "\n<tr><th scope=row>");
	markup_moment(text, history->steps[s].start_ns, history->window_ns < 1000000000u);
	for (size_t b = 0; b < bands->band_count; b++) {
		text_string(text, "<td>");
		text_uint(text, bands->bytes[b][s]);
		rest -= bands->bytes[b][s];
	}
	text_string(text, "<td>");
	text_uint(text, rest);
}

/* Each row of it sums to the step's total in the table of all steps. */
static void append_steps(struct text *text, const struct bands *bands)
{
	text_string(text, "<details><summary>Bytes of each step</summary>"
			  "<p class=note>Columns are the numbered rows above. What is not among "
			  "the largest of a step is in its other.</p>");
	page_table_open(text, "Bytes of each step");
	text_string(text, "<thead><tr><th scope=col>From, UTC");
	for (size_t b = 0; b < bands->band_count; b++)
		markup_format(text, "<th scope=col>%zu", b + 1);
	text_string(text, "<th scope=col>other</thead><tbody class=steps>");
	for (size_t s = 0; s < bands->history->step_count; s++)
		append_step(text, bands, s);
	text_string(text, "</tbody>");
	page_table_close(text);
	text_string(text, "</details>");
}

static void append_notes(struct text *text, const struct bands *bands)
{
	const struct heavy *heavy = &bands->history->heavy[bands->dimension];

	if (!heavy->has_forgotten)
		return;
	text_string(text, "<p class=note>There is room for ");
	markup_count(text, heavy->most);
	markup_format(text, " %s, and more came: those of fewest bytes are told in other only. A row "
			    "with \u2265 may have carried a little more.</p>",
		      dimension_words[bands->dimension].name);
}

/* What they are called is long. */
static bool is_wide(enum dimension dimension)
{
	return dimension == DIMENSION_CONVERSATION || dimension == DIMENSION_GROUP;
}

void page_bands(struct text *text, const struct history *history, enum dimension dimension)
{
	const struct dimension_words *words = &dimension_words[dimension];
	struct bands bands = { .history = history, .dimension = dimension };

	if (!(history->told & 1u << dimension))
		return;
	bands.row_count = heavy_top(&history->heavy[dimension], false, bands.top, ROWS_MAX);
	bands.band_count = bands.row_count < BANDS_MAX ? bands.row_count : BANDS_MAX;
	chart_init(&bands.chart, history, 0);
	bands_read(&bands);
	bands_stack(&bands);
	markup_format(text, "<section%s data-section=%s><h2>%s</h2><p class=note>%s</p>",
		      is_wide(dimension) ? " class=wide" : "", words->name, words->title, words->about);
	bands_draw(text, &bands);
	append_table(text, &bands);
	append_notes(text, &bands);
	append_steps(text, &bands);
	text_string(text, "</section>");
}
