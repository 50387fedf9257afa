/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What several parts of the screen draw with: bars, sparklines.
 */
#ifndef WEIR_DRAW_BITS_H
#define WEIR_DRAW_BITS_H

#include "canvas.h"
#include "view.h"

/* Parts of a whole as a bar of width columns, eighths of a column where there is UTF-8. */
void draw_bar(struct pen *pen, int width, double part);

/* Heights of 0 to 1 one column wide. */
wchar_t level_glyph(const struct canvas *canvas, double level);

/* The newest panes, one a column, the newest at the right. */
struct sparkline {
	const struct history *history;
	const struct pane_clock *clock;
	enum unit unit;
	int width;
};
void draw_sparkline(struct pen *pen, const struct sparkline *sparkline, double full);
/* The highest rate shown. */
double sparkline_highest(const struct sparkline *sparkline);

/* A pane's rate in that unit; 0 where there is no such pane. */
double pane_rate(const struct history *history, const struct pane_clock *clock, enum unit unit,
		 uint64_t number);

#endif
