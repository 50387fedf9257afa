/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user before the screen: keys, refreshes, what is shown. Belongs to the thread that draws.
 */
#ifndef WEIR_VIEWER_H
#define WEIR_VIEWER_H

#include "collector.h"
#include "link_names.h"
#include "narrow.h"
#include "screen.h"

struct viewer {
	const struct options *options;
	struct narrowing *narrowing;
	struct link_names *links;   /* NULL: of a capture */
	struct collector *collector;
	struct view view;
	struct screen screen;
	struct snapshot *snapshot;
	struct canvas canvas;
	unsigned int message_left;  /* snapshots for which the message is shown */
	unsigned int speeds_left;   /* snapshots until interfaces are asked for their speed */
	bool wants_quit;
	bool waits_for_rows;        /* other rows are on their way, also while paused */
	bool is_stale;   /* what is drawn is not what is to be seen */
};

void viewer_init(struct viewer *viewer, const struct options *options,
		 struct collector *collector, const struct document_context *document);

/* Takes over what the user chose before the view began anew; once, after viewer_init. */
void viewer_resume(struct viewer *viewer, struct narrowing *narrowing);
void viewer_fini(struct viewer *viewer);

/* Takes what the stage has; nothing while paused, but for rows that were asked for. */
void viewer_take(struct viewer *viewer);

/* Whether there may be something to take. */
bool viewer_listens(const struct viewer *viewer);

/* Filters, sorts again; after a change of what is wanted of these rows. */
void viewer_refresh(struct viewer *viewer);

/* Asks for the rows that the view now wants. */
void viewer_ask(struct viewer *viewer);

void viewer_tell(struct viewer *viewer, bool is_warning, const char *message);

/* False where there is more to look at: a capture that was read to its end. */
bool viewer_ends_with_agent(const struct options *options, int err);

#endif
