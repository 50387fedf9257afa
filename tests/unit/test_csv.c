/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "sink_place.h"

/* The columns of extra measures, where none are asked for. */
#define COLUMN(name, kind, merge, set, before, after) ","
#define NO_EXTRAS EXTRA_MEASURES(COLUMN)

/* Those of what came back, of one-way flows. */
#define NOTHING_BACK ",,,,,,,,,,,," NO_EXTRAS

/* Packets seen, by outcome, and dropped before. */
#define ACCOUNTING ",31,30,0,1,0,0\r\n"

static const char *write_csv(struct scene *scene)
{
	const struct encoding encoding = { &scene->context, &scene->result,
					   &scene->transmission };

	text_fini(&scene->text);
	assert_int_equal(csv_encoder.encode(&scene->text, &encoding), 0);
	return text_end(&scene->text);
}

static void flow_is_a_line_with_a_value_for_each_column(void **state)
{
	struct place *place = *state;
	const char *line = write_csv(&place->scene);

	assert_string_equal(line,
		"2025-11-22T08:26:40.000000000Z,2025-11-22T08:26:50.000000000Z,edge-1,sliding,true,"
		"10.0.0.1,10.0.0.2,40000,443,tcp,,,in,eth0,,,,,,,,6,,15000,1500.0,3000.0,30,3.0,6.0,"
		"500.0,60,1514,FSPA,1763800000100000000,1763800009900000000,,,"
		NO_EXTRAS NOTHING_BACK ACCOUNTING);
	assert_int_equal(count_text(line, ","), count_text(csv_encoder.head, ","));
}

/* RFC 4180, 2.6 and 2.7; a line break would be one more line to who mends a torn one. */
static void strings_from_outside_are_quoted(void **state)
{
	static const char *const links[FLOW_LINKS_MAX] = { "a,\"b\nc" };
	struct place *place = *state;

	place->scene.context.link_names = links;
	assert_has(write_csv(&place->scene), ",in,\"a,\"\"b c\",,,,,,,,6,,15000,");
}

static void sessions_have_times_of_their_own(void **state)
{
	struct place *place = *state;

	place->scene.result.spec = &session;
	place->scene.flow.start_ns = 1;
	place->scene.flow.end_ns = 2;
	assert_has(write_csv(&place->scene), ",1763800000000000001,1763800000000000002,"
					     NO_EXTRAS ",");
}

static void flows_are_counted_where_that_is_asked_for(void **state)
{
	struct place *place = *state;

	place->scene.result.counts_flows = true;
	place->scene.flow.flows = 12;
	assert_has(write_csv(&place->scene), ",1763800009900000000,,,12" NO_EXTRAS NOTHING_BACK);
}

static void extra_measures_stand_in_columns_of_their_own(void **state)
{
	struct place *place = *state;
	struct extra_sum extra = { .retransmitted_packets = 3, .retransmitted_bytes = 4000,
				   .rtt_average_ns = 11, .rtt_samples = 2, .zero_windows = 7,
				   .resets = 9 };

	place->scene.result.extras = &extra;
	place->scene.result.extra_sets = 1u << EXTRA_TCP;
	assert_has(csv_encoder.head, ",end_ns,flows,retransmitted_packets,retransmitted_bytes,"
				     "rtt_min_ns,rtt_average_ns,rtt_max_ns,rtt_samples,"
				     "handshake_rtt_ns,zero_windows,resets");
	assert_has(write_csv(&place->scene), ",3,4000,,5,,2,,7,9");
	place->scene.flow.key.ip_proto = IPPROTO_UDP;
	assert_has(write_csv(&place->scene), "," NO_EXTRAS NOTHING_BACK ACCOUNTING);
}

static void what_came_back_stands_behind(void **state)
{
	struct place *place = *state;
	struct flow_result reverse = place->scene.flow;
	const char *line;

	reverse.bytes = 7000;
	reverse.packets = 7;
	place->scene.result.reverses = &reverse;
	line = write_csv(&place->scene);
	assert_has(line, ",7000,700.0,3000.0,7,0.7,6.0,1000.0,60,1514,FSPA,"
			 "1763800000100000000,1763800009900000000" NO_EXTRAS ACCOUNTING);
	assert_int_equal(count_text(line, ","), count_text(csv_encoder.head, ","));
}

static void each_line_tells_how_complete_its_window_is(void **state)
{
	struct place *place = *state;

	place->scene.result.counts.outcome[PACKET_FILTERED].packets = 5;
	place->scene.result.counts.outcome[PACKET_UNATTRIBUTED].packets = 2;
	place->scene.result.health.dropped_packets = 9;
	assert_has(csv_encoder.head, ",seen_packets,flow_packets,filtered_packets,malformed_packets,"
				     "unattributed_packets,dropped_packets\r\n");
	assert_has(write_csv(&place->scene), ",38,30,5,1,2,9\r\n");
}

static void header_stands_once_in_a_file(void **state)
{
	struct place *place = *state;
	char *content;

	for (int i = 0; i < 3; i++) {
		open_sink(place, "flows.csv");
		assert_int_equal(write_once(place), 0);
		close_sink(place);
	}
	content = read_file("flows.csv");
	assert_int_equal(strncmp(content, csv_encoder.head, strlen(csv_encoder.head)), 0);
	assert_int_equal(count_text(content, csv_encoder.head), 1);
	assert_int_equal(count_text(content, "\r\n"), 4);
	free(content);
}

static void torn_line_is_cut_and_so_is_a_torn_header(void **state)
{
	struct place *place = *state;
	char content[4096];

	snprintf(content, sizeof(content), "%s2025-11-22T08:2", csv_encoder.head);
	put_file("flows.csv", content);
	open_sink(place, "flows.csv");
	assert_file("flows.csv", csv_encoder.head);
	close_sink(place);
	put_file("half.csv", "time,en");
	open_sink(place, "half.csv");
	assert_file("half.csv", "");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(count_lines("half.csv"), 2);
}

static void file_with_other_columns_is_refused_and_left_alone(void **state)
{
	struct place *place = *state;

	put_file("mine.csv", "name,age\r\nA,1\r\n");
	assert_int_equal(try_sink(place, "mine.csv", 1), -EINVAL);
	assert_non_null(strstr(place->reason, "other columns"));
	assert_file("mine.csv", "name,age\r\nA,1\r\n");
}

static void failed_window_takes_its_header_along(void **state)
{
	struct place *place = *state;

	assert_int_equal(symlink("/dev/full", "full.csv"), 0);
	open_sink(place, "full.csv");
	assert_int_equal(write_once(place), -ENOSPC);
	assert_int_equal(sink_stats(place->sink)->errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_PLACE(flow_is_a_line_with_a_value_for_each_column),
		TEST_IN_PLACE(strings_from_outside_are_quoted),
		TEST_IN_PLACE(sessions_have_times_of_their_own),
		TEST_IN_PLACE(flows_are_counted_where_that_is_asked_for),
		TEST_IN_PLACE(extra_measures_stand_in_columns_of_their_own),
		TEST_IN_PLACE(what_came_back_stands_behind),
		TEST_IN_PLACE(each_line_tells_how_complete_its_window_is),
		TEST_IN_PLACE(header_stands_once_in_a_file),
		TEST_IN_PLACE(torn_line_is_cut_and_so_is_a_torn_header),
		TEST_IN_PLACE(file_with_other_columns_is_refused_and_left_alone),
		TEST_IN_PLACE(failed_window_takes_its_header_along),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
