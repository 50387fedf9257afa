/* SPDX-License-Identifier: BSD-2-Clause */
#include "replay_scene.h"

static void panes_lie_on_the_grid_since_1970_and_skip_where_nothing_came(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 500000);
	put_frame(&run, 100, 999999);
	put_frame(&run, 101, 0);
	put_frame(&run, 200, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 3);
	expect_pane(&run, 0, 100, 2);
	expect_pane(&run, 1, 101, 1);
	expect_pane(&run, 2, 200, 1);
	assert_int_equal(run.end, REPLAY_END);
	assert_int_equal(run.flow_packets, 4);
}

static void the_duration_is_of_packet_time(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.config.duration_ns = 2 * SECOND_NS;
	put_frame(&run, 100, 500000);
	put_frame(&run, 102, 499999);
	put_frame(&run, 102, 500000);
	put_frame(&run, 102, 400000);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 1, 102, 1);
	assert_int_equal(run.end, REPLAY_END);
}

static void a_jump_past_the_duration_is_not_in_it_unless_it_was_late(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.config.duration_ns = HOUR * SECOND_NS;
	put_frame(&run, 100, 0);
	put_frame(&run, 200 + HOUR, 0);
	put_frame(&run, 101, 0);
	put_frame(&run, 200 + HOUR, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 0, 100, 2);
	assert_int_equal(run.panes[0].late_packets, 1);
	expect_pane(&run, 1, 101, 1);
	assert_int_equal(run.end, REPLAY_END);
}

static void a_stop_ends_the_replay_as_if_the_file_did(void **state)
{
	_Atomic bool stop = true;
	struct run run;

	(void)state;
	run_init(&run);
	run.config.stop = &stop;
	put_frame(&run, 100, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 0);
	assert_int_equal(run.end, REPLAY_END);
}

static void what_was_read_of_a_cut_file_is_a_pane_before_the_failure(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_frame(&run, 100, 1);
	run.b.size--;
	run_file(&run);
	assert_int_equal(run.pane_count, 1);
	expect_pane(&run, 0, 100, 1);
	assert_int_equal(run.end, -EBADMSG);
}

static void filtered_packets_are_an_outcome(void **state)
{
	const struct packet_filter_config filter = { .expression = "greater 61" };
	struct filter_error error;
	struct run run;

	(void)state;
	run_init(&run);
	assert_int_equal(packet_filter_open(&filter, &run.config.filter, &error), 0);
	for (uint32_t i = 0; i < 20; i++)
		put_pcap_packet(&run.b, (struct built_packet){ 100, i, 14, 60 + i % 2, 0x88 });
	run_file(&run);
	packet_filter_close(run.config.filter);
	expect_pane(&run, 0, 100, 20);
	assert_int_equal(run.panes[0].counts.outcome[PACKET_FILTERED].packets, 10);
	assert_int_equal(run.panes[0].counts.outcome[PACKET_FILTERED].bytes, 10 * 60);
	assert_int_equal(run.flow_packets, 10);
}

static void a_coarse_group_by_is_applied_where_packets_are_counted(void **state)
{
	struct group_by group;
	const char *reason;
	struct run run;

	(void)state;
	run_init(&run);
	assert_int_equal(group_by_parse("direction", &group, &reason), 0);
	run.config.group = &group;
	for (uint8_t fill = 0x88; fill < 0x98; fill++)
		put_pcap_packet(&run.b, (struct built_packet){ 100, 0, 14, 60, fill });
	run_file(&run);
	assert_int_equal(run.panes[0].records, 1);
	assert_int_equal(run.flow_packets, 16);
}

static void panes_are_due_at_the_asked_speed_and_long_gaps_are_not_waited_for(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.config.speed = 2;
	put_frame(&run, 100, 0);
	put_frame(&run, 104, 0);
	put_frame(&run, 104 + 2 * HOUR, 0);
	put_frame(&run, 106 + 2 * HOUR, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 4);
	assert_int_equal(run.due_ns[1] - run.due_ns[0], 2 * SECOND_NS);
	assert_int_equal(run.due_ns[2] - run.due_ns[1], SECOND_NS / 2);
	assert_int_equal(run.due_ns[3] - run.due_ns[2], SECOND_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(panes_lie_on_the_grid_since_1970_and_skip_where_nothing_came),
		cmocka_unit_test(a_jump_past_the_duration_is_not_in_it_unless_it_was_late),
		cmocka_unit_test(the_duration_is_of_packet_time),
		cmocka_unit_test(a_stop_ends_the_replay_as_if_the_file_did),
		cmocka_unit_test(what_was_read_of_a_cut_file_is_a_pane_before_the_failure),
		cmocka_unit_test(filtered_packets_are_an_outcome),
		cmocka_unit_test(
			a_filter_without_meaning_ends_the_replay_before_a_packet_is_counted),
		cmocka_unit_test(
			packets_of_a_link_that_the_filter_means_nothing_on_are_filtered),
		cmocka_unit_test(a_coarse_group_by_is_applied_where_packets_are_counted),
		cmocka_unit_test(panes_are_due_at_the_asked_speed_and_long_gaps_are_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
