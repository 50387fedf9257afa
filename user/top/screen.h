/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Draws the live view into a canvas. No terminal in here.
 */
#ifndef WEIR_SCREEN_H
#define WEIR_SCREEN_H

#include "canvas.h"
#include "export.h"
#include "view.h"

#define SCREEN_MIN_WIDTH  40
#define SCREEN_MIN_HEIGHT 8
#define MESSAGE_MAX       256

#define SCREEN_PLACES_MAX 24

/* Where a column of the table is, for who clicks on it. */
struct column_place {
	int x, end, sort_column;
};

enum mode { MODE_TABLE, MODE_SEARCH, MODE_HISTORY, MODE_HELP, MODE_EXPORT };

struct screen {
	struct view *view;
	const struct snapshot *snapshot;  /* NULL: nothing was counted yet */
	const struct options *options;
	enum mode mode;
	bool is_live, is_paused, has_ended;
	char message[MESSAGE_MAX];        /* what was just done, or told by the agent */
	bool message_is_warning;

	struct row_history history;       /* of the selected row, in MODE_HISTORY */
	char export_name[EXPORT_NAME_MAX]; /* being edited, in MODE_EXPORT */
	bool export_is_there;             /* a file of that name: the user was told */
	bool export_waits;                /* for the rows, to be written then */
	enum mode export_from;            /* where it goes back to */

	uint64_t speed_bps[FLOW_LINKS_MAX]; /* of interfaces, by number; 0: not known */

	/* out: where rows of the table are, how many fit, and its columns */
	int rows_y, rows_height;
	struct column_place places[SCREEN_PLACES_MAX];
	int place_count;
};

/* Draws all of it. */
void screen_draw(struct screen *screen, struct canvas *canvas);

#endif
