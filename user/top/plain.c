/* SPDX-License-Identifier: BSD-2-Clause */
#include "plain.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/report.h"
#include "draw_head.h"
#include "draw_table.h"
#include "viewer.h"

#define PLAIN_WIDTH   120
#define PLAIN_ROWS    20
#define HEAD_LINES    8
#define CELL_BYTES    4
#define WAIT_MS       500
#define SECOND_NS     1000000000u

static int write_lines(const struct canvas *canvas, int count)
{
	char line[PLAIN_WIDTH * CELL_BYTES + 1];

	for (int y = 0; y < count; y++) {
		canvas_line_text(canvas, y, line);
		if (puts(line) < 0)
			return -errno;
	}
	if (putchar('\n') < 0 || fflush(stdout))
		return -errno;
	return 0;
}

static int write_table(struct viewer *viewer)
{
	struct view *view = &viewer->view;
	int rows = view->row_limit ? (int)view->row_limit : PLAIN_ROWS, y;

	if ((size_t)rows > view->shown)
		rows = view->shown ? (int)view->shown : 1;
	if (canvas_resize(&viewer->canvas, PLAIN_WIDTH, HEAD_LINES + rows + 2))
		return -ENOMEM;
	y = screen_draw_head(&viewer->screen, &viewer->canvas, 0);
	viewer->canvas.height = y + rows + 2; /* a line for the heads, one for a foot */
	screen_draw_table(&viewer->screen, &viewer->canvas, y);
	return write_lines(&viewer->canvas, y + 1 + rows);
}

static bool has_one_table(const struct options *options)
{
	return options->duration_ns || options->window_limit;
}

/* Once a second is enough to read, however short the panes. */
static bool is_due(const struct viewer *viewer, bool has_ended, uint64_t *last_ns)
{
	uint64_t pane_ns = viewer->options->pane_ns;
	uint64_t end_ns = viewer->snapshot ? viewer->snapshot->end_ns : 0;

	if (!viewer->is_stale || !viewer->snapshot)
		return false;
	if (has_one_table(viewer->options))
		return has_ended;
	if (*last_ns && end_ns - *last_ns + pane_ns / 2 < SECOND_NS)
		return false;
	*last_ns = end_ns;
	return true;
}

int plain_run(struct viewer *viewer)
{
	uint64_t last_ns = 0;
	bool has_ended = false;
	int err = 0, write_err = 0;

	signal(SIGPIPE, SIG_IGN); /* a reader that has gone must not leave programs attached */
	setlocale(LC_CTYPE, "");
	viewer->canvas.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	/* Of the whole time: by what was carried in it, not by what is going on at its end. */
	if (has_one_table(viewer->options) && viewer->view.sort_column == COVER_SHORT)
		viewer->view.sort_column = COVER_TOTAL;
	while (!has_ended && !write_err) {
		struct pollfd ready = { .fd = collector_fd(viewer->collector), .events = POLLIN };

		poll(&ready, 1, WAIT_MS);
		has_ended = collector_has_ended(viewer->collector, &err);
		viewer_take(viewer);
		if (!is_due(viewer, has_ended, &last_ns))
			continue;
		write_err = write_table(viewer);
		viewer->is_stale = false;
	}
	if (write_err && write_err != -EPIPE)
		report_error("write standard output: %s", strerror(-write_err));
	return write_err;
}
