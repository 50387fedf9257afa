/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the agent's thread, which gives panes, and the screen's, which takes snapshots: a thread
 * of its own that has the stage. Nobody waits for the screen, and counting live traffic waits for
 * nobody; a replay waits where the stage is behind.
 */
#ifndef WEIR_COLLECTOR_H
#define WEIR_COLLECTOR_H

#include "../cli/options.h"
#include "stage.h"

struct collector;

struct collector_config {
	struct stage_config stage;
	struct wish wish;     /* at first */
	size_t pane_window;   /* number of the agent's window that is one pane long */
	bool waits_for_reader; /* a replay that is read as text: no snapshot is left out */
};

/* NULL when memory or a thread is all that failed. */
struct collector *collector_create(const struct collector_config *config);
void collector_destroy(struct collector *collector);

/* For struct agent_config; the context is the collector. */
void collector_take_window(void *context, const struct window_result *result);

/* After the windows that end with the pane. */
void collector_take_pane(struct collector *collector, const struct pane *pane,
			 const struct pane_facts *facts);

/* The run has ended. */
void collector_end(struct collector *collector, int err);

/* From the screen's thread. Readable when there is something new: a snapshot or the end. */
int collector_fd(const struct collector *collector);

/* Other rows; the snapshot that has them comes soon. */
void collector_wish(struct collector *collector, struct wish wish);

/* Nobody will take any more. */
void collector_leave(struct collector *collector);

/* The newest snapshot, now the caller's; NULL where there is none since the last call. */
struct snapshot *collector_take(struct collector *collector);

/* True once collector_end was called and its last snapshot can be taken; and its err. */
bool collector_has_ended(struct collector *collector, int *err);

#endif
