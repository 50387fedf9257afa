/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of a source, and what it answers.
 */
#ifndef WEIR_SOURCE_SETTINGS_H
#define WEIR_SOURCE_SETTINGS_H

#include "../attach/settings.h"
#include "../engine/group.h"
#include "record_taker.h"

struct pin;
struct pin_place;

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
	bool once;                     /* live: over when the last interface has gone */
	bool show_progress;            /* of a replay, on standard error where that is a terminal */
	struct pin *pin;               /* live: goes on without the agent; NULL: ends with it */
	const struct pin_place *log;   /* what an agent has logged there instead of all that; */
	uint64_t logged;               /* of this generation. NULL: it is no log */
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

enum source_step {
	SOURCE_END,  /* nothing more, and no pane */
	SOURCE_PANE, /* its records are taken, *pane is filled */
};

#endif
