/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_scene.h"

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
	assert_refused("weir run -r a.pcap --once", "--read a.pcap: not together with --once");
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
	assert_refused("weir", "a verb is missing: top, run, check or detach");
	assert_refused("weir rnu", "rnu: no such verb: top, run, check or detach");
	assert_refused("weir -i eth0", "-i: first comes a verb: top, run, check or detach");
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
	parse_well(&command, "weir run -o a.prom -w tumbling:1s -w tumbling:2s");
	assert_refused("weir top -o -",
		       "--output -: top draws on standard output: name a *.ndjson file");
	parse_well(&command, "weir run -w tumbling:1s -o a.json");
	assert_int_equal(command.options.output_count, 1);
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
		cmocka_unit_test(password_is_taken_out_of_the_arguments),
		cmocka_unit_test(outputs_are_of_known_kinds),
		cmocka_unit_test(help_names_every_option_within_80_columns),
		cmocka_unit_test(version_begins_with_the_name_and_number),
		cmocka_unit_test(names_of_choices_are_those_that_are_parsed),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
