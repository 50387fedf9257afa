/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets come from, behind one interface: programs in the kernel, libpcap, a capture. A
 * source gives panes, whose records it has merged into the engine.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "../cli/options.h"
#include "../outputs/encoder.h"

struct source;

struct source_config {
	const struct options *options;
	struct engine *engine;
	bool show_progress; /* of a replay, on standard error where that is a terminal */
};

/*
 * Opens what the options ask for. 0; after a failure, which has been reported, a negative
 * errno: -EINVAL where the user's words are wrong.
 */
int source_open(const struct source_config *config, struct source **source);

/* Accepts NULL. 0, or a negative errno, reported, where something has been left behind. */
int source_close(struct source *source);

enum source_step {
	SOURCE_END,  /* nothing more, and no pane */
	SOURCE_PANE, /* *pane is filled: engine_end_pane is to be called */
};

/*
 * Goes on to the end of the open pane, or of the run where the user ends it. A negative errno
 * ends the run too: it has been reported, and what was read before has come as panes.
 */
int source_next_pane(struct source *source, struct pane *pane);

/* What documents say of the source: kind, names, attach, direction, link_names. Borrowed. */
void source_describe(const struct source *source, struct document_context *context);

/* Takes over what interfaces are called after the last pane. Until the next one. */
void source_follow_names(const struct source *source, struct document_context *context);

/* True where the engine's clock is not that of the packets but CLOCK_MONOTONIC. */
bool source_is_live(const struct source *source);

/* Share of the kernel's table in use in the last pane; negative where there is none. */
double source_table_use(const struct source *source);

#endif
