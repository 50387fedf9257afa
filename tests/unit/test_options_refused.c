/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_scene.h"

static void unknown_options_are_named(void **state)
{
	(void)state;
	assert_refused("weir run --bogus", "--bogus: no such option");
	assert_refused("weir run -qz", "-z: no such option");
	assert_refused("weir run --s 5", "--s: the beginning of several options");
	assert_refused("weir run -i ", "--interface '': an interface has a name");
	assert_refused("weir ", "'': no such verb: top, run, check or detach");
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
	assert_refused("weir run -s flows -w session:5s",
		       "--sort flows: not together with session windows");
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
	assert_refused("weir run -b -g src,direction",
		       "--biflow: rows have both directions: leave it out of -g");
	assert_refuses("weir run --exit-over 5x", "weir: --exit-over 5x: ");
	assert_refuses("weir run --exit-over 0", "weir: --exit-over 0: ");
	assert_refused("weir run -l ::1:80",
		       "--listen ::1:80: an IPv6 address stands in brackets: [HOST]:PORT");
	assert_refused("weir run -l 70000",
		       "--listen 70000: the port is not a number from 1 to 65535");
	assert_refused("weir run -l 9100 -l 9101", "--listen 9101: one a run");
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
	static const char *const names[] = { "report.htm", "ipfix:collector",
					     "xml:file", "x.txt" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[80], told[176];

		snprintf(line, sizeof(line), "weir run -o %s", names[i]);
		snprintf(told, sizeof(told), "weir: --output %s: an output is named *.json, "
			 "*.ndjson or -, or after its format: json ndjson text csv flows prom "
			 "html, clickhouse://HOST/DATABASE or ipfix://HOST\n", names[i]);
		assert_refuses(line, told);
	}
}

static void ipfix_takes_a_host_and_windows_that_do_not_overlap(void **state)
{
	struct command command;

	(void)state;
	assert_refused("weir run -w sliding:10s/1s -o ipfix://h",
		       "--output ipfix://h: it takes tumbling and session windows: "
		       "others overlap");
	assert_refused("weir run -o ipfix+tcp://h:65536",
		       "--output ipfix+tcp://h:65536: the port is not a number from 1 to 65535");
	assert_refused("weir run -w session:10s -w tumbling:1m -o ipfix://h",
		       "--output ipfix://h: its records do not tell windows apart: give one -w");
	parse_well(&command, "weir run -w session:10s -o ipfix+tcp://[::1]:4740?domain=7");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(ipfix_takes_a_host_and_windows_that_do_not_overlap),
		cmocka_unit_test(clickhouse_takes_windows_that_do_not_overlap),
		cmocka_unit_test(too_many_windows_or_outputs_are_refused),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
