/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: one checked structure for all verbs.
 */
#ifndef WEIR_OPTIONS_H
#define WEIR_OPTIONS_H

#include "../attach/settings.h"
#include "../base/rate.h"
#include "../engine/engine.h"
#include "../engine/group.h"
#include "../text/endpoint.h"

#define OPTIONS_INTERFACES_MAX FLOW_LINKS_MAX
#define OPTIONS_WINDOWS_MAX    16
#define OPTIONS_OUTPUTS_MAX    8

/* The name that stands for all interfaces that are up. */
#define INTERFACES_ANY "any"

enum verb { VERB_TOP, VERB_RUN, VERB_CHECK, VERB_DETACH, VERB_HELP, VERB_VERSION };

enum align { ALIGN_CLOCK, ALIGN_START };

/* What -g asks top for, beside what flows are told apart by. */
enum first_rows { SHOWS_OWN, SHOWS_SERVICES, SHOWS_PROCESSES, SHOWS_CONTAINERS };

struct options {
	enum verb verb;
	/* None: that of the default route. INTERFACES_ANY stands alone. */
	const char *interfaces[OPTIONS_INTERFACES_MAX];
	size_t interface_count;
	const char *file;             /* -r; NULL in a live run */
	enum direction direction;
	enum attach_how attach;
	struct window_spec windows[OPTIONS_WINDOWS_MAX];
	size_t window_count;
	uint64_t pane_ns;             /* chosen by pane_length_choose */
	enum align align;             /* of the windows of a live run */
	struct group_by group;
	struct group_by counted;      /* what is told apart before: with -b or the service, whole
				       * flows; also what top makes its rows of */
	enum first_rows shows;        /* at first, by top */
	bool is_sorted_by_view;       /* top, alone: nobody else looks at the order of results */
	bool biflow;
	bool processes;               /* whose the flows are is asked */
	bool processes_if_possible;   /* by nobody: by top, where nothing stands against it */
	bool tunnels;                 /* flows are those inside tunnels */
	bool fragments;               /* later ones have the ports of their first */
	struct rate_limit exit_over;
	size_t top;
	bool any_order;               /* of flows in results: nothing is written that shows it */
	size_t metric_groups;         /* -n of metrics; 0: without -g */
	enum sort_field sort;         /* or SORT_EXTRA and an extra measure of extra_sets */
	uint32_t extra_sets;          /* 1 << enum extra_set of those asked for */
	const char *host;             /* --host; NULL: the machine's own name */
	const char *outputs[OPTIONS_OUTPUTS_MAX];
	char *output_secrets[OPTIONS_OUTPUTS_MAX]; /* passwords of these, or NULL. Owned. */
	size_t output_count;
	struct endpoint listen;       /* where pages are served; no port: nowhere */
	uint64_t duration_ns;         /* 0: no end */
	uint64_t window_limit;        /* -c; 0: no end */
	bool once;                    /* end when the last interface has gone */
	bool pin;                     /* count on without the agent */
	const char *pin_directory;    /* NULL: the usual one */
	const char *const *words;     /* all of the command line, as it was given */
	size_t word_count;
	uint32_t slots;               /* per CPU and bank */
	bool slots_given;
	uint64_t max_flows;           /* 0: what a quarter of the memory holds */
	double speed;                 /* 0: max */
	bool quiet, verbose, json;    /* json: check --json */
	char *filter;                 /* the trailing words joined by spaces; NULL: none. Owned. */
};

/*
 * Parses the command line. 0 and the options; EXIT_USAGE after one line on standard error that
 * names what is wrong, then "weir: try: weir --help" (EXIT_FAILED where memory has run out).
 * --help and --version of any verb become VERB_HELP and VERB_VERSION. Strings are borrowed from
 * argv, whose words check may reorder.
 */
int options_parse(int argc, char **argv, struct options *options);
void options_fini(struct options *options);

#endif
