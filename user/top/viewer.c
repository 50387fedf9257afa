/* SPDX-License-Identifier: BSD-2-Clause */
#include "viewer.h"

#include <stdio.h>
#include <string.h>

#include "../system/link_speed.h"
#include "view_arrange.h"

/* The keys come back after so many, which is as many seconds where panes are of a second. */
#define MESSAGE_SNAPSHOTS 10

/* Speeds are negotiated anew where a cable is moved. */
#define SPEED_SNAPSHOTS 30

void viewer_init(struct viewer *viewer, const struct options *options,
		 struct collector *collector, const struct document_context *document)
{
	*viewer = (struct viewer){ .options = options, .collector = collector };
	view_init(&viewer->view, options, document);
	viewer->screen = (struct screen){ .view = &viewer->view, .options = options,
					  .is_live = options->file == NULL };
	viewer->is_stale = true;
}

void viewer_resume(struct viewer *viewer, struct narrowing *narrowing)
{
	const struct narrow_step *step = narrowing_step(narrowing);
	struct view *view = &viewer->view;

	viewer->narrowing = narrowing;
	if (!narrowing->has_choices)
		return;
	view->unit = narrowing->unit;
	view->shows_names = narrowing->shows_names;
	if (view->shows_names)
		view->names = names_create();
	view->wish = step->wish;
	view->sort_column = step->sort_column;
	viewer_ask(viewer);
}

void viewer_fini(struct viewer *viewer)
{
	view_fini(&viewer->view);
	names_destroy(viewer->view.names);
	snapshot_free(viewer->snapshot);
	canvas_fini(&viewer->canvas);
}

static void take_history(struct viewer *viewer)
{
	const struct row *row = view_selected_row(&viewer->view);
	struct screen *screen = &viewer->screen;

	if (screen->mode == MODE_HISTORY && row)
		snapshot_history(viewer->snapshot, &row->key, &screen->history);
}

void viewer_refresh(struct viewer *viewer)
{
	viewer->is_stale = true;
	if (!viewer->snapshot || view_arrange(&viewer->view, viewer->snapshot))
		return;
	take_history(viewer);
}

static void ask_speeds(struct viewer *viewer)
{
	const struct document_context *document = viewer->view.document;

	if (viewer->speeds_left-- || !viewer->screen.is_live)
		return;
	viewer->speeds_left = SPEED_SNAPSHOTS;
	for (size_t i = 0; i < document->source_name_count && i < FLOW_LINKS_MAX; i++)
		viewer->screen.speed_bps[i] = link_speed_bps(document->source_names[i]);
}

static bool wishes_are_equal(struct wish a, struct wish b)
{
	return a.grouping == b.grouping && a.direction == b.direction;
}

/* Whether a first look tells what rows are sorted by. */
static bool is_known_at_first(const struct view *view)
{
	switch (view->sort_column) {
	case COVER_SHORT:
	case COVER_TOTAL:
		return true;
	default:
		return view->sort_column >= SORT_COLUMN_FLOWS &&
		       view->sort_column < SORT_COLUMN_EXTRA;
	}
}

bool viewer_listens(const struct viewer *viewer)
{
	return !viewer->screen.is_paused || viewer->waits_for_rows;
}

void viewer_take(struct viewer *viewer)
{
	struct snapshot *snapshot;

	if (!viewer_listens(viewer))
		return;
	snapshot = collector_take(viewer->collector);
	if (!snapshot)
		return;
	if (snapshot->is_first_look && !is_known_at_first(&viewer->view)) {
		snapshot_free(snapshot);
		return;
	}
	if (viewer->links)
		link_names_take(viewer->links);
	if (viewer->message_left && --viewer->message_left == 0)
		viewer->screen.message[0] = '\0';
	if (wishes_are_equal(snapshot->wish, viewer->view.wish) && !snapshot->is_first_look)
		viewer->waits_for_rows = false;
	snapshot_free(viewer->snapshot);
	viewer->snapshot = snapshot;
	viewer->screen.snapshot = snapshot;
	ask_speeds(viewer);
	viewer_refresh(viewer);
}

void viewer_ask(struct viewer *viewer)
{
	view_deselect(&viewer->view);
	view_forget_order(&viewer->view);
	viewer->waits_for_rows = true;
	collector_wish(viewer->collector, viewer->view.wish);
	viewer->is_stale = true;
}

void viewer_tell(struct viewer *viewer, bool is_warning, const char *message)
{
	snprintf(viewer->screen.message, sizeof(viewer->screen.message), "%s", message);
	viewer->screen.message_is_warning = is_warning;
	viewer->message_left = MESSAGE_SNAPSHOTS;
	viewer->is_stale = true;
}

bool viewer_ends_with_agent(const struct options *options, int err)
{
	return err || !options->file || options->duration_ns || options->window_limit;
}
