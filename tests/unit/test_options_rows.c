/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../user/cli/options.h"
#include "../../user/cli/run_number.h"

/* Words are borrowed by the options, and so live as long as the test. */
static void parse(struct options *options, char *text)
{
	char *words[16], *rest = text;
	int count = 0;

	while ((words[count] = strsep(&rest, " ")))
		count++;
	assert_int_equal(options_parse(count, words, options), 0);
}

static void conversations_are_counted_as_whole_flows(void **state)
{
	char text[] = "weir run -b";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_true(options.biflow && group_by_is_full(&options.counted));
	assert_false(options.group.field[GROUP_DIRECTION]);
	assert_true(options.group.field[GROUP_SRC_PORT] && options.group.field[GROUP_VLAN]);
	options_fini(&options);
}

static void groups_of_conversations_too(void **state)
{
	char text[] = "weir run -b -g dst_port,proto";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_true(options.biflow && group_by_is_full(&options.counted));
	assert_false(options.group.field[GROUP_SRC]);
	options_fini(&options);
}

/* There the engine of the screen has both ways, of whole flows. */
static void top_shows_conversations_as_it_is(void **state)
{
	char text[] = "weir top -b";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_false(options.biflow);
	assert_true(group_by_is_full(&options.group));
	options_fini(&options);
}

static void one_way_flows_are_counted_as_they_are_grouped(void **state)
{
	char text[] = "weir run -g src/24";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_memory_equal(&options.counted, &options.group, sizeof(options.group));
	options_fini(&options);
}

/* What is written is what was asked for, whatever the screen shows. */
static void top_writes_conversations_and_shows_whole_flows(void **state)
{
	char text[] = "weir top -b -g dst,service -o out.ndjson";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_true(options.biflow && options.shows == SHOWS_SERVICES);
	assert_true(options.group.field[GROUP_SERVICE] && !options.group.field[GROUP_SRC]);
	assert_true(group_by_is_full(&options.counted));
	assert_false(options.counted.field[GROUP_SERVICE]);
	options_fini(&options);
}

static void services_are_counted_as_whole_flows(void **state)
{
	char text[] = "weir run -g service";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_true(options.group.field[GROUP_SERVICE] && !options.group.field[GROUP_DST_PORT]);
	assert_true(group_by_is_full(&options.counted));
	options_fini(&options);
}

static void a_run_waits_for_interfaces_unless_it_is_once(void **state)
{
	char text[] = "weir run -i eth0", once[] = "weir top -i eth0 --once";
	struct options options;

	(void)state;
	parse(&options, text);
	assert_false(options.once);
	options_fini(&options);
	parse(&options, once);
	assert_true(options.once);
	options_fini(&options);
}

static void check_rate(const char *word, double value, bool is_packets)
{
	char text[64];
	struct options options;

	snprintf(text, sizeof(text), "weir run --exit-over %s", word);
	parse(&options, text);
	assert_true(options.exit_over.value == value);
	assert_int_equal(options.exit_over.is_packets, is_packets);
	options_fini(&options);
}

static void a_rate_is_of_bits_or_of_packets(void **state)
{
	(void)state;
	check_rate("1", 1, false);
	check_rate("100M", 100e6, false);
	check_rate("2T", 2e12, false);
	check_rate("5kpps", 5000, true);
	check_rate("70pps", 70, true);
}

static void check_listen(const char *word, const char *host, const char *port)
{
	static const char *const forms[] = { "-l ", "--listen ", "--listen=" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct options options;
		char text[64];

		snprintf(text, sizeof(text), "weir run %s%s", forms[i], word);
		parse(&options, text);
		assert_string_equal(options.listen.host, host);
		assert_string_equal(options.listen.port, port);
		assert_int_equal(options.output_count, 0);
		options_fini(&options);
	}
}

static void a_port_alone_is_one_of_loopback(void **state)
{
	(void)state;
	check_listen("9100", "127.0.0.1", "9100");
	check_listen("192.0.2.1:9100", "192.0.2.1", "9100");
	check_listen("[2001:db8::1]:80", "2001:db8::1", "80");
	check_listen("edge-1.example.com:80", "edge-1.example.com", "80");
}

static void processes_are_added_to_all_fields_or_named(void **state)
{
	char all[] = "weir run --processes", named[] = "weir run -g process", both[] =
		"weir run -b --processes";
	struct options options;

	(void)state;
	parse(&options, all);
	assert_true(options.processes && group_by_is_full(&options.group));
	assert_true(options.group.field[GROUP_PROCESS] && options.group.field[GROUP_CONTAINER]);
	assert_string_equal(options.group.text[options.group.text_count - 1], "container");
	assert_true(group_by_is_full(&options.counted) && !group_by_has_owner(&options.counted));
	options_fini(&options);
	parse(&options, named);
	assert_true(options.processes && !options.group.field[GROUP_CONTAINER]);
	assert_true(group_by_is_full(&options.counted));
	options_fini(&options);
	parse(&options, both);
	assert_true(options.group.field[GROUP_PROCESS] && !options.group.field[GROUP_DIRECTION]);
	options_fini(&options);
}

static void fragments_are_another_meaning_of_the_same_rows(void **state)
{
	char plain[] = "weir run", followed[] = "weir run --fragments";
	struct options options, other;

	(void)state;
	parse(&options, plain);
	parse(&other, followed);
	assert_true(!options.fragments && other.fragments);
	assert_int_not_equal(run_meaning(&options), run_meaning(&other));
	options_fini(&options);
	options_fini(&other);
}

static void tunnels_are_added_to_all_fields_or_named(void **state)
{
	char all[] = "weir run --tunnels", named[] = "weir run -g tunnel", none[] =
		"weir run --tunnels -g src", both[] = "weir run -b --tunnels";
	struct options options;

	(void)state;
	parse(&options, all);
	assert_true(options.tunnels && group_by_keeps_tunnel(&options.group));
	assert_false(group_by_reduces(&options.group, true));
	options_fini(&options);
	parse(&options, named);
	assert_true(options.tunnels && !options.group.field[GROUP_TUNNEL_ID]);
	options_fini(&options);
	parse(&options, none);
	assert_true(options.tunnels && group_by_reduces(&options.counted, true));
	options_fini(&options);
	parse(&options, both);
	assert_true(group_by_keeps_tunnel(&options.group));
	assert_true(group_by_keeps_tunnel(&options.counted));
	options_fini(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_are_counted_as_whole_flows),
		cmocka_unit_test(groups_of_conversations_too),
		cmocka_unit_test(top_shows_conversations_as_it_is),
		cmocka_unit_test(top_writes_conversations_and_shows_whole_flows),
		cmocka_unit_test(services_are_counted_as_whole_flows),
		cmocka_unit_test(processes_are_added_to_all_fields_or_named),
		cmocka_unit_test(tunnels_are_added_to_all_fields_or_named),
		cmocka_unit_test(fragments_are_another_meaning_of_the_same_rows),
		cmocka_unit_test(a_run_waits_for_interfaces_unless_it_is_once),
		cmocka_unit_test(a_rate_is_of_bits_or_of_packets),
		cmocka_unit_test(a_port_alone_is_one_of_loopback),
		cmocka_unit_test(one_way_flows_are_counted_as_they_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
