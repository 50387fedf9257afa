/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures over time: areas of rates on an axis of time, as SVG that grows with the page while its
 * words keep their size.
 */
#ifndef WEIR_CHART_H
#define WEIR_CHART_H

#include "history.h"
#include "markup.h"

/* Of the area; the page stretches it. */
#define CHART_WIDTH  2000
#define CHART_HEIGHT 1000

/* Steps that are not told apart in the width. */
struct chart_column {
	size_t first, count;  /* of the history's steps */
	unsigned int x0, x1;
	double seconds;
};

struct chart {
	const struct history *history;
	uint64_t start_ns, end_ns;
	struct chart_column columns[STEPS_MAX];
	size_t column_count;
	double up, down;      /* greatest rates, in bytes a second, above and below the line */
};

struct chart_words {
	const char *id;       /* of the picture; unique in a page */
	const char *title;
	const char *about;    /* what a reader who does not see it is told */
};

/* A rate for each column. */
struct chart_area {
	const char *class_name;
	unsigned int number;  /* of a band, from 1: a part of its class; 0: none */
	bool is_down;
	const double *rates;
};

/* The history's steps from first on; there is one at least. */
void chart_init(struct chart *chart, const struct history *history, size_t first);

/* Where in the width an instant lies. */
unsigned int chart_x(const struct chart *chart, uint64_t instant_ns);

/* Once up and down are set: begins the picture. Areas drawn later cover those before. */
void chart_open(struct text *text, const struct chart *chart, const struct chart_words *words);
void chart_area(struct text *text, const struct chart *chart, const struct chart_area *area);

/* Ends the areas. Until chart_close, notes may stand upon them. */
void chart_end_areas(struct text *text, const struct chart *chart);

/* Words at a place of the areas: x of CHART_WIDTH, rate above the line. */
void chart_note(struct text *text, const struct chart *chart, unsigned int x, double rate,
		unsigned int number);
void chart_close(struct text *text, const struct chart *chart);

/* Of so many in a column that carried so much. */
static inline double chart_rate(const struct chart_column *column, uint64_t bytes)
{
	return column->seconds > 0 ? (double)bytes / column->seconds : 0;
}

#endif
