/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_head.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../text/escape.h"
#include "../base/rate.h"
#include "draw_account.h"
#include "draw_bits.h"
#include "format.h"
#include "screen.h"

#define NUMBER_WIDTH 8
#define LABEL_WIDTH  4

static void put_names(struct pen *pen, const char *const *names, size_t count)
{
	char shown[MESSAGE_MAX];

	for (size_t i = 0; i < count; i++) {
		pen_text(pen, i ? " " : "");
		pen_text(pen, escape_text(names[i], shown, sizeof(shown)));
	}
}

/* Of a file, its name without the folder. */
static void put_source(struct pen *pen, const struct document_context *document)
{
	const char *name = document->source_names[0], *slash;
	bool is_file = !strcmp(document->source_kind, "file");

	slash = is_file && strncmp(name, "tcp://", 6) ? strrchr(name, '/') : NULL;
	if (is_file && !strcmp(name, "-"))
		name = "standard input";
	else if (slash && slash[1])
		name = slash + 1;
	put_names(pen, is_file ? &name : document->source_names, document->source_name_count);
}

static const char *state_text(const struct screen *screen)
{
	if (screen->is_paused)
		return "PAUSED";
	if (screen->has_ended)
		return screen->is_live ? "ended" : "end of capture";
	return screen->is_live ? "live" : "replay";
}

/* A replay at another pace than that of its packets says so. */
static void put_state(const struct screen *screen, char *text, size_t size)
{
	double speed = screen->options->speed;
	bool is_paced = !screen->is_live && !screen->is_paused && !screen->has_ended;

	if (is_paced && speed > 0 && speed != 1)
		snprintf(text, size, "replay x%g", speed);
	else
		snprintf(text, size, "%s", state_text(screen));
}

static void put_clock(const struct screen *screen, char *text, size_t size)
{
	const struct snapshot *snapshot = screen->snapshot;
	char elapsed[FORMAT_MAX] = "0:00", stamp[32] = "", state[32];
	time_t seconds;
	struct tm utc;

	if (snapshot)
		format_elapsed(snapshot->end_ns - snapshot->begin_ns, elapsed);
	if (snapshot && !screen->is_live) {
		seconds = (time_t)(snapshot->end_ns / 1000000000);
		if (gmtime_r(&seconds, &utc))
			strftime(stamp, sizeof(stamp), "%F %T  ", &utc);
	}
	put_state(screen, state, sizeof(state));
	snprintf(text, size, "%s%s  %s", stamp, elapsed, state);
}

void screen_draw_title(const struct screen *screen, struct canvas *canvas, int y)
{
	const struct document_context *document = screen->view->document;
	struct pen pen = pen_at(canvas, 0, y), right = pen_at(canvas, 0, y);
	char clock[128], filter[MESSAGE_MAX];

	canvas_style_line(canvas, y, STYLE_TITLE);
	put_clock(screen, clock, sizeof(clock));
	pen.style = right.style = STYLE_TITLE;
	right.x = canvas->width - (int)strlen(clock) - 1;
	pen.end = right.x - 1;
	pen_text(&pen, " weir  ");
	put_source(&pen, document);
	if (document->attach_count) {
		pen_text(&pen, "  ");
		put_names(&pen, document->attach, document->attach_count);
	}
	if (document->filter)
		pen_print(&pen, "  filter: %s",
			  escape_text(document->filter, filter, sizeof(filter)));
	right.style = screen->is_paused ? STYLE_WARNING : STYLE_TITLE;
	pen_text(&right, clock);
}

/* Totals that fit beside a sparkline. */
enum { HEAD_AVERAGE, HEAD_MAX, HEAD_TOTAL, HEAD_PACKETS, HEAD_FLOWS, HEAD_COUNT };

static int numbers_that_fit(const struct canvas *canvas)
{
	int room = canvas->width - LABEL_WIDTH - 10;

	return room / NUMBER_WIDTH < HEAD_COUNT ? room / NUMBER_WIDTH : HEAD_COUNT;
}

static int sparkline_width(const struct canvas *canvas)
{
	int width = canvas->width - LABEL_WIDTH - numbers_that_fit(canvas) * NUMBER_WIDTH - 1;

	return width < HISTORY_PANES ? width : HISTORY_PANES;
}

static void draw_totals_heading(const struct screen *screen, struct canvas *canvas, int y)
{
	const struct snapshot *snapshot = screen->snapshot;
	enum unit unit = screen->view->unit;
	struct pen pen = pen_at(canvas, 0, y);
	const char *heads[HEAD_COUNT];
	char length[FORMAT_MAX], average[FORMAT_MAX], total[FORMAT_MAX];
	uint64_t panes = (uint64_t)sparkline_width(canvas);

	pen.style = STYLE_DIM;
	format_length(panes * screen->options->pane_ns, length);
	pen_print(&pen, "%*slast %s", LABEL_WIDTH, "", length);
	pen_fill(&pen, LABEL_WIDTH + (int)panes + 1);
	snprintf(average, sizeof(average), "%s", unit_of_rate(unit));
	snprintf(total, sizeof(total), "%s %s",
		 format_length(snapshot->windows[snapshot->reference].observed_ns, length),
		 unit_of_volume(unit));
	heads[HEAD_AVERAGE] = average;
	heads[HEAD_MAX] = "max";
	heads[HEAD_TOTAL] = total;
	heads[HEAD_PACKETS] = unit_of_rate(unit_beside(unit));
	heads[HEAD_FLOWS] = "flows";
	for (int i = 0; i < numbers_that_fit(canvas); i++)
		pen_right(&pen, NUMBER_WIDTH, heads[i]);
}

static void draw_pulse(const struct screen *screen, struct pen pen, enum pulse_of which)
{
	const struct snapshot *snapshot = screen->snapshot;
	const struct pulse *pulse = &snapshot->pulse[which];
	const struct view *view = screen->view;
	uint64_t length_ns = snapshot->windows[snapshot->reference].observed_ns;
	const struct sparkline sparkline = { &pulse->history, &snapshot->clock, view->unit,
					     sparkline_width(pen.canvas) };
	struct view other = { .unit = unit_beside(view->unit) };
	const double numbers[HEAD_COUNT] = {
		view_rate(view, &pulse->amount, length_ns),
		view_max(view, pulse->max.bytes, pulse->max.packets),
		view_volume(view, &pulse->amount),
		view_rate(&other, &pulse->amount, length_ns),
		(double)pulse->flows,
	};
	/* Sessions are of different lengths: together they have no rate. */
	bool has_rates = screen->options->windows[snapshot->reference].kind != WINDOW_SESSION;
	char text[FORMAT_MAX];

	pen.style = which == PULSE_OUT ? STYLE_OUT : STYLE_IN;
	draw_sparkline(&pen, &sparkline);
	pen.style = STYLE_NORMAL;
	pen_text(&pen, " ");
	for (int i = 0; i < numbers_that_fit(pen.canvas); i++) {
		bool is_rate = i != HEAD_TOTAL && i != HEAD_FLOWS;

		pen_right(&pen, NUMBER_WIDTH, is_rate && !has_rates ? "-" :
			  format_number(numbers[i], text));
	}
}

static int draw_pulses(const struct screen *screen, struct canvas *canvas, int y)
{
	static const char *const labels[PULSE_COUNT] = { "in", "out" };
	static const enum direction unseen[PULSE_COUNT] = { DIRECTION_OUT, DIRECTION_IN };
	enum direction direction = screen->options->direction;
	bool has_directions = screen->view->document->group->field[GROUP_DIRECTION] &&
			      screen->is_live;

	for (int which = 0; which < PULSE_COUNT; which++) {
		struct pen pen = pen_at(canvas, 0, y);

		if (!has_directions && which == PULSE_OUT)
			continue;
		if (has_directions && direction == unseen[which])
			continue;
		pen.style = STYLE_STRONG;
		pen_left(&pen, LABEL_WIDTH, has_directions ? labels[which] : "all");
		draw_pulse(screen, pen, (enum pulse_of)which);
		y++;
	}
	return y;
}

int screen_draw_head(struct screen *screen, struct canvas *canvas, int y)
{
	char warning[MESSAGE_MAX];
	struct pen pen;

	screen_draw_title(screen, canvas, y++);
	if (!screen->snapshot)
		return y;
	draw_totals_heading(screen, canvas, y++);
	y = draw_pulses(screen, canvas, y);
	screen_draw_account(screen, canvas, y++);
	if (*screen_warning(screen, warning)) {
		pen = pen_at(canvas, 0, y++);
		pen.style = STYLE_WARNING;
		pen_text(&pen, warning);
	}
	return y;
}
