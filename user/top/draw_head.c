/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_head.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../text/escape.h"
#include "draw_account.h"
#include "draw_bits.h"
#include "format.h"
#include "screen.h"

#define NUMBER_WIDTH 7
#define LABEL_MOST   18
#define SPARKLINE_LEAST 10
#define LINES_MOST   12

/* Interfaces that are attached alike say it once. */
static void put_names(struct pen *pen, const char *const *names, size_t count)
{
	char shown[MESSAGE_MAX];

	for (size_t i = 0; i < count; i++) {
		bool is_told = false;

		for (size_t before = 0; before < i; before++)
			is_told |= !strcmp(names[before], names[i]);
		if (is_told)
			continue;
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

#define FILTER_LABEL "  filter: "

/* What is counted tells more than how it is attached. */
static bool attach_fits(const struct document_context *document, const struct pen *pen,
			const char *filter)
{
	size_t length = *filter ? strlen(FILTER_LABEL) + strlen(filter) : 0;

	for (size_t i = 0; i < document->attach_count; i++)
		length += strlen(document->attach[i]) + 1;
	return !*filter || (int)length + 2 <= pen->end - pen->x;
}

/* Of one that is too long, the end is kept: it was added last. */
static void put_filter(struct pen *pen, const char *filter)
{
	int length = (int)strlen(filter), room;

	pen_text(pen, FILTER_LABEL);
	room = pen->end - pen->x;
	if (length <= room || room < 2) {
		pen_text(pen, filter);
		return;
	}
	pen_text(pen, pen->canvas->utf8 ? "…" : "~");
	pen_text(pen, filter + length - (room - 1));
}

void screen_draw_title(const struct screen *screen, struct canvas *canvas, int y)
{
	const struct document_context *document = screen->view->document;
	struct pen pen = pen_at(canvas, 0, y), right = pen_at(canvas, 0, y);
	char clock[128], filter[MESSAGE_MAX] = "";

	canvas_style_line(canvas, y, STYLE_TITLE);
	put_clock(screen, clock, sizeof(clock));
	pen.style = right.style = STYLE_TITLE;
	right.x = canvas->width - (int)strlen(clock) - 1;
	pen.end = right.x - 1;
	if (document->filter)
		escape_text(document->filter, filter, sizeof(filter));
	pen_text(&pen, " weir  ");
	put_source(&pen, document);
	if (document->attach_count && attach_fits(document, &pen, filter)) {
		pen_text(&pen, "  ");
		put_names(&pen, document->attach, document->attach_count);
	}
	if (document->filter)
		put_filter(&pen, filter);
	right.style = screen->is_paused ? STYLE_WARNING : STYLE_TITLE;
	pen_text(&right, clock);
}

/* Numbers of a line, and how much each is wanted where not all fit. */
enum { HEAD_NOW, HEAD_SHORT, HEAD_LONG, HEAD_MAX, HEAD_TOTAL, HEAD_PACKETS, HEAD_SHARE,
       HEAD_COUNT };

static const int head_order[HEAD_COUNT] = { HEAD_NOW, HEAD_SHORT, HEAD_TOTAL, HEAD_MAX, HEAD_SHARE,
					    HEAD_LONG, HEAD_PACKETS };

/* A line of the head: an interface and direction, or all. */
struct line {
	char label[LABEL_MAX];
	const struct pulse *pulse;
	uint64_t speed_bps;
};

struct head {
	const struct screen *screen;
	struct canvas *canvas;
	struct line lines[LINES_MOST];
	int line_count, hidden;
	int label_width, sparkline_width;
	bool is_shown[HEAD_COUNT];
	double full; /* rate of a full column of the sparklines */
};

static const struct pulse nothing;

static bool has_directions(const struct screen *screen)
{
	return screen->view->document->group->field[GROUP_DIRECTION] && screen->is_live;
}

static bool has_interfaces(const struct screen *screen)
{
	const struct document_context *document = screen->view->document;

	return document->group->field[GROUP_INTERFACE] && document->source_name_count > 1 &&
	       document->link_names;
}

static int lines_that_fit(const struct canvas *canvas)
{
	int lines = canvas->height / 6;

	return lines < 2 ? 2 : lines > LINES_MOST ? LINES_MOST : lines;
}

static void add_line(struct head *head, const struct pulse *pulse, const struct flow_key *key)
{
	const struct screen *screen = head->screen;
	const struct labeler labeler = view_labeler(screen->view);
	unsigned int link = flow_key_link(key);
	struct line *line = &head->lines[head->line_count++];
	const char *direction = key->flags & FLOW_OUT ? "out" : "in";
	struct labeler by_link = labeler;
	struct group_by group = *labeler.group;
	char name[LABEL_MAX];

	*line = (struct line){ .pulse = pulse, .speed_bps = screen->speed_bps[link] };
	group.field[GROUP_INTERFACE] = true;
	by_link.group = &group;
	if (!has_directions(screen))
		direction = "all";
	if (has_interfaces(screen))
		snprintf(line->label, sizeof(line->label), "%.*s %s", LABEL_MOST - 5,
			 label_link(&by_link, key, name), direction);
	else
		snprintf(line->label, sizeof(line->label), "%s", direction);
}

/* Of more interfaces than fit, those that carry most; they stay in their order. */
static bool is_among_busiest(const struct snapshot *snapshot, size_t which, int lines)
{
	const struct tally *own = &snapshot->pulses[which].side.amount[COVER_SHORT];
	int busier = 0;

	for (size_t i = 0; i < snapshot->pulse_count; i++) {
		uint64_t bytes = snapshot->pulses[i].side.amount[COVER_SHORT].bytes;

		busier += bytes > own->bytes || (bytes == own->bytes && i < which);
	}
	return busier < lines;
}

/* One interface has its lines from the start, also of a direction that carried nothing yet. */
static void lines_of_one(struct head *head)
{
	const struct snapshot *snapshot = head->screen->snapshot;
	enum direction direction = head->screen->options->direction;

	for (int out = 0; out <= has_directions(head->screen); out++) {
		const struct flow_key key = { .flags = out ? FLOW_OUT : 0 };
		const struct pulse *pulse = &nothing;

		if (has_directions(head->screen) &&
		    direction == (out ? DIRECTION_IN : DIRECTION_OUT))
			continue;
		for (size_t i = 0; i < snapshot->pulse_count; i++) {
			if ((snapshot->pulses[i].key.flags & FLOW_OUT) == key.flags)
				pulse = &snapshot->pulses[i];
		}
		add_line(head, pulse, &key);
	}
}

static void lines_choose(struct head *head)
{
	const struct snapshot *snapshot = head->screen->snapshot;
	int lines = lines_that_fit(head->canvas);

	if (!has_interfaces(head->screen) || !snapshot->pulse_count) {
		lines_of_one(head);
		return;
	}
	for (size_t i = 0; i < snapshot->pulse_count; i++) {
		if (is_among_busiest(snapshot, i, lines))
			add_line(head, &snapshot->pulses[i], &snapshot->pulses[i].key);
		else
			head->hidden++;
	}
}

static struct sparkline sparkline_of(const struct head *head, const struct line *line)
{
	return (struct sparkline){ &line->pulse->history, &head->screen->snapshot->clock,
				   head->screen->view->unit, head->sparkline_width };
}

static void head_measure(struct head *head)
{
	bool has_speed = false;
	int room;

	for (int i = 0; i < head->line_count; i++) {
		int length = (int)strlen(head->lines[i].label) + 1;

		head->label_width = length > head->label_width ? length : head->label_width;
		has_speed |= head->lines[i].speed_bps != 0;
	}
	room = head->canvas->width - head->label_width - SPARKLINE_LEAST - 1;
	for (int i = 0; i < HEAD_COUNT; i++) {
		if (room < NUMBER_WIDTH || (head_order[i] == HEAD_SHARE && !has_speed))
			continue;
		head->is_shown[head_order[i]] = true;
		room -= NUMBER_WIDTH;
	}
	head->sparkline_width = room + SPARKLINE_LEAST;
	if (head->sparkline_width > HISTORY_PANES)
		head->sparkline_width = HISTORY_PANES;
	for (int i = 0; i < head->line_count; i++) {
		const struct sparkline sparkline = sparkline_of(head, &head->lines[i]);
		double highest = sparkline_highest(&sparkline);

		head->full = highest > head->full ? highest : head->full;
	}
}

/* Panes of several seconds make the newest times longer than they are elsewhere. */
static const char *head_name(const struct screen *screen, int number, char text[FORMAT_MAX])
{
	static const char *const names[HEAD_COUNT] = { [HEAD_NOW] = "now", [HEAD_MAX] = "max",
						       [HEAD_TOTAL] = "total",
						       [HEAD_SHARE] = "link" };
	const struct window_result *whole = screen->snapshot->whole;

	if (names[number])
		return names[number];
	if (number == HEAD_PACKETS)
		return unit_of_rate(unit_beside(screen->view->unit));
	return format_length(whole[number == HEAD_SHORT ? COVER_SHORT : COVER_LONG].spec->length_ns,
			     text);
}

static void draw_head_heading(const struct head *head, int y)
{
	const struct screen *screen = head->screen;
	enum unit unit = screen->view->unit;
	struct pen pen = pen_at(head->canvas, 0, y);
	char length[FORMAT_MAX], full[FORMAT_MAX], scale[4 * FORMAT_MAX];

	pen.style = STYLE_DIM;
	if (head->hidden)
		pen_print(&pen, "%d more", head->hidden);
	pen_fill(&pen, head->label_width);
	for (int i = 0; i < HEAD_COUNT; i++) {
		if (head->is_shown[i])
			pen_right(&pen, NUMBER_WIDTH, head_name(screen, i, length));
	}
	format_length((uint64_t)head->sparkline_width * screen->options->pane_ns, length);
	format_number(head->full, full);
	snprintf(scale, sizeof(scale), " last %s, full at %s %s", length, full,
		 unit_of_rate(unit));
	if ((int)strlen(scale) > head->sparkline_width + 1)
		snprintf(scale, sizeof(scale), " full %s", full);
	pen_text(&pen, scale);
}

static void number_texts(const struct head *head, const struct line *line,
			 char texts[HEAD_COUNT][FORMAT_MAX])
{
	const struct view *view = head->screen->view;
	const struct window_result *whole = head->screen->snapshot->whole;
	const struct side *side = &line->pulse->side;
	const struct view bits = { .unit = UNIT_BITS }, beside = { .unit = unit_beside(view->unit) };
	static const enum cover covers[] = { COVER_NOW, COVER_SHORT, COVER_LONG };
	const struct tally *newest = &side->amount[COVER_NOW];
	double share;

	for (int i = HEAD_NOW; i <= HEAD_LONG; i++)
		format_number(view_rate(view, &side->amount[covers[i]],
					whole[covers[i]].observed_ns), texts[i]);
	format_number(view_max(view, side->bytes_max, side->packets_max), texts[HEAD_MAX]);
	format_number(view_volume(view, &side->amount[COVER_TOTAL]), texts[HEAD_TOTAL]);
	format_number(view_rate(&beside, newest, whole[COVER_NOW].observed_ns),
		      texts[HEAD_PACKETS]);
	snprintf(texts[HEAD_SHARE], FORMAT_MAX, "-");
	if (!line->speed_bps)
		return;
	share = 100 * view_rate(&bits, newest, whole[COVER_NOW].observed_ns) /
		(double)line->speed_bps;
	if (share > 0 && share < 0.05)
		snprintf(texts[HEAD_SHARE], FORMAT_MAX, "<0.1%%");
	else
		snprintf(texts[HEAD_SHARE], FORMAT_MAX, "%.*f%%", share < 9.95, share);
}

static void draw_line(const struct head *head, const struct line *line, int y)
{
	struct pen pen = pen_at(head->canvas, 0, y);
	const struct sparkline sparkline = sparkline_of(head, line);
	char texts[HEAD_COUNT][FORMAT_MAX];

	number_texts(head, line, texts);
	pen.style = STYLE_STRONG;
	pen_left(&pen, head->label_width, line->label);
	for (int i = 0; i < HEAD_COUNT; i++) {
		pen.style = i == HEAD_NOW ? STYLE_STRONG : STYLE_NORMAL;
		if (head->is_shown[i])
			pen_right(&pen, NUMBER_WIDTH, texts[i]);
	}
	pen_text(&pen, " ");
	pen.style = line->pulse->key.flags & FLOW_OUT ? STYLE_OUT : STYLE_IN;
	draw_sparkline(&pen, &sparkline, head->full);
}

static int draw_lines(const struct screen *screen, struct canvas *canvas, int y)
{
	struct head head = { .screen = screen, .canvas = canvas };

	lines_choose(&head);
	head_measure(&head);
	draw_head_heading(&head, y++);
	for (int i = 0; i < head.line_count; i++)
		draw_line(&head, &head.lines[i], y++);
	return y;
}

int screen_draw_head(struct screen *screen, struct canvas *canvas, int y)
{
	char warning[MESSAGE_MAX];
	struct pen pen;

	screen_draw_title(screen, canvas, y++);
	if (!screen->snapshot)
		return y;
	y = draw_lines(screen, canvas, y);
	screen_draw_account(screen, canvas, y++);
	if (*screen_warning(screen, warning)) {
		pen = pen_at(canvas, 0, y++);
		pen.style = STYLE_WARNING;
		pen_text(&pen, warning);
	}
	return y;
}
