/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_help.h"

#include "screen.h"

static const char *const help_lines[] = {
	"  q        quit",
	"  space    pause: the screen stands still, counting goes on",
	"  s  r     sort by the next column; reverse the order",
	"  g        group: hosts, ports, protocols, networks, back to flows",
	"  /        search: show rows with all these words; escape clears",
	"  d        direction: both, in, out",
	"  u        unit: bits, bytes, packets",
	"  n        names of hosts and services",
	"  enter    history of the row; enter or escape goes back",
	"  e        write what is shown as JSON into this folder",
	"  arrows, PgUp, PgDn, Home, End: move;  escape: no row",
	"",
	"  Numbers: k, M, G are powers of 1000. Averages are over the last",
	"  2s, 10s, 40s; max is the highest rate of one pane; max and total",
	"  are of the longest window. 100 % counted means every packet.",
};

void screen_draw_help(struct canvas *canvas, int y)
{
	for (size_t i = 0; i < sizeof(help_lines) / sizeof(help_lines[0]); i++) {
		struct pen pen = pen_at(canvas, 0, y + (int)i);

		if (pen.y >= canvas->height - 1)
			break;
		pen_text(&pen, help_lines[i]);
	}
}
