/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_table.h"
#include "options_number.h"

#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../outputs/clickhouse_target.h"
#include "../outputs/output_name.h"
#include "../sources/capture.h"
#include "../text/endpoint.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AS_NAME(id, word) [id] = word,
static const char *const direction_names[] = { DIRECTIONS(AS_NAME) };
static const char *const attach_names[] = { ATTACH_HOWS(AS_NAME) };

/* The same words for help and refusals. */
#define AS_WORD(id, word) " " word
#define DIRECTION_WORDS   DIRECTIONS(AS_WORD)
#define ATTACH_WORDS      ATTACH_HOWS(AS_WORD)

#define SORT_AS_TEXT(id, word) [id] = word,
#define EXTRA_AS_TEXT(name, kind, merge, set, before, after) [SORT_EXTRA + EXTRA_##name] = #name,
static const char *const sort_names[] = {
	SORT_FIELDS(SORT_AS_TEXT) EXTRA_MEASURES(EXTRA_AS_TEXT)
};

const char *direction_name(enum direction direction)
{
	return direction_names[direction];
}

const char *attach_how_name(enum attach_how how)
{
	return attach_names[how];
}

const char *sort_field_name(enum sort_field field)
{
	return sort_names[field];
}

/* The index of value, or -1. */
static int find_name(const char *const *names, size_t count, const char *value)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!strcmp(names[i], value))
			return (int)i;
	}
	return -1;
}

static const char *add_interface(struct options *options, const char *name)
{
	if (!*name)
		return "an interface has a name";
	if (strchr(name, ',') && !if_nametoindex(name))
		return "no such interface; repeat --interface for each of several";
	if (find_name(options->interfaces, options->interface_count, name) >= 0)
		return "named twice";
	if (options->interface_count == OPTIONS_INTERFACES_MAX)
		return "at most 512 interfaces";
	options->interfaces[options->interface_count++] = name;
	return NULL;
}
_Static_assert(OPTIONS_INTERFACES_MAX == 512, "the text above says so");

static const char *parse_interface(struct parsing *parsing, const char *value)
{
	return add_interface(parsing->options, value);
}

static const char *parse_read(struct parsing *parsing, const char *value)
{
	struct endpoint endpoint;

	if (!*value)
		return "a capture has a name";
	if (parsing->options->file)
		return "one capture a run";
	if (!strncmp(value, CAPTURE_TCP_SCHEME, strlen(CAPTURE_TCP_SCHEME))) {
		const char *reason = endpoint_parse(value + strlen(CAPTURE_TCP_SCHEME), &endpoint);

		if (reason)
			return reason;
	}
	parsing->options->file = value;
	return NULL;
}

static const char *parse_direction(struct parsing *parsing, const char *value)
{
	int found = find_name(direction_names, COUNT(direction_names), value);

	if (found < 0)
		return "not one of:" DIRECTION_WORDS;
	parsing->options->direction = (enum direction)found;
	return NULL;
}

static const char *parse_attach(struct parsing *parsing, const char *value)
{
	int found = find_name(attach_names, COUNT(attach_names), value);

	if (found < 0)
		return "not one of:" ATTACH_WORDS;
	parsing->options->attach = (enum attach_how)found;
	return NULL;
}

static const char *parse_window(struct parsing *parsing, const char *value)
{
	struct options *options = parsing->options;
	const char *reason = "not a window";

	if (options->window_count == OPTIONS_WINDOWS_MAX)
		return "at most 16 windows";
	if (window_spec_parse(value, &options->windows[options->window_count], &reason))
		return reason;
	options->window_count++;
	parsing->window_text = value;
	return NULL;
}
_Static_assert(OPTIONS_WINDOWS_MAX == 16, "the text above says so");

static const char *parse_length(const char *value, uint64_t *length_ns)
{
	return duration_refused(value, duration_parse(value, length_ns));
}

static const char *parse_pane(struct parsing *parsing, const char *value)
{
	const char *reason = parse_length(value, &parsing->wanted_pane_ns);

	parsing->pane_text = value;
	if (!reason && parsing->wanted_pane_ns < PANE_MIN_NS)
		return "a pane is 10ms or longer";
	return reason;
}
_Static_assert(PANE_MIN_NS == 10000000, "the text above says so");

static const char *parse_align(struct parsing *parsing, const char *value)
{
	static const char *const names[] = { [ALIGN_CLOCK] = "clock", [ALIGN_START] = "start" };
	int found = find_name(names, COUNT(names), value);

	if (found < 0)
		return "not clock or start";
	parsing->options->align = (enum align)found;
	return NULL;
}

static const char *parse_group_by(struct parsing *parsing, const char *value)
{
	const char *reason = "not a list of fields";

	return group_by_parse(value, &parsing->options->group, &reason) ? reason : NULL;
}

static const char *parse_exit_over(struct parsing *parsing, const char *value)
{
	return parse_rate(value, &parsing->options->exit_over);
}

static const char *parse_tcp(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->extra_sets |= 1u << EXTRA_TCP;
	return NULL;
}

static const char *parse_once(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->once = true;
	return NULL;
}

static const char *parse_pin(struct parsing *parsing, const char *value)
{
	parsing->options->pin = true;
	parsing->options->pin_directory = value;
	return value && value[0] != '/' ? "a directory of a BPF file system, from / on" : NULL;
}

static const char *parse_processes(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->processes = true;
	return NULL;
}

static const char *parse_tunnels(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->tunnels = true;
	return NULL;
}

static const char *parse_fragments(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->fragments = true;
	return NULL;
}

static const char *parse_biflow(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->biflow = true;
	return NULL;
}

static const char *parse_top(struct parsing *parsing, const char *value)
{
	uint64_t number;
	const char *reason = parse_number(value, 0, &number,
					  "not a number of flows: 0 (all) or more");

	parsing->options->top = number < SIZE_MAX ? (size_t)number : SIZE_MAX;
	return reason;
}

static const char *parse_sort(struct parsing *parsing, const char *value)
{
	int found = find_name(sort_names, COUNT(sort_names), value);

	if (found < 0)
		return "not one of:" SORT_WORDS;
	parsing->options->sort = (enum sort_field)found;
	return NULL;
}

static const char *add_output(struct options *options, const char *value, char *secret)
{
	if (find_name(options->outputs, options->output_count, value) >= 0)
		return "named twice";
	if (options->output_count == OPTIONS_OUTPUTS_MAX)
		return "at most 8 outputs";
	options->output_secrets[options->output_count] = secret;
	options->outputs[options->output_count++] = value;
	return NULL;
}

/* A password goes out of the argument first, which everybody may see in the process list. */
static const char *parse_output(struct parsing *parsing, const char *value)
{
	char *secret = clickhouse_target_hide_password((char *)(uintptr_t)value);
	struct output_name name;
	const char *reason = output_name_parse(value, 1, &name);

	if (!reason)
		reason = add_output(parsing->options, value, secret);
	if (reason)
		free(secret);
	return reason;
}
_Static_assert(OPTIONS_OUTPUTS_MAX == 8, "the text above says so");

/* A port alone is one of this machine's own. */
static const char *parse_listen(struct parsing *parsing, const char *value)
{
	struct endpoint *listen = &parsing->options->listen;
	char local[32];

	if (*listen->port)
		return "one a run";
	if (strchr(value, ':'))
		return endpoint_parse(value, listen);
	if (strlen(value) > 5)
		return "not [ADDR:]PORT: 9100, 192.0.2.1:9100, [2001:db8::1]:9100";
	snprintf(local, sizeof(local), "127.0.0.1:%s", value);
	return endpoint_parse(local, listen);
}

static const char *parse_host(struct parsing *parsing, const char *value)
{
	if (!*value || strlen(value) > HOST_NAME_MAX)
		return "a name has 1 to 64 bytes";
	parsing->options->host = value;
	return NULL;
}
_Static_assert(HOST_NAME_MAX == 64, "the text above says so");

static const char *parse_duration(struct parsing *parsing, const char *value)
{
	return parse_length(value, &parsing->options->duration_ns);
}

static const char *parse_count(struct parsing *parsing, const char *value)
{
	return parse_number(value, 1, &parsing->options->window_limit,
			    "not a number of windows: 1 or more");
}

static const char *parse_slots(struct parsing *parsing, const char *value)
{
	uint64_t number;

	if (parse_whole(value, &number) || (number & (number - 1)) ||
	    number < BANK_SLOTS_MIN || number > BANK_SLOTS_MAX)
		return "not a power of two from 64 to 16777216";
	parsing->options->slots = (uint32_t)number;
	parsing->options->slots_given = true;
	return NULL;
}
_Static_assert(BANK_SLOTS_MIN == 64 && BANK_SLOTS_MAX == 16777216, "the text above says so");

static const char *parse_max_flows(struct parsing *parsing, const char *value)
{
	return parse_number(value, 1, &parsing->options->max_flows,
			    "not a number of flows: 1 or more");
}

static const char *parse_speed(struct parsing *parsing, const char *value)
{
	double *speed = &parsing->options->speed;

	if (!strcmp(value, "max")) {
		*speed = 0;
		return NULL;
	}
	return parse_factor(value, speed) && *speed > 0 ? NULL : "not max, nor a factor above 0";
}

static const char *parse_json(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->json = true;
	return NULL;
}

/* Of -q and -v the last one counts. */
static const char *parse_quiet(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->quiet = true;
	parsing->options->verbose = false;
	return NULL;
}

static const char *parse_verbose(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->verbose = true;
	parsing->options->quiet = false;
	return NULL;
}

static const char *parse_help(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->verb = VERB_HELP;
	return NULL;
}

static const char *parse_version(struct parsing *parsing, const char *value)
{
	(void)value;
	parsing->options->verb = VERB_VERSION;
	return NULL;
}

const struct option_spec option_specs[] = {
	{ 'i', "interface", "NAME", FOR_ALL, parse_interface,
	  "repeatable; any: all that are up; default: that of\n"
	  "the default route" },
	{ 'r', "read", "FILE", FOR_STREAM, parse_read,
	  "pcap or pcapng file; - is standard input;\n"
	  "tcp://HOST:PORT a capture sent over TCP" },
	{ 'd', "direction", "WHICH", FOR_ALL, parse_direction,
	  "one of" DIRECTION_WORDS " (both)" },
	{ 'a', "attach", "HOW", FOR_ALL, parse_attach,
	  "one of" ATTACH_WORDS " (auto)" },
	{ 'w', "window", "SPEC", FOR_STREAM, parse_window,
	  "tumbling:LEN, sliding:LEN/SLIDE, session:GAP or\n"
	  "landmark:LEN (all since the start, every LEN);\n"
	  "repeatable (run: tumbling:10s, 1s of *.html alone;\n"
	  "top: 2s, 10s and 40s, sliding by 1s)" },
	{ 'p', "pane", "LEN", FOR_STREAM, parse_pane,
	  "length of a pane, 10ms or more (the greatest that\n"
	  "divides all windows, at most 1s)" },
	{ OPTION_ALIGN, "align", "WHERE", FOR_STREAM, parse_align,
	  "clock: live windows begin at multiples of their\n"
	  "length since 1970; start: at the start of the run\n"
	  "(clock; with -c or -t: start)" },
	{ 'g', "group-by", "FIELDS", FOR_STREAM, parse_group_by,
	  "of" GROUP_WORDS ", separated by commas; src/24 or src/24:64 for networks (all)" },
	{ 'b', "biflow", NULL, FOR_STREAM, parse_biflow,
	  "both directions of a conversation in one row: src\n"
	  "is who began it (top shows it so as it is)" },
	{ 'n', "top", "N", FOR_STREAM, parse_top,
	  "at most N flows in each result (0, all; metrics: 20)" },
	{ 's', "sort", "FIELD", FOR_STREAM, parse_sort, "of" SORT_WORDS " (bytes)" },
	{ OPTION_TCP, "tcp", NULL, FOR_STREAM, parse_tcp,
	  "measure TCP: what each flow sends again, round-trip\n"
	  "times, zero windows, resets" },
	{ OPTION_TUNNELS, "tunnels", NULL, FOR_STREAM, parse_tunnels,
	  "count the flows inside tunnels, which they name\n"
	  "(also by -g tunnel)" },
	{ OPTION_PROCESSES, "processes", NULL, FOR_STREAM, parse_processes,
	  "tell whose the flows of this host are: their process\n"
	  "and container (also by -g process)" },
	{ OPTION_FRAGMENTS, "fragments", NULL, FOR_STREAM, parse_fragments,
	  "give later fragments the ports of their first one" },
	{ OPTION_HOST, "host", "NAME", FOR_STREAM, parse_host,
	  "what results call this machine (its host name)" },
	{ 'o', "output", "TARGET", FOR_STREAM, parse_output,
	  "[FORMAT:]FILE, - for standard output,\n"
	  "ipfix://HOST[:PORT], ipfix+tcp://HOST[:PORT] or\n"
	  "clickhouse://[USER@]HOST[:PORT]/DATABASE[.TABLE];\n"
	  "repeatable (run: a table on a terminal, else\n"
	  "NDJSON)" },
	{ 'l', "listen", "[ADDR:]PORT", FOR_STREAM, parse_listen,
	  "serve metrics and the newest document over HTTP:\n"
	  "/metrics, /flows.json, /healthz; on 127.0.0.1\n"
	  "unless ADDR is given" },
	{ 't', "duration", "LEN", FOR_STREAM, parse_duration, "stop after this long: 250ms, 1s, 5m, 1h" },
	{ 'c', "count", "N", FOR_STREAM, parse_count, "stop after N complete windows" },
	{ OPTION_EXIT_OVER, "exit-over", "RATE", FOR_STREAM, parse_exit_over,
	  "end with status 3 when a row of the first -w has more:\n"
	  "bits or packets a second (100M, 5kpps)" },
	{ OPTION_ONCE, "once", NULL, FOR_STREAM, parse_once,
	  "end when the last interface has gone, instead of\n"
	  "waiting for its return" },
	{ OPTION_PIN, "pin", "[=DIR]", FOR_EVERY, parse_pin,
	  "run: count on when weir ends or is killed, until the\n"
	  "next start takes over or weir detach (DIR: under the\n"
	  "BPF file system)" },
	{ OPTION_SLOTS, "slots", "N", FOR_ALL, parse_slots,
	  "flow slots per CPU and bank, a power of two (65536,\n"
	  "fewer where they take over 1/16 of the memory)" },
	{ OPTION_MAX_FLOWS, "max-flows", "N", FOR_STREAM, parse_max_flows,
	  "flows kept; past it the least recently active\n"
	  "leave (what a quarter of the memory holds)" },
	{ OPTION_SPEED, "speed", "X", FOR_STREAM, parse_speed,
	  "of a replay: max, or a factor of real time\n"
	  "(run: max; top: 1)" },
	{ OPTION_JSON, "json", NULL, FOR_CHECK, parse_json, "check: print JSON" },
	{ 'q', "quiet", NULL, FOR_EVERY, parse_quiet, "only errors on standard error" },
	{ 'v', "verbose", NULL, FOR_EVERY, parse_verbose, "more on standard error" },
	{ 'h', "help", NULL, FOR_EVERY, parse_help, "print this and exit" },
	{ 'V', "version", NULL, FOR_EVERY, parse_version, "print the version and exit" },
};
const size_t option_spec_count = COUNT(option_specs);

const struct option_spec *option_spec_find(int id)
{
	size_t i;

	for (i = 0; i < option_spec_count; i++) {
		if (option_specs[i].id == id)
			return &option_specs[i];
	}
	return NULL;
}
