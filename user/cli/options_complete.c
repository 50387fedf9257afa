/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_complete.h"

#include "options_table.h"

#include "../base/report.h"
#include "../outputs/output_name.h"
#include "../system/machine.h"

#include <string.h>
#include <unistd.h>

#define TERMINAL_ROWS 20 /* of the table that run prints without being asked for another */
#define METRIC_GROUPS     20   /* that have metrics where -n says nothing, */
#define METRIC_GROUPS_MAX 1000 /* and at most */
#define SECOND_NS 1000000000ull

static const struct window_spec run_windows[] = {
	{ .kind = WINDOW_TUMBLING, .length_ns = 10 * SECOND_NS, .slide_ns = 10 * SECOND_NS },
};
static const struct window_spec report_window = {
	.kind = WINDOW_TUMBLING, .length_ns = SECOND_NS, .slide_ns = SECOND_NS,
};
static const struct window_spec top_windows[] = {
	{ .kind = WINDOW_SLIDING, .length_ns = 2 * SECOND_NS, .slide_ns = SECOND_NS },
	{ .kind = WINDOW_SLIDING, .length_ns = 10 * SECOND_NS, .slide_ns = SECOND_NS },
	{ .kind = WINDOW_SLIDING, .length_ns = 40 * SECOND_NS, .slide_ns = SECOND_NS },
};

int usage_error(const char *what, const char *value, const char *reason)
{
	const char *shown = value && !*value ? "''" : value; /* an empty word would not be seen */

	report_error("%s%s%s: %s", *what ? what : "''", shown ? " " : "", shown ? shown : "",
		     reason);
	report_error("try: weir --help");
	return EXIT_USAGE;
}

/* Whether nothing but reports is written: pictures need steps that are short. */
static bool has_reports_only(const struct options *options)
{
	for (size_t i = 0; i < options->output_count; i++) {
		struct output_name parsed;

		if (output_name_parse(options->outputs[i], 1, &parsed) || !parsed.encoder->memory)
			return false;
	}
	return options->output_count;
}

static void default_windows(struct options *options)
{
	if (options->window_count)
		return;
	if (options->verb == VERB_TOP) {
		memcpy(options->windows, top_windows, sizeof(top_windows));
		options->window_count = sizeof(top_windows) / sizeof(top_windows[0]);
	} else {
		memcpy(options->windows, run_windows, sizeof(run_windows));
		options->window_count = sizeof(run_windows) / sizeof(run_windows[0]);
		if (has_reports_only(options))
			options->windows[0] = report_window;
	}
}

/* Nobody reads a table of thousands of rows from a terminal. */
static void default_output(struct parsing *parsing)
{
	struct options *options = parsing->options;

	options->outputs[options->output_count++] = "-";
	if (!parsing->given['n'] && isatty(STDOUT_FILENO))
		options->top = TERMINAL_ROWS;
}

static int check_source(const struct parsing *parsing)
{
	static const int live_only[] = { 'i', 'd', 'a', OPTION_ALIGN, OPTION_ONCE, OPTION_PIN };
	const char *file = parsing->options->file;
	size_t i;

	if (!file && parsing->given[OPTION_SPEED])
		return usage_error("--speed", NULL, "a live run has its own; only with --read");
	for (i = 0; file && i < sizeof(live_only) / sizeof(live_only[0]); i++) {
		const struct option_spec *spec = option_spec_find(live_only[i]);

		if (!parsing->given[spec->id])
			continue;
		report_error("--read %s: not together with --%s", file, spec->name);
		report_error("try: weir --help");
		return EXIT_USAGE;
	}
	return 0;
}

/* Check goes over all interfaces where it is given none. */
static int check_interfaces(struct options *options)
{
	for (size_t i = 0; i < options->interface_count; i++) {
		if (strcmp(options->interfaces[i], INTERFACES_ANY))
			continue;
		if (options->interface_count > 1)
			return usage_error("--interface", INTERFACES_ANY,
					   "stands for all that are up: name no other");
		options->interface_count =
			options->verb == VERB_CHECK || options->verb == VERB_DETACH ? 0 : 1;
	}
	return 0;
}

/* Where rows of windows are added up, those of windows that overlap would count packets again. */
static const char *overlap_refused(const struct options *options)
{
	for (size_t i = 0; i < options->window_count; i++) {
		if (options->windows[i].kind == WINDOW_SLIDING ||
		    options->windows[i].kind == WINDOW_LANDMARK)
			return "it takes tumbling and session windows: others overlap";
	}
	return NULL;
}

static int check_outputs(struct options *options)
{
	size_t i;

	for (i = 0; i < options->output_count; i++) {
		const char *name = options->outputs[i];
		struct output_name parsed;
		const char *reason = output_name_parse(name, options->window_count, &parsed);

		if (!reason && parsed.is_summed)
			reason = overlap_refused(options);
		if (!reason)
			options->extra_sets |= parsed.encoder->extra_sets;
		if (!reason && parsed.encoder->memory &&
		    options->windows[0].kind != WINDOW_TUMBLING)
			reason = "a report adds up the windows of the first -w: make it tumbling";
		if (options->verb == VERB_TOP && parsed.is_standard_output)
			reason = "top draws on standard output: name a *.ndjson file";
		if (reason)
			return usage_error("--output", name, reason);
	}
	options->any_order = has_reports_only(options) && !*options->listen.port;
	return 0;
}

static int check_sort(const struct options *options)
{
#define EXTRA_SET_OF(name, kind, merge, set, before, after) [EXTRA_##name] = (set),
	static const enum extra_set sets[] = { EXTRA_MEASURES(EXTRA_SET_OF) };

	for (size_t i = 0; options->sort == SORT_FLOWS && i < options->window_count; i++) {
		if (options->windows[i].kind == WINDOW_SESSION)
			return usage_error("--sort", "flows", "not together with session windows");
	}
	if (options->sort < SORT_EXTRA ||
	    options->extra_sets & 1u << sets[options->sort - SORT_EXTRA])
		return 0;
	return usage_error("--sort", sort_field_name(options->sort), "not one of:" SORT_WORDS);
}

static int choose_pane(struct parsing *parsing)
{
	struct options *options = parsing->options;
	const char *reason = "no pane divides these windows";

	if (!pane_length_choose(options->windows, options->window_count, parsing->wanted_pane_ns,
				&options->pane_ns, &reason))
		return 0;
	if (parsing->pane_text)
		return usage_error("--pane", parsing->pane_text, reason);
	return usage_error("--window", parsing->window_text, reason);
}

/* Rows are looked at by others than top. */
static bool has_readers(const struct options *options)
{
	return options->output_count || *options->listen.port || options->exit_over.value;
}

/* Fields of the owner ask for it; without -g they are added to the others. */
static int complete_processes(const struct parsing *parsing)
{
	struct options *options = parsing->options;
	bool has_owner = group_by_has_owner(&options->group);

	if (options->file && (options->processes || has_owner))
		return usage_error(options->processes ? "--processes" : "--group-by", NULL,
				   "a capture does not tell whose its packets were");
	if (options->verb == VERB_TOP && !options->file && !options->processes &&
	    !parsing->given['g'] && !has_readers(options) &&
	    options->attach != ATTACH_PCAP && options->direction != DIRECTION_IN)
		options->processes = options->processes_if_possible = true;
	if (options->processes && parsing->given['g'] && !has_owner &&
	    options->verb == VERB_RUN)
		return usage_error("--processes", NULL, "name process or container in -g too");
	if (options->processes && !parsing->given['g']) {
		group_by_add(&options->group, GROUP_PROCESS);
		group_by_add(&options->group, GROUP_CONTAINER);
	}
	options->processes |= has_owner;
	return 0;
}

/* Fields of the tunnel ask for it; without -g they are added to the others. */
static void complete_tunnels(const struct parsing *parsing)
{
	struct options *options = parsing->options;

	if (options->tunnels && !parsing->given['g']) {
		group_by_add(&options->group, GROUP_TUNNEL);
		group_by_add(&options->group, GROUP_TUNNEL_ID);
	}
	options->tunnels |= group_by_has_tunnel(&options->group);
}

/* Conversations have both directions, and begin and end in both. */
static int complete_biflow(const struct parsing *parsing)
{
	static const char all[] = "src,dst,src_port,dst_port,proto,vlan,inner_vlan,interface";
	struct options *options = parsing->options;
	const char *reason;

	if (!options->biflow)
		return 0;
	if (parsing->given['g'] && options->group.field[GROUP_DIRECTION])
		return usage_error("--biflow", NULL, "rows have both directions: leave it out of -g");
	if (!parsing->given['g'] && group_by_parse(all, &options->group, &reason))
		return usage_error("--biflow", NULL, reason);
	return 0;
}

static enum first_rows first_rows_of(const struct group_by *group, bool is_given)
{
	if (group->field[GROUP_SERVICE])
		return SHOWS_SERVICES;
	if (!is_given || !group_by_has_owner(group))
		return SHOWS_OWN;
	return group->field[GROUP_PROCESS] ? SHOWS_PROCESSES : SHOWS_CONTAINERS;
}

/* Series are kept for long by who scrapes them: their number is bounded whatever is asked for. */
static void complete_metrics(const struct parsing *parsing)
{
	struct options *options = parsing->options;
	bool is_bounded = options->top && options->top < METRIC_GROUPS_MAX;

	if (!parsing->given['g'])
		return;
	if (!parsing->given['n'])
		options->metric_groups = METRIC_GROUPS;
	else
		options->metric_groups = is_bounded ? options->top : METRIC_GROUPS_MAX;
}

/* Who began and who was called is told by whole flows; top shows these, in rows of its own. */
static void complete_counted(const struct parsing *parsing)
{
	struct options *options = parsing->options;
	bool is_of_flows = options->biflow || options->group.field[GROUP_SERVICE] ||
			   group_by_has_owner(&options->group) || options->processes ||
			   options->sort == SORT_FLOWS;

	options->counted = options->group;
	if (is_of_flows)
		group_by_init(&options->counted);
	if (is_of_flows && options->tunnels) {
		group_by_add(&options->counted, GROUP_TUNNEL);
		group_by_add(&options->counted, GROUP_TUNNEL_ID);
	}
	if (options->verb != VERB_TOP)
		return;
	options->shows = first_rows_of(&options->group, parsing->given['g']);
	if (options->processes) {
		group_by_add(&options->counted, GROUP_PROCESS);
		group_by_add(&options->counted, GROUP_CONTAINER);
	}
	if (!has_readers(options)) {
		options->group = options->counted;
		options->biflow = false;
		options->is_sorted_by_view = true;
	}
}

int options_complete(struct parsing *parsing)
{
	struct options *options = parsing->options;
	int status = check_source(parsing);

	if (!options->slots_given)
		options->slots = machine_slots_of_this();
	if (!status)
		status = check_interfaces(options);
	if (status || options->verb == VERB_CHECK || options->verb == VERB_DETACH)
		return status;
	if (options->pin && options->verb == VERB_TOP)
		return usage_error("--pin", NULL, "of run: top counts while it is looked at");
	default_windows(options);
	if (options->verb == VERB_RUN && !options->output_count && !*options->listen.port)
		default_output(parsing);
	if (options->verb == VERB_TOP && !parsing->given[OPTION_SPEED])
		options->speed = 1;
	if (!parsing->given[OPTION_ALIGN])
		options->align = options->duration_ns || options->window_limit ? ALIGN_START :
										 ALIGN_CLOCK;
	status = check_outputs(options);
	if (!status)
		status = check_sort(options);
	if (!status)
		status = complete_biflow(parsing);
	if (!status)
		complete_tunnels(parsing);
	if (!status)
		status = complete_processes(parsing);
	if (!status)
		complete_counted(parsing);
	complete_metrics(parsing);
	return status ? status : choose_pane(parsing);
}
