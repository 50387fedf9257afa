/* SPDX-License-Identifier: BSD-2-Clause */
#include "viewer_export.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "export.h"
#include "terminal.h"

#define CTRL_U ('U' - '@')

bool text_edit(char *text, size_t size, int key)
{
	size_t length = strlen(text);

	if (key == KEY_IS_ERASE) {
		text[length ? length - 1 : 0] = '\0';
	} else if (key == CTRL_U) {
		text[0] = '\0';
	} else if (key >= ' ' && key <= '~' && length + 1 < size) {
		text[length] = (char)key;
		text[length + 1] = '\0';
	} else {
		return false;
	}
	return true;
}

void viewer_ask_for_name(struct viewer *viewer)
{
	struct screen *screen = &viewer->screen;

	if (!viewer->snapshot)
		return;
	export_choose_name(screen->export_name);
	screen->export_is_there = screen->export_waits = false;
	screen->export_from = screen->mode;
	screen->mode = MODE_EXPORT;
}

/* Each part is cut where it is very long, so that all of them have room. */
static void tell_written(struct viewer *viewer, size_t flows)
{
	const char *name = viewer->screen.export_name;
	char text[MESSAGE_MAX], folder[PATH_MAX] = "";
	bool is_told = name[0] != '/' && getcwd(folder, sizeof(folder));

	snprintf(text, sizeof(text), "wrote %zu flows to %.110s%s%.80s", flows, name,
		 is_told ? " in " : "", is_told ? folder : "");
	viewer_tell(viewer, false, text);
}

static void tell_refused(struct viewer *viewer, const char *reason)
{
	char text[MESSAGE_MAX];

	snprintf(text, sizeof(text), "write %.160s: %s", viewer->screen.export_name, reason);
	viewer_tell(viewer, true, text);
}

/* What is there already is written to only when that was seen. */
static void write_export(struct viewer *viewer)
{
	struct screen *screen = &viewer->screen;
	const char *refused = export_name_refused(screen->export_name);
	size_t flows;
	int err;

	screen->export_waits = viewer->waits_for_rows;
	if (screen->export_waits)
		return;
	if (!refused && !screen->export_is_there && !access(screen->export_name, F_OK)) {
		screen->export_is_there = true;
		return;
	}
	screen->mode = screen->export_from;
	err = refused ? 0 : view_export(&viewer->view, screen->export_name, &flows);
	if (err)
		refused = strerror(-err);
	if (refused)
		tell_refused(viewer, refused);
	else
		tell_written(viewer, flows);
}

void viewer_export_what_waits(struct viewer *viewer)
{
	if (viewer->screen.mode == MODE_EXPORT && viewer->screen.export_waits)
		write_export(viewer);
}

void viewer_press_export(struct viewer *viewer, int key)
{
	struct screen *screen = &viewer->screen;

	screen->export_waits = false;
	if (key == KEY_IS_ENTER)
		write_export(viewer);
	else if (key == KEY_IS_ESCAPE)
		screen->mode = screen->export_from;
	else if (text_edit(screen->export_name, EXPORT_NAME_MAX, key))
		screen->export_is_there = false;
}
