/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_help.h"

#include "screen.h"

static const char *const help_lines[] = {
	"  q        quit",
	"  space    pause: the screen stands still, counting goes on",
	"  s  r     sort by the next column; reverse the order",
	"  g        group: flows, hosts, services, processes, networks, ...",
	"  b        rows of both ways (conversations) or of one (flows)",
	"  /        search: show rows with all these words; escape clears",
	"  f  F     begin anew with the row as the filter; go back",
	"  d        direction: both, in, out",
	"  u  n     unit: bits, bytes, packets; names of hosts and services",
	"  enter    history of the row; enter or escape goes back",
	"  e        write what is shown as JSON; asks for a name",
	"  arrows, PgUp, PgDn, Home, End: move;  escape: no row",
	"",
	"  \x1a from who began, \x1b back to them; of hosts, sent and received.",
	"  now, 10s, 40s: averages over the last 2, 10, 40 seconds. max: the",
	"  highest rate of one pane since the start, of one side of a row.",
	"  total, since: from its first packet on. k, M, G: powers of 1000.",
	"  100 % counted means every packet.",
};

/* Arrows where there are any. */
static void put_line(struct pen *pen, const char *line)
{
	bool utf8 = pen->canvas->utf8;

	for (; *line; line++) {
		if (*line == '\x1a')
			pen_glyph(pen, utf8 ? L'→' : L'>');
		else if (*line == '\x1b')
			pen_glyph(pen, utf8 ? L'←' : L'<');
		else
			pen_glyph(pen, (wchar_t)*line);
	}
}

void screen_draw_help(struct canvas *canvas, int y)
{
	for (size_t i = 0; i < sizeof(help_lines) / sizeof(help_lines[0]); i++) {
		struct pen pen = pen_at(canvas, 0, y + (int)i);

		if (pen.y >= canvas->height - 1)
			break;
		put_line(&pen, help_lines[i]);
	}
}
