/* SPDX-License-Identifier: BSD-2-Clause */
#include "viewer_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "table_layout.h"
#include "terminal.h"
#include "viewer.h"
#include "viewer_export.h"

/* False for columns that the rows do not have. */
static bool is_sortable(const struct viewer *viewer, int column)
{
	const struct group_by *group = &viewer->snapshot->grouper.group;
	bool has_ends = layout_has_ends(&viewer->view);

	if (column >= SORT_COLUMN_EXTRA)
		return viewer->snapshot->extras != NULL;
	switch (column) {
	case SORT_COLUMN_SRC:
		return label_shows_src(group);
	case SORT_COLUMN_DST:
		return label_shows_dst(group) || group->field[GROUP_SERVICE];
	case SORT_COLUMN_PROTO:
		return group->field[GROUP_PROTO];
	case SORT_COLUMN_FLOWS:
		return !has_ends;
	default:
		return true;
	}
}

static void sort_by(struct viewer *viewer, int column)
{
	viewer->view.sort_column = column;
	if (column >= SORT_COLUMN_EXTRA)
		viewer->view.extra = column - SORT_COLUMN_EXTRA;
	view_forget_order(&viewer->view);
	viewer_refresh(viewer);
}

static void next_sort(struct viewer *viewer)
{
	int column = viewer->view.sort_column;

	if (!viewer->snapshot)
		return;
	do
		column = (column + 1) % SORT_COLUMN_COUNT;
	while (!is_sortable(viewer, column));
	sort_by(viewer, column);
}

static void reverse(struct viewer *viewer)
{
	viewer->view.is_reversed = !viewer->view.is_reversed;
	viewer_refresh(viewer);
}

/* Whether other rows can be in the same order. */
static bool stays_sorted(int column, enum grouping grouping)
{
	switch (column) {
	case SORT_COLUMN_FLOWS:
		return !grouping_has_ends(grouping);
	case SORT_COLUMN_SRC:
	case SORT_COLUMN_DST:
	case SORT_COLUMN_PROTO:
		return false;
	default:
		return true;
	}
}

static void want_grouping(struct viewer *viewer, enum grouping grouping)
{
	struct view *view = &viewer->view;

	view->wish.grouping = grouping;
	if (!stays_sorted(view->sort_column, grouping))
		view->sort_column = COVER_SHORT;
	viewer_ask(viewer);
}

static void next_grouping(struct viewer *viewer)
{
	enum grouping grouping = viewer->view.wish.grouping;

	do
		grouping = (grouping + 1) % GROUPING_COUNT;
	while (!grouping_is_possible(grouping, viewer->view.document->group));
	want_grouping(viewer, grouping);
}

/* Rows of single flows, or of both their directions. */
static void switch_ways(struct viewer *viewer)
{
	bool is_one_way = viewer->view.wish.grouping != GROUPING_CONVERSATIONS;

	if (!grouping_is_possible(GROUPING_CONVERSATIONS, viewer->view.document->group))
		viewer_tell(viewer, false, "directions are not told apart here");
	else
		want_grouping(viewer, is_one_way ? GROUPING_CONVERSATIONS : GROUPING_FLOWS);
}

static void next_direction(struct viewer *viewer)
{
	struct view *view = &viewer->view;

	if (!view->document->direction || !view->document->group->field[GROUP_DIRECTION]) {
		viewer_tell(viewer, false, "directions are not told apart here");
		return;
	}
	view->wish.direction = (view->wish.direction + 1) % 3;
	viewer_ask(viewer);
}

static void next_unit(struct viewer *viewer)
{
	viewer->view.unit = (viewer->view.unit + 1) % UNIT_COUNT;
	view_forget_order(&viewer->view);
	viewer_refresh(viewer);
}

static void switch_names(struct viewer *viewer)
{
	struct view *view = &viewer->view;

	view->shows_names = !view->shows_names;
	if (!view->names)
		view->names = names_create();
	viewer_refresh(viewer);
}

static void switch_pause(struct viewer *viewer)
{
	viewer->screen.is_paused = !viewer->screen.is_paused;
	viewer_take(viewer);
}

static void open_history(struct viewer *viewer)
{
	struct view *view = &viewer->view;

	if (!view->has_selection)
		view_move_to(view, view->scroll);
	viewer->screen.mode = MODE_HISTORY;
	viewer_refresh(viewer);
}

static void escape(struct viewer *viewer)
{
	if (viewer->view.search[0]) {
		viewer->view.search[0] = '\0';
		viewer_refresh(viewer);
		return;
	}
	view_deselect(&viewer->view);
}

/* A start anew would lose what outputs have so far, and cannot read a pipe again. */
static const char *narrowing_refused(const struct viewer *viewer)
{
	const char *file = viewer->options->file;

	if (!viewer->narrowing || !viewer->snapshot)
		return "nothing was counted yet";
	if (viewer->options->output_count)
		return "what -o writes is of one filter: start without it";
	if (file && (!strcmp(file, "-") || !strncmp(file, "tcp://", 6)))
		return "a stream cannot be read again";
	return NULL;
}

static void narrow(struct viewer *viewer,
		   const char *step(struct narrowing *narrowing, const struct view *view))
{
	const char *refused = narrowing_refused(viewer);

	if (!refused)
		refused = step(viewer->narrowing, &viewer->view);
	if (refused)
		viewer_tell(viewer, false, refused);
	else
		viewer->wants_quit = true;
}

static void narrow_into(struct viewer *viewer)
{
	narrow(viewer, narrowing_into);
}

static void narrow_back(struct viewer *viewer)
{
	narrow(viewer, narrowing_back);
}

static bool move(struct viewer *viewer, int key)
{
	struct view *view = &viewer->view;
	long page = viewer->screen.rows_height > 1 ? viewer->screen.rows_height - 1 : 1;

	switch (key) {
	case KEY_IS_UP:
	case 'k':
		view_move(view, -1);
		return true;
	case KEY_IS_DOWN:
	case 'j':
		view_move(view, 1);
		return true;
	case KEY_IS_PAGE_UP:
		view_move(view, -page);
		return true;
	case KEY_IS_PAGE_DOWN:
		view_move(view, page);
		return true;
	case KEY_IS_HOME:
		view_move_to(view, 0);
		return true;
	case KEY_IS_END:
		view_move_to(view, SIZE_MAX);
		return true;
	default:
		return false;
	}
}

static void press_search(struct viewer *viewer, int key)
{
	char *search = viewer->view.search;

	if (key == KEY_IS_ESCAPE)
		search[0] = '\0';
	if (key == KEY_IS_ENTER || key == KEY_IS_ESCAPE)
		viewer->screen.mode = MODE_TABLE;
	else
		text_edit(search, VIEW_SEARCH_MAX, key);
	viewer_refresh(viewer);
}

struct key_action {
	int key;
	void (*action)(struct viewer *viewer);
};

static void quit(struct viewer *viewer)
{
	viewer->wants_quit = true;
}

static void open_help(struct viewer *viewer)
{
	viewer->screen.mode = MODE_HELP;
}

static void open_search(struct viewer *viewer)
{
	viewer->screen.mode = MODE_SEARCH;
}

static const struct key_action actions[] = {
	{ 'q', quit },          { 'Q', quit },           { '?', open_help },
	{ 'h', open_help },     { '/', open_search },    { ' ', switch_pause },
	{ 's', next_sort },     { 'r', reverse },        { 'g', next_grouping },
	{ 'd', next_direction }, { 'u', next_unit },     { 'n', switch_names },
	{ 'e', viewer_ask_for_name }, { 'b', switch_ways },
	{ 'f', narrow_into },   { 'F', narrow_back },
	{ KEY_IS_ENTER, open_history }, { KEY_IS_ESCAPE, escape },
};

static void press_table(struct viewer *viewer, int key)
{
	if (move(viewer, key))
		return;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (actions[i].key == key)
			actions[i].action(viewer);
	}
}

/* Rows can be walked through there too. */
static void press_history(struct viewer *viewer, int key)
{
	if (key == KEY_IS_ENTER || key == KEY_IS_ESCAPE) {
		viewer->screen.mode = MODE_TABLE;
	} else if (move(viewer, key)) {
		viewer_refresh(viewer);
	} else if (key && strchr("qQ uefF", key)) {
		press_table(viewer, key);
	}
}

/* A click on the head of a column sorts by it, another one reverses; one on a row selects it. */
static void click(struct viewer *viewer, struct click at)
{
	struct screen *screen = &viewer->screen;
	int row = at.y - screen->rows_y;

	if (screen->mode != MODE_TABLE || !viewer->snapshot)
		return;
	if (row >= 0 && row < screen->rows_height)
		view_move_to(&viewer->view, viewer->view.scroll + (size_t)row);
	for (int i = 0; row == -1 && i < screen->place_count; i++) {
		const struct column_place *place = &screen->places[i];

		if (at.x < place->x || at.x >= place->end)
			continue;
		if (place->sort_column == viewer->view.sort_column)
			reverse(viewer);
		else
			sort_by(viewer, place->sort_column);
		return;
	}
}

static void roll(struct viewer *viewer, long rows)
{
	if (viewer->screen.mode == MODE_TABLE)
		view_roll(&viewer->view, rows, (size_t)viewer->screen.rows_height);
}

void viewer_mouse(struct viewer *viewer, struct click at)
{
	viewer->is_stale = true;
	if (at.wheel)
		roll(viewer, 3 * at.wheel);
	else
		click(viewer, at);
}

void viewer_press(struct viewer *viewer, int key)
{
	viewer->is_stale = true;
	viewer->screen.message[0] = '\0';
	switch (viewer->screen.mode) {
	case MODE_HELP:
		viewer->screen.mode = MODE_TABLE;
		viewer->wants_quit = key == 'q';
		break;
	case MODE_SEARCH:
		press_search(viewer, key);
		break;
	case MODE_EXPORT:
		viewer_press_export(viewer, key);
		break;
	case MODE_HISTORY:
		press_history(viewer, key);
		break;
	case MODE_TABLE:
		press_table(viewer, key);
		break;
	}
}
