/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../user/cli/options.h"
#include "../../user/base/report.h"
#include "../../user/cli/options_help.h"
#include "../../user/cli/options_table.h"
#include "../../user/system/machine.h"
#include "capture.h"

#define SECOND    1000000000ull
#define WORDS_MAX 600

/* A command line as one text; its words are separated by single blanks. */
struct command {
	char text[4096];
	char *words[WORDS_MAX + 1];
	int count;
	struct options options;
};

static int parse(struct command *command, const char *text)
{
	char *rest = command->text;

	memset(command, 0, sizeof(*command));
	assert_true(strlen(text) < sizeof(command->text));
	strcpy(command->text, text);
	while (rest && command->count < WORDS_MAX)
		command->words[command->count++] = strsep(&rest, " ");
	return options_parse(command->count, command->words, &command->options);
}

static void parse_well(struct command *command, const char *text)
{
	struct capture capture;
	int status;

	capture_start(&capture);
	status = parse(command, text);
	assert_string_equal(capture_end(&capture), "");
	assert_int_equal(status, 0);
}

/* Expects wrong usage, told in one line, and what to try in a second one. */
static void assert_refused(const char *text, const char *message)
{
	struct command command;
	struct capture capture;
	char expected[512];
	int status;

	capture_start(&capture);
	status = parse(&command, text);
	snprintf(expected, sizeof(expected), "weir: %s\nweir: try: weir --help\n", message);
	assert_string_equal(capture_end(&capture), expected);
	assert_int_equal(status, EXIT_USAGE);
}

/* As assert_refused where the reason is somebody else's text. */
static void assert_refuses(const char *text, const char *beginning)
{
	struct command command;
	struct capture capture;
	const char *told;
	int status;

	capture_start(&capture);
	status = parse(&command, text);
	told = capture_end(&capture);
	assert_int_equal(strncmp(told, beginning, strlen(beginning)), 0);
	assert_true(strlen(strchr(told, '\n')) == strlen("\nweir: try: weir --help\n"));
	assert_int_equal(status, EXIT_USAGE);
}

static void run_has_its_defaults(void **state)
{
	struct command command;
	const struct options *options = &command.options;

	(void)state;
	parse_well(&command, "weir run");
	assert_int_equal(options->verb, VERB_RUN);
	assert_int_equal(options->interface_count, 0);
	assert_null(options->file);
	assert_int_equal(options->direction, DIRECTION_BOTH);
	assert_int_equal(options->attach, ATTACH_AUTO);
	assert_int_equal(options->window_count, 1);
	assert_int_equal(options->windows[0].kind, WINDOW_TUMBLING);
	assert_int_equal(options->windows[0].length_ns, 10 * SECOND);
	assert_int_equal(options->windows[0].slide_ns, 10 * SECOND);
	assert_int_equal(options->pane_ns, SECOND);
	assert_int_equal(options->group.text_count, GROUP_OWN_COUNT);
	assert_int_equal(options->top, 0);
	assert_int_equal(options->sort, SORT_BYTES);
	assert_int_equal(options->output_count, 1);
	assert_string_equal(options->outputs[0], "-");
	assert_int_equal(options->duration_ns, 0);
	assert_int_equal(options->window_limit, 0);
	assert_int_equal(options->slots, machine_slots_of_this());
	assert_false(options->slots_given);
	assert_int_equal(options->max_flows, 0);
	assert_true(options->speed == 0);
	assert_false(options->quiet || options->verbose || options->json);
	assert_null(options->filter);
}

static void top_has_three_sliding_windows_and_real_time(void **state)
{
	static const uint64_t lengths_s[] = { 2, 10, 40 };
	struct command command;
	size_t i;

	(void)state;
	parse_well(&command, "weir top");
	assert_int_equal(command.options.window_count, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(command.options.windows[i].kind, WINDOW_SLIDING);
		assert_int_equal(command.options.windows[i].length_ns, lengths_s[i] * SECOND);
		assert_int_equal(command.options.windows[i].slide_ns, SECOND);
	}
	assert_int_equal(command.options.output_count, 0);
	assert_true(command.options.speed == 1);
}

static void windows_follow_the_clock_unless_the_run_has_an_end(void **state)
{
	static const struct {
		const char *line;
		enum align align;
	} cases[] = {
		{ "weir run", ALIGN_CLOCK },
		{ "weir top", ALIGN_CLOCK },
		{ "weir run -c 3", ALIGN_START },
		{ "weir run -t 10s", ALIGN_START },
		{ "weir run -t 10s --align clock", ALIGN_CLOCK },
		{ "weir run --align=start", ALIGN_START },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command command;

		parse_well(&command, cases[i].line);
		assert_int_equal(command.options.align, cases[i].align);
	}
	assert_refused("weir run --align noon", "--align noon: not clock or start");
	assert_refused("weir run -r a.pcap --align clock", "--read a.pcap: not together with --align");
}

static void every_option_arrives(void **state)
{
	struct command command;
	const struct options *options = &command.options;

	(void)state;
	parse_well(&command, "weir run -i eth0 -i eth1 -d in -a clsact -w sliding:10s/1s "
			     "-w tumbling:250ms -p 50ms -g src/24,proto -n 5 -s max -o a.ndjson "
			     "-o - -t 5m -c 7 --slots 128 --max-flows 1000 -v tcp port 443");
	assert_int_equal(options->interface_count, 2);
	assert_string_equal(options->interfaces[1], "eth1");
	assert_int_equal(options->direction, DIRECTION_IN);
	assert_int_equal(options->attach, ATTACH_CLSACT);
	assert_int_equal(options->window_count, 2);
	assert_int_equal(options->windows[1].length_ns, SECOND / 4);
	assert_int_equal(options->pane_ns, SECOND / 20);
	assert_true(options->group.field[GROUP_SRC] && options->group.field[GROUP_PROTO]);
	assert_false(options->group.field[GROUP_DST]);
	assert_int_equal(options->group.src_prefix4, 24);
	assert_memory_equal(&options->counted, &options->group, sizeof(options->group));
	assert_int_equal(options->top, 5);
	assert_int_equal(options->sort, SORT_MAX);
	assert_int_equal(options->output_count, 2);
	assert_string_equal(options->outputs[0], "a.ndjson");
	assert_int_equal(options->duration_ns, 300 * SECOND);
	assert_int_equal(options->window_limit, 7);
	assert_int_equal(options->slots, 128);
	assert_true(options->slots_given);
	assert_int_equal(options->max_flows, 1000);
	assert_true(options->verbose);
	assert_string_equal(options->filter, "tcp port 443");
	options_fini(&command.options);
}

static void long_options_take_their_value_either_way(void **state)
{
	struct command command;

	(void)state;
	parse_well(&command, "weir run --read=a.pcap --speed 2.5 --window=session:30s --quiet");
	assert_string_equal(command.options.file, "a.pcap");
	assert_true(command.options.speed == 2.5);
	assert_int_equal(command.options.windows[0].gap_ns, 30 * SECOND);
	assert_true(command.options.quiet);
}

static void speed_max_holds_for_top_too(void **state)
{
	struct command command;

	(void)state;
	parse_well(&command, "weir top -r - --speed max");
	assert_true(command.options.speed == 0);
}

static void filter_begins_at_the_first_word(void **state)
{
	struct command command;

	(void)state;
	parse_well(&command, "weir run -q len - 4 > 60 and not port 22");
	assert_string_equal(command.options.filter, "len - 4 > 60 and not port 22");
	options_fini(&command.options);
	parse_well(&command, "weir run -q -- -len < 5");
	assert_string_equal(command.options.filter, "-len < 5");
	options_fini(&command.options);
}

static void check_takes_interfaces_as_words(void **state)
{
	struct command command;

	(void)state;
	parse_well(&command, "weir check eth0 --json eth1");
	assert_int_equal(command.options.verb, VERB_CHECK);
	assert_int_equal(command.options.interface_count, 2);
	assert_string_equal(command.options.interfaces[0], "eth0");
	assert_string_equal(command.options.interfaces[1], "eth1");
	assert_true(command.options.json);
	assert_null(command.options.filter);
}

static void help_and_version_are_found_everywhere(void **state)
{
	static const char *const help[] = { "weir --help", "weir -h", "weir help", "weir run -h",
					    "weir top --help", "weir check -i eth0 --help" };
	static const char *const version[] = { "weir -V", "weir --version", "weir run -V" };
	struct command command;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(help) / sizeof(help[0]); i++) {
		parse_well(&command, help[i]);
		assert_int_equal(command.options.verb, VERB_HELP);
	}
	for (i = 0; i < sizeof(version) / sizeof(version[0]); i++) {
		parse_well(&command, version[i]);
		assert_int_equal(command.options.verb, VERB_VERSION);
	}
}

static void verb_is_needed(void **state)
{
	(void)state;
	assert_refused("weir", "a verb is missing: top, run or check");
	assert_refused("weir rnu", "rnu: no such verb: top, run or check");
	assert_refused("weir -i eth0", "-i: first comes a verb: top, run or check");
}

static void unknown_options_are_named(void **state)
{
	(void)state;
	assert_refused("weir run --bogus", "--bogus: no such option");
	assert_refused("weir run -qz", "-z: no such option");
	assert_refused("weir run --s 5", "--s: the beginning of several options");
	assert_refused("weir run -i ", "--interface '': an interface has a name");
	assert_refused("weir ", "'': no such verb: top, run or check");
	assert_refused("weir run --quiet=3", "--quiet=3: takes no value");
	assert_refused("weir run -i", "-i: a value is missing");
	assert_refused("weir run --read", "--read: a value is missing");
	assert_refused("weir run -q tcp -w tumbling:1s", "-w: options stand before the filter");
	assert_refused("weir run --json", "--json: not an option of this verb");
	assert_refused("weir check -r x", "--read x: not an option of this verb");
}

static void wrong_values_are_named(void **state)
{
	(void)state;
	assert_refused("weir run -d up", "--direction up: not one of: both in out");
	assert_refused("weir run -a xdp",
		       "--attach xdp: not one of: auto native generic tc clsact pcap");
	assert_refused("weir run -s flows", "--sort flows: results do not tell how many flows a "
		       "row stands for: weir top shows it");
	assert_refused("weir run -s resets",
		       "--sort resets: not one of: bytes packets average max flows");
	assert_refused("weir run -t 10", "--duration 10: the unit is missing: ms, s, m or h");
	assert_refused("weir run -t 1sx", "--duration 1sx: a length of time is a whole number and "
					  "ms, s, m or h: 10s");
	assert_refused("weir run -t 0s", "--duration 0s: a length of time is more than 0");
	assert_refused("weir run -t 9999999999999h",
		       "--duration 9999999999999h: a length of time is at most 292 years");
	assert_refused("weir run -p 9ms", "--pane 9ms: a pane is 10ms or longer");
	assert_refused("weir run -w tumbling:10",
		       "--window tumbling:10: the unit is missing: ms, s, m or h");
	assert_refuses("weir run -w hopping:10s", "weir: --window hopping:10s: ");
	assert_refuses("weir run -w sliding:10s/3s", "weir: --window sliding:10s/3s: ");
	assert_refuses("weir run -w tumbling:5ms", "weir: --window tumbling:5ms: ");
	assert_refuses("weir run -w tumbling:1s -p 300ms", "weir: --pane 300ms: ");
	assert_refused("weir run -b -w session:5s",
		       "--biflow: not together with session windows");
	assert_refused("weir run -b -g src,direction",
		       "--biflow: rows have both directions: leave it out of -g");
	assert_refuses("weir run --exit-over 5x", "weir: --exit-over 5x: ");
	assert_refuses("weir run --exit-over 0", "weir: --exit-over 0: ");
	assert_refuses("weir run -g src,colour", "weir: --group-by src,colour: ");
}

static void numbers_are_whole_and_in_range(void **state)
{
	static const char *const counts[] = { "0", "-1", "1x", "+1", "0x10", "1.5" };
	char text[128];
	char message[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		snprintf(text, sizeof(text), "weir run -c %s", counts[i]);
		snprintf(message, sizeof(message),
			 "--count %s: not a number of windows: 1 or more", counts[i]);
		assert_refused(text, message);
	}
	assert_refused("weir run -c ", "--count '': not a number of windows: 1 or more");
	assert_refused("weir run -c 18446744073709551616", "--count 18446744073709551616: a number "
							   "is at most 18446744073709551615");
	assert_refused("weir run -n -1", "--top -1: not a number of flows: 0 (all) or more");
	assert_refused("weir run --max-flows 0",
		       "--max-flows 0: not a number of flows: 1 or more");
}

static void slots_are_a_power_of_two_in_range(void **state)
{
	static const char *const refused[] = { "0", "32", "63", "65", "33554432", "4294967360" };
	struct command command;
	char text[64];
	char message[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), "weir run --slots %s", refused[i]);
		snprintf(message, sizeof(message),
			 "--slots %s: not a power of two from 64 to 16777216", refused[i]);
		assert_refused(text, message);
	}
	parse_well(&command, "weir run --slots 64");
	assert_int_equal(command.options.slots, BANK_SLOTS_MIN);
	parse_well(&command, "weir run --slots 16777216");
	assert_int_equal(command.options.slots, BANK_SLOTS_MAX);
}

static void speed_is_max_or_a_positive_factor(void **state)
{
	(void)state;
	assert_refused("weir run -r f --speed 0", "--speed 0: not max, nor a factor above 0");
	assert_refused("weir run -r f --speed inf", "--speed inf: not max, nor a factor above 0");
	assert_refused("weir run -r f --speed 2x", "--speed 2x: not max, nor a factor above 0");
	assert_refused("weir run -r f --speed .", "--speed .: not max, nor a factor above 0");
	assert_refused("weir run --speed 2",
		       "--speed: a live run has its own; only with --read");
}

static void interfaces_are_at_most_512_and_different(void **state)
{
	char line[4096] = "weir check";
	size_t length = strlen(line);
	struct command command;

	(void)state;
	assert_refused("weir run -i a -i b -i a", "--interface a: named twice");
	assert_refused("weir check a a", "a: named twice");
	for (int i = 1; i <= 512; i++)
		length += (size_t)snprintf(line + length, sizeof(line) - length, " %d", i);
	parse_well(&command, line);
	assert_int_equal(command.options.interface_count, 512);
	snprintf(line + length, sizeof(line) - length, " 513");
	assert_refused(line, "513: at most 512 interfaces");
}

static void lists_of_interfaces_are_told_how_to_name_several(void **state)
{
	(void)state;
	assert_refused("weir run -i a,b", "--interface a,b: no such interface; repeat --interface "
					  "for each of several");
	assert_refused("weir run -i any -i lo",
		       "--interface any: stands for all that are up: name no other");
}

static void peers_are_a_host_and_a_port(void **state)
{
	struct command command;

	(void)state;
	assert_refused("weir run -r tcp://h:99999",
		       "--read tcp://h:99999: the port is not a number from 1 to 65535");
	assert_refused("weir run -r tcp://h", "--read tcp://h: a port is missing: HOST:PORT");
	assert_refused("weir top -r tcp://::1:80",
		       "--read tcp://::1:80: an IPv6 address stands in brackets: [HOST]:PORT");
	parse_well(&command, "weir run -r tcp://[::1]:80");
	assert_string_equal(command.options.file, "tcp://[::1]:80");
}

static void replay_excludes_what_only_a_live_run_has(void **state)
{
	(void)state;
	assert_refused("weir run -r f -i eth0", "--read f: not together with --interface");
	assert_refused("weir run -d both -r f", "--read f: not together with --direction");
	assert_refused("weir top -r f -a tc", "--read f: not together with --attach");
	assert_refused("weir run -r f -r g", "--read g: one capture a run");
}

/* Formats that there are not: the line tells which there are. */
static void outputs_of_other_formats_are_refused(void **state)
{
	static const char *const names[] = { "report.html", "weir.prom", "ipfix://collector",
					     "xml:file", "x.txt" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[80], told[160];

		snprintf(line, sizeof(line), "weir run -o %s", names[i]);
		snprintf(told, sizeof(told), "weir: --output %s: an output is named *.json, "
			 "*.ndjson or -, or after its format: json ndjson text csv flows, "
			 "or clickhouse://HOST/DATABASE\n", names[i]);
		assert_refuses(line, told);
	}
}

/* Rows of windows that overlap would be added up twice. */
static void clickhouse_takes_windows_that_do_not_overlap(void **state)
{
	struct command command;

	(void)state;
	assert_refused("weir run -w sliding:10s/1s -o clickhouse://h/d",
		       "--output clickhouse://h/d: it takes tumbling and session windows: "
		       "others overlap");
	assert_refused("weir run -w landmark:10s -o clickhouse://h/d",
		       "--output clickhouse://h/d: it takes tumbling and session windows: "
		       "others overlap");
	parse_well(&command, "weir run -w session:10s -w tumbling:1m -o clickhouse://h/d");
	options_fini(&command.options);
}

/* Neither in what is shown later nor in the words that the process list shows. */
static void password_is_taken_out_of_the_arguments(void **state)
{
	struct command command;

	(void)state;
	parse_well(&command, "weir run -o clickhouse://me:secret@h/d");
	assert_string_equal(command.options.outputs[0], "clickhouse://me@h/d");
	assert_string_equal(command.options.output_secrets[0], "secret");
	assert_null(memmem(command.text, sizeof(command.text), "secret", 6));
	options_fini(&command.options);
	assert_refused("weir run -o clickhouse://me:secret@h",
		       "--output clickhouse://me@h: a database is missing: "
		       "clickhouse://HOST/DATABASE");
}

static void outputs_are_of_known_kinds(void **state)
{
	struct command command;

	(void)state;
	assert_refuses("weir run -o flows.txt",
		       "weir: --output flows.txt: an output is named *.json, *.ndjson or -, or");
	assert_refuses("weir run -o .json",
		       "weir: --output .json: an output is named *.json, *.ndjson or -, or");
	assert_refused("weir run -o a.ndjson -o a.ndjson", "--output a.ndjson: named twice");
	assert_refused("weir run -o a.json -w tumbling:1s -w tumbling:2s",
		       "--output a.json: *.json holds one window: "
		       "give one -w, or name it *.ndjson");
	assert_refused("weir top -o -",
		       "--output -: top draws on standard output: name a *.ndjson file");
	parse_well(&command, "weir run -w tumbling:1s -o a.json");
	assert_int_equal(command.options.output_count, 1);
}

static void too_many_windows_or_outputs_are_refused(void **state)
{
	char text[1024] = "weir run";
	size_t i;

	(void)state;
	for (i = 0; i <= OPTIONS_WINDOWS_MAX; i++)
		strcat(text, " -w tumbling:1s");
	assert_refused(text, "--window tumbling:1s: at most 16 windows");
	assert_refused("weir run -o 1.ndjson -o 2.ndjson -o 3.ndjson -o 4.ndjson -o 5.ndjson "
		       "-o 6.ndjson -o 7.ndjson -o 8.ndjson -o 9.ndjson",
		       "--output 9.ndjson: at most 8 outputs");
}

static void help_names_every_option_within_80_columns(void **state)
{
	static const char *const words[] = { "weir top", "weir run", "weir check", "--interface",
					     "--window", "--max-flows", "--speed", "FILTER" };
	struct capture capture;
	const char *line;
	size_t i;

	(void)state;
	capture_start_fd(&capture, STDOUT_FILENO);
	options_print_help();
	fflush(stdout);
	line = capture_end(&capture);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr(line, words[i]));
	for (; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

static void version_begins_with_the_name_and_number(void **state)
{
	struct capture capture;
	const char *told;

	(void)state;
	capture_start_fd(&capture, STDOUT_FILENO);
	options_print_version();
	fflush(stdout);
	told = capture_end(&capture);
	assert_int_equal(strncmp(told, "weir " WEIR_VERSION "\n", strlen("weir \n" WEIR_VERSION)), 0);
	assert_non_null(strstr(told, "libpcap"));
	assert_non_null(strstr(told, "libbpf 1."));
}

static void names_of_choices_are_those_that_are_parsed(void **state)
{
	(void)state;
	assert_string_equal(direction_name(DIRECTION_OUT), "out");
	assert_string_equal(attach_how_name(ATTACH_GENERIC), "generic");
	assert_string_equal(sort_field_name(SORT_AVERAGE), "average");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_has_its_defaults),
		cmocka_unit_test(top_has_three_sliding_windows_and_real_time),
		cmocka_unit_test(windows_follow_the_clock_unless_the_run_has_an_end),
		cmocka_unit_test(every_option_arrives),
		cmocka_unit_test(long_options_take_their_value_either_way),
		cmocka_unit_test(speed_max_holds_for_top_too),
		cmocka_unit_test(filter_begins_at_the_first_word),
		cmocka_unit_test(check_takes_interfaces_as_words),
		cmocka_unit_test(help_and_version_are_found_everywhere),
		cmocka_unit_test(verb_is_needed),
		cmocka_unit_test(unknown_options_are_named),
		cmocka_unit_test(wrong_values_are_named),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(slots_are_a_power_of_two_in_range),
		cmocka_unit_test(speed_is_max_or_a_positive_factor),
		cmocka_unit_test(interfaces_are_at_most_512_and_different),
		cmocka_unit_test(lists_of_interfaces_are_told_how_to_name_several),
		cmocka_unit_test(peers_are_a_host_and_a_port),
		cmocka_unit_test(replay_excludes_what_only_a_live_run_has),
		cmocka_unit_test(outputs_of_other_formats_are_refused),
		cmocka_unit_test(clickhouse_takes_windows_that_do_not_overlap),
		cmocka_unit_test(password_is_taken_out_of_the_arguments),
		cmocka_unit_test(outputs_are_of_known_kinds),
		cmocka_unit_test(too_many_windows_or_outputs_are_refused),
		cmocka_unit_test(help_names_every_option_within_80_columns),
		cmocka_unit_test(version_begins_with_the_name_and_number),
		cmocka_unit_test(names_of_choices_are_those_that_are_parsed),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
