/* SPDX-License-Identifier: BSD-2-Clause */
#include "interactive.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "../base/report.h"
#include "../base/stop.h"
#include "messages.h"
#include "terminal.h"
#include "viewer.h"
#include "viewer_export.h"
#include "viewer_keys.h"

#define WAIT_MS 500

struct interaction {
	struct viewer *viewer;
	struct terminal *terminal;
	struct messages *messages;
	int err;  /* of the agent */
};

static void show(struct interaction *interaction)
{
	struct viewer *viewer = interaction->viewer;
	struct canvas *canvas = &viewer->canvas;
	int width, height;

	terminal_size(interaction->terminal, &width, &height);
	if ((width != canvas->width || height != canvas->height) &&
	    canvas_resize(canvas, width, height))
		return;
	screen_draw(&viewer->screen, canvas);
	terminal_show(interaction->terminal, canvas);
	viewer->is_stale = false;
}

static void take_keys(struct interaction *interaction)
{
	int key;

	while ((key = terminal_key(interaction->terminal)) != KEY_IS_NONE &&
	       !interaction->viewer->wants_quit) {
		if (key == KEY_IS_RESIZE)
			terminal_redraw(interaction->terminal);
		if (key == 'L' - '@')
			terminal_redraw(interaction->terminal);
		if (key == KEY_IS_MOUSE)
			viewer_mouse(interaction->viewer, terminal_click(interaction->terminal));
		else
			viewer_press(interaction->viewer, key);
	}
}

static void take_messages(struct interaction *interaction)
{
	char line[MESSAGE_MAX];

	if (messages_take(interaction->messages, line, sizeof(line)))
		viewer_tell(interaction->viewer, true, line);
}

static void take_names(struct viewer *viewer)
{
	names_drain(viewer->view.names);
	viewer_refresh(viewer);
}

static bool is_over(struct interaction *interaction)
{
	struct viewer *viewer = interaction->viewer;

	if (viewer->wants_quit || *stop_flag())
		return true;
	if (!collector_has_ended(viewer->collector, &interaction->err))
		return false;
	if (!viewer->screen.has_ended) {
		viewer->screen.has_ended = viewer->view.is_final = true;
		viewer_take(viewer);
		viewer_refresh(viewer);
	}
	return viewer_ends_with_agent(viewer->options, interaction->err);
}

static void wait_for_something(struct interaction *interaction)
{
	struct viewer *viewer = interaction->viewer;
	struct names *names = viewer->view.names;
	struct pollfd ready[] = {
		{ .fd = terminal_fd(interaction->terminal), .events = POLLIN },
		{ .fd = collector_fd(viewer->collector), .events = POLLIN },
		{ .fd = messages_fd(interaction->messages), .events = POLLIN },
		{ .fd = names ? names_fd(names) : -1, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};

	if (!viewer_listens(viewer))
		ready[1].fd = -1;
	if (poll(ready, sizeof(ready) / sizeof(ready[0]), WAIT_MS) < 0)
		return;
	if (ready[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		viewer->wants_quit = true;
	if (ready[1].revents) {
		viewer_take(viewer);
		viewer_export_what_waits(viewer);
	}
	if (ready[2].revents)
		take_messages(interaction);
	if (ready[3].revents)
		take_names(viewer);
}

int interactive_run(struct viewer *viewer, int *err)
{
	struct interaction interaction = { .viewer = viewer };
	const char *reason;
	int open_err;

	open_err = terminal_open(&interaction.terminal, &reason);
	if (open_err) {
		report_error("open the terminal: %s", reason);
		report_error("try: TERM=xterm, or weir run");
		return open_err;
	}
	interaction.messages = messages_open();
	viewer->canvas.utf8 = terminal_has_utf8(interaction.terminal);
	while (!is_over(&interaction)) {
		if (viewer->is_stale)
			show(&interaction);
		wait_for_something(&interaction);
		take_keys(&interaction);
	}
	terminal_close(interaction.terminal);
	messages_close(interaction.messages);
	*err = interaction.err;
	return 0;
}
