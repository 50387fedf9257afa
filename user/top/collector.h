/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's side of the live view: takes windows and panes, keeps histories, hands over
 * snapshots. Never waits for the screen.
 */
#ifndef WEIR_COLLECTOR_H
#define WEIR_COLLECTOR_H

#include "../cli/options.h"
#include "snapshot.h"

struct collector;

struct collector_config {
	const struct options *options;
	const struct window_spec *windows;
	size_t window_count;  /* shown */
	size_t pane_window;   /* number of the window that is one pane long */
	bool has_directions;  /* flows tell their direction */
};

/* NULL when memory is all that failed. */
struct collector *collector_create(const struct collector_config *config);
void collector_destroy(struct collector *collector);

/* For struct agent_config; the context is the collector. */
void collector_take_window(void *context, const struct window_result *result);
void collector_take_pane(void *context, const struct pane *pane);

/* Before collector_take_pane: what the pane itself does not tell. */
void collector_set_facts(struct collector *collector, double table_use, int64_t clock_offset_ns);

/* The run has ended: windows that it cut short replace only what was never whole. */
void collector_end(struct collector *collector, int err);

/* From the screen's thread. Readable when there is something new: a snapshot or the end. */
int collector_fd(const struct collector *collector);

/* The newest snapshot, now the caller's; NULL where there is none since the last call. */
struct snapshot *collector_take(struct collector *collector);

/* True once collector_end was called, and its err. */
bool collector_has_ended(struct collector *collector, int *err);

#endif
