/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Draws the live view into a canvas. No terminal in here.
 */
#ifndef WEIR_SCREEN_H
#define WEIR_SCREEN_H

#include "canvas.h"
#include "view.h"

#define SCREEN_MIN_WIDTH  40
#define SCREEN_MIN_HEIGHT 8
#define MESSAGE_MAX       256

enum mode { MODE_TABLE, MODE_SEARCH, MODE_HISTORY, MODE_HELP };

struct screen {
	struct view *view;
	const struct snapshot *snapshot;  /* NULL: nothing was counted yet */
	const struct options *options;
	enum mode mode;
	bool is_live, is_paused, has_ended;
	char message[MESSAGE_MAX];        /* what was just done, or told by the agent */
	bool message_is_warning;

	struct history history;           /* of the selected row, in MODE_HISTORY */

	int rows_height;                  /* out: rows of the table that fit */
};

/* Draws all of it. */
void screen_draw(struct screen *screen, struct canvas *canvas);

void screen_draw_title(const struct screen *screen, struct canvas *canvas, int y);

/* The head alone, the table alone: for plain text. Return the line after. */
int screen_draw_head(struct screen *screen, struct canvas *canvas, int y);
int screen_draw_table(struct screen *screen, struct canvas *canvas, int y);

void screen_draw_history(struct screen *screen, struct canvas *canvas, int y);
void screen_draw_help(struct canvas *canvas, int y);

/* The line that proves what was counted, and what is wrong in words: "" where nothing is. */
void screen_draw_account(const struct screen *screen, struct canvas *canvas, int y);
const char *screen_warning(const struct screen *screen, char text[MESSAGE_MAX]);

/* Parts of a whole as a bar of width columns, eighths of a column where there is UTF-8. */
void draw_bar(struct pen *pen, int width, double part);

/* Heights of 0 to 1 one column wide. */
wchar_t level_glyph(const struct canvas *canvas, double level);

/* The newest panes, one a column, the newest at the right; returns the highest rate shown. */
struct sparkline {
	const struct history *history;
	const struct pane_clock *clock;
	enum unit unit;
	int width;
};
void draw_sparkline(struct pen *pen, const struct sparkline *sparkline);

/* A pane's rate in that unit; 0 where there is no such pane. */
double pane_rate(const struct history *history, const struct pane_clock *clock, enum unit unit,
		 uint64_t number);

#endif
