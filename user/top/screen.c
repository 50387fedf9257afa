/* SPDX-License-Identifier: BSD-2-Clause */
#include "screen.h"

#include <stdio.h>
#include <string.h>

#include "../cli/options_table.h"
#include "draw_head.h"
#include "draw_help.h"
#include "draw_history.h"
#include "draw_table.h"

/* Lines in which the help has room to spare. */
#define HELP_HEIGHT 20

/* Under it the graph of a history takes the room of the head. */
#define HISTORY_HEIGHT 24

struct key_hint {
	const char *key, *what;
};

static const struct key_hint hints[] = {
	{ "q", "quit" },     { "?", "help" },      { "space", "pause" }, { "s", "sort" },
	{ "g", "group" },    { "/", "search" },    { "f", "filter" },   { "b", "both ways" },
	{ "u", "unit" },
	{ "d", "direction" }, { "enter", "history" }, { "n", "names" }, { "e", "export" },
	{ "r", "reverse" },
};

static void draw_hints(struct pen *pen)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		int width = (int)(strlen(hints[i].key) + strlen(hints[i].what)) + 3;

		if (pen->x + width > pen->end)
			break;
		pen_text(pen, "  ");
		pen_styled(pen, STYLE_KEY, hints[i].key);
		pen_text(pen, " ");
		pen_styled(pen, STYLE_DIM, hints[i].what);
	}
}

/* What the rows are and in which unit, so that nobody wonders. */
static void state_text(const struct screen *screen, char *text, size_t size)
{
	const struct view *view = screen->view;
	bool is_both = view->wish.direction == DIRECTION_BOTH;
	int length = snprintf(text, size, " %s, %s, %s%s%s", grouping_name(view->wish.grouping),
			      unit_of_rate(view->unit), unit_of_volume(view->unit),
			      is_both ? "" : ", only ",
			      is_both ? "" : direction_name(view->wish.direction));

	if (screen->snapshot && screen->snapshot->grouper.sides == SIDES_SENT)
		length += snprintf(text + length, size - (size_t)length,
				   ": packets show at both ends");
	if (view->search[0])
		snprintf(text + length, size - (size_t)length, ", with \"%s\"", view->search);
}

/* The end of a name that is too long is what is edited. */
static void draw_export(const struct screen *screen, struct pen pen)
{
	const char *hint = screen->export_is_there ? "  is there: enter writes, escape: cancel" :
						     "  enter: write  escape: cancel";
	const char *name = screen->export_name;
	int room;

	pen_styled(&pen, STYLE_STRONG, " write to: ");
	room = pen.end - pen.x - (int)strlen(hint) - 1;
	if (room > 0 && (int)strlen(name) > room)
		name += (int)strlen(name) - room;
	pen_text(&pen, name);
	pen_styled(&pen, STYLE_SELECTED, " ");
	pen_styled(&pen, screen->export_is_there ? STYLE_WARNING : STYLE_DIM, hint);
}

static void draw_foot(const struct screen *screen, struct canvas *canvas)
{
	struct pen pen = pen_at(canvas, 0, canvas->height - 1);
	char state[2 * VIEW_SEARCH_MAX + 64];

	if (screen->mode == MODE_SEARCH) {
		pen_styled(&pen, STYLE_STRONG, " search: ");
		pen_text(&pen, screen->view->search);
		pen_styled(&pen, STYLE_SELECTED, " ");
		pen_styled(&pen, STYLE_DIM, "  enter: keep  escape: clear");
		return;
	}
	if (screen->mode == MODE_EXPORT) {
		draw_export(screen, pen);
		return;
	}
	if (screen->message[0]) {
		pen.style = screen->message_is_warning ? STYLE_WARNING : STYLE_STRONG;
		pen_print(&pen, " %s", screen->message);
		return;
	}
	state_text(screen, state, sizeof(state));
	pen_styled(&pen, STYLE_STRONG, state);
	pen_text(&pen, " ");
	draw_hints(&pen);
}

static void draw_too_small(struct canvas *canvas)
{
	struct pen pen = pen_at(canvas, 0, 0);

	pen_print(&pen, "weir: at least %dx%d", SCREEN_MIN_WIDTH, SCREEN_MIN_HEIGHT);
}

/* A name is asked for over what was there before. */
static bool is_history(const struct screen *screen)
{
	enum mode mode = screen->mode == MODE_EXPORT ? screen->export_from : screen->mode;

	return mode == MODE_HISTORY;
}

void screen_draw(struct screen *screen, struct canvas *canvas)
{
	int y = 0;

	canvas_clear(canvas);
	if (canvas->width < SCREEN_MIN_WIDTH || canvas->height < SCREEN_MIN_HEIGHT) {
		draw_too_small(canvas);
		return;
	}
	if (screen->mode == MODE_HELP) {
		screen_draw_title(screen, canvas, 0);
		screen_draw_help(canvas, canvas->height > HELP_HEIGHT ? 2 : 1);
		draw_foot(screen, canvas);
		return;
	}
	if (is_history(screen) && canvas->height < HISTORY_HEIGHT)
		screen_draw_title(screen, canvas, y++);
	else
		y = screen_draw_head(screen, canvas, 0);
	if (!screen->snapshot) {
		struct pen pen = pen_at(canvas, 1, y + 1);

		pen_styled(&pen, STYLE_DIM, screen->has_ended ? "nothing was counted" :
			   "counting; the first numbers come with the first pane");
	} else if (is_history(screen)) {
		screen_draw_history(screen, canvas, y);
	} else {
		screen_draw_table(screen, canvas, y);
	}
	draw_foot(screen, canvas);
}
