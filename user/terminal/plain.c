/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report.h"
#include "viewer.h"

#define PLAIN_WIDTH   120
#define PLAIN_ROWS    20
#define HEAD_LINES    8
#define CELL_BYTES    4
#define WAIT_MS       500

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

int plain_run(struct viewer *viewer)
{
	bool has_ended = false;
	int err = 0, write_err = 0;

	signal(SIGPIPE, SIG_IGN); /* a reader that has gone must not leave programs attached */
	setlocale(LC_CTYPE, "");
	viewer->canvas.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	while (!has_ended && !write_err) {
		struct pollfd ready = { .fd = collector_fd(viewer->collector), .events = POLLIN };

		poll(&ready, 1, WAIT_MS);
		has_ended = collector_has_ended(viewer->collector, &err);
		viewer_take(viewer);
		if (viewer->is_stale && viewer->snapshot)
			write_err = write_table(viewer);
		viewer->is_stale = false;
	}
	if (write_err && write_err != -EPIPE)
		report_error("write standard output: %s", strerror(-write_err));
	return write_err;
}
