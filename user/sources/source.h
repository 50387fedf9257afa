/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets come from, behind one interface: programs in the kernel, libpcap, a capture. A
 * source gives panes, whose records it has handed to their taker.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "../attach/settings.h"
#include "../engine/group.h"
#include "../engine/pane.h"
#include "record_taker.h"

struct source;

/* What is asked of a source. What it points to is borrowed. */
struct source_settings {
	const char *file;              /* a capture; NULL: interfaces */
	const char *const *interfaces; /* none: that of the default route */
	size_t interface_count;
	bool is_any;                   /* all interfaces that are up instead */
	struct attach_settings attach;
	const char *filter;            /* NULL: none */
	const struct group_by *group;
	uint64_t pane_ns;
	uint64_t duration_ns;          /* of a replay: of packet time; 0: no end */
	bool is_aligned;               /* live: panes to multiples since 1970, not to the start */
	double speed;                  /* of a replay: times real time; 0: as fast as it goes */
	uint32_t slots;                /* per CPU and bank */
	bool slots_given;              /* by the user, whatever memory they take */
	bool show_progress;            /* of a replay, on standard error where that is a terminal */
	struct record_taker taker;
};

/* What is known of a source once it is open. Lives as long as the source. */
struct source_facts {
	bool is_live;                  /* its clock is CLOCK_MONOTONIC, not that of the packets */
	const char *const *names;      /* of interfaces, or of the file */
	size_t name_count;
	const char *const *attached;   /* "xdp-native" and so on */
	size_t attached_count;
};

/*
 * Opens what the settings ask for. 0; after a failure, which has been reported, a negative
 * errno: -EINVAL where the user's words are wrong.
 */
int source_open(const struct source_settings *settings, struct source **source);

/* Accepts NULL. 0, or a negative errno, reported, where something has been left behind. */
int source_close(struct source *source);

enum source_step {
	SOURCE_END,  /* nothing more, and no pane */
	SOURCE_PANE, /* its records are taken, *pane is filled */
};

/*
 * Goes on to the end of the open pane, or of the run where the user ends it. A negative errno
 * ends the run too: it has been reported, and what was read before has come as panes. -EINVAL:
 * the filter means nothing on what was read.
 */
int source_next_pane(struct source *source, struct pane *pane);

const struct source_facts *source_facts(const struct source *source);

/*
 * What interfaces are called after the last pane, by the link number of a flow key; NULL where
 * nobody tells. Until the next pane.
 */
const char *const *source_link_names(struct source *source);

/* Share of the kernel's table in use in the last pane; negative where there is none. */
double source_table_use(const struct source *source);

#endif
