/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_bits.h"

#include "screen.h"

static const wchar_t levels[] = L" ▁▂▃▄▅▆▇█";
static const wchar_t levels_ascii[] = L" .:-=+*#@";
static const wchar_t eighths[] = L" ▏▎▍▌▋▊▉█";

#define LEVELS 8

wchar_t level_glyph(const struct canvas *canvas, double level)
{
	int step = (int)(level * LEVELS + 0.5);

	/* What is there is seen. */
	if (level > 0 && step == 0)
		step = 1;
	if (step < 0)
		step = 0;
	if (step > LEVELS)
		step = LEVELS;
	return canvas->utf8 ? levels[step] : levels_ascii[step];
}

void draw_bar(struct pen *pen, int width, double part)
{
	int steps, column = pen->x + width;

	if (!(part > 0))
		part = 0;
	if (part > 1)
		part = 1;
	steps = (int)(part * width * LEVELS + 0.5);
	if (part > 0 && steps == 0)
		steps = 1;
	for (; steps > 0; steps -= LEVELS) {
		int step = steps < LEVELS ? steps : LEVELS;

		if (pen->canvas->utf8)
			pen_glyph(pen, eighths[step]);
		else
			pen_glyph(pen, step >= LEVELS / 2 ? L'#' : L'-');
	}
	pen_fill(pen, column);
}

double pane_rate(const struct history *history, const struct pane_clock *clock, enum unit unit,
		 uint64_t number)
{
	struct rates rates = history_rate(history, clock, number);

	if (unit == UNIT_PACKETS)
		return rates.packets;
	return unit == UNIT_BITS ? 8 * rates.bytes : rates.bytes;
}

static double rate_back(const struct sparkline *sparkline, int back)
{
	uint64_t newest = sparkline->clock->number;

	if ((uint64_t)back >= newest)
		return 0;
	return pane_rate(sparkline->history, sparkline->clock, sparkline->unit,
			 newest - (uint64_t)back);
}

double sparkline_highest(const struct sparkline *sparkline)
{
	double highest = 0;

	for (int i = 0; i < sparkline->width; i++) {
		double rate = rate_back(sparkline, i);

		highest = rate > highest ? rate : highest;
	}
	return highest;
}

void draw_sparkline(struct pen *pen, const struct sparkline *sparkline, double full)
{
	for (int i = sparkline->width - 1; i >= 0; i--) {
		double part = full > 0 ? rate_back(sparkline, i) / full : 0;

		pen_glyph(pen, level_glyph(pen->canvas, part));
	}
}
