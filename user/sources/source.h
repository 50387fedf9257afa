/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets come from, behind one interface: programs in the kernel, libpcap, a capture. A
 * source gives panes, whose records it has handed to their taker.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "../engine/pane.h"
#include "source_settings.h"

struct source;

/*
 * Opens what the settings ask for. 0; after a failure, which has been reported, a negative
 * errno: -EINVAL where the user's words are wrong.
 */
int source_open(const struct source_settings *settings, struct source **source);

/* Accepts NULL. 0, or a negative errno, reported, where something has been left behind. */
int source_close(struct source *source);

/*
 * Goes on to the end of the open pane, or of the run where the user ends it. A negative errno
 * ends the run too: it has been reported, and what was read before has come as panes. -EINVAL:
 * the filter means nothing on what was read.
 */
int source_next_pane(struct source *source, struct pane *pane);

/*
 * Before the first pane: the time without an agent, in which programs of an earlier one counted on.
 * SOURCE_PANE, its records taken and *pane filled; SOURCE_END where there was none; or a negative
 * errno, reported.
 */
int source_absence(struct source *source, const struct record_taker *taker, struct pane *pane);

const struct source_facts *source_facts(const struct source *source);

/*
 * What interfaces are called after the last pane, by the link number of a flow key; NULL where
 * nobody tells. Until the next pane.
 */
const char *const *source_link_names(struct source *source);

/* Share of the kernel's table in use in the last pane; negative where there is none. */
double source_table_use(const struct source *source);

#endif
