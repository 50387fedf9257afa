/* SPDX-License-Identifier: BSD-2-Clause */
#include "replay_scene.h"

static void a_packet_older_than_the_open_pane_is_late_and_counts_to_it(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_frame(&run, 105, 250000);
	put_frame(&run, 104, 999999);
	put_frame(&run, 100, 0);
	put_frame(&run, 105, 750000);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 1, 105, 4);
	assert_int_equal(run.panes[1].late_packets, 2);
	assert_int_equal(run.first_ns, 105250000000);
	assert_int_equal(run.last_ns, 105750000000);
}

static void a_packet_out_of_order_within_the_pane_is_not_late(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 500000);
	put_frame(&run, 100, 100000);
	run_file(&run);
	expect_pane(&run, 0, 100, 2);
	assert_int_equal(run.panes[0].late_packets, 0);
}

static void a_packet_out_of_order_within_the_pane_keeps_its_time(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 500000);
	put_frame(&run, 100, 100000);
	run_file(&run);
	assert_int_equal(run.first_ns, 100100000000);
	assert_int_equal(run.last_ns, 100500000000);
}

static void a_gap_of_hours_is_a_gap(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	for (uint32_t i = 0; i < 10; i++)
		put_frame(&run, 100 + i * 2 * HOUR, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 10);
	for (uint32_t i = 0; i < 10; i++) {
		expect_pane(&run, i, 100 + i * 2 * HOUR, 1);
		assert_int_equal(run.panes[i].late_packets, 0);
	}
	assert_int_equal(run.last_ns, (100 + 18 * HOUR) * SECOND_NS);
}

static void a_jump_that_nothing_follows_was_a_gap(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_frame(&run, 4000000000, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 1, 4000000000, 1);
	assert_int_equal(run.panes[0].late_packets + run.panes[1].late_packets, 0);
	assert_int_equal(run.end, REPLAY_END);
}

static void a_jump_before_the_file_is_cut_was_a_gap_told_before_the_failure(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_frame(&run, 4000000000, 0);
	put_frame(&run, 4000000000, 1);
	run.b.size--;
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 1, 4000000000, 1);
	assert_int_equal(run.end, -EBADMSG);
}

static void a_packet_that_is_late_anyway_does_not_make_a_jump_late(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 10 * HOUR, 0);
	put_frame(&run, 20 * HOUR, 0);
	put_frame(&run, 5 * HOUR, 0);
	put_frame(&run, 20 * HOUR, 1);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 0, 10 * HOUR, 2);
	assert_int_equal(run.panes[0].late_packets, 1);
	expect_pane(&run, 1, 20 * HOUR, 2);
	assert_int_equal(run.panes[1].late_packets, 0);
}

static void packets_of_a_gap_may_be_out_of_order_within_their_pane(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_frame(&run, 100 + 2 * HOUR, 500000);
	put_frame(&run, 100 + 2 * HOUR, 400000);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 1, 100 + 2 * HOUR, 2);
	assert_int_equal(run.first_ns, (100 + 2 * HOUR) * SECOND_NS + 400000000);
}

/* The bytes of a batch are gone when the next one is read. */
static void a_held_packet_is_counted_with_its_own_bytes(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	for (uint32_t i = 1; i < PACKET_BATCH; i++)
		put_frame(&run, 100, i);
	put_pcap_packet(&run.b, (struct built_packet){ 200 + HOUR, 0, 1000, 1000, 0x99 });
	put_pcap_packet(&run.b, (struct built_packet){ 200 + HOUR, 0, 1000, 1000, 0x99 });
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 1, 200 + HOUR, 2);
	assert_int_equal(run.panes[1].records, 1);
}

static void a_clock_that_jumps_ahead_and_back_leaves_one_packet_late(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_frame(&run, 4000000000, 0);
	put_frame(&run, 100, 1000);
	put_frame(&run, 101, 0);
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 0, 100, 3);
	assert_int_equal(run.panes[0].late_packets, 1);
	expect_pane(&run, 1, 101, 1);
}

/* The parser looks for bytes of it: none may be found, but their place has to be there. */
static void a_held_packet_may_have_no_bytes(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	put_pcap_packet(&run.b, (struct built_packet){ 200 + HOUR, 0, 0, 60, 0 });
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	assert_int_equal(run.panes[1].counts.malformed_reason[MALFORMED_LINK_HEADER_CUT], 1);
}

static void put_simple(struct run *run)
{
	begin_block(&run->b, 3);
	put32(&run->b, 60);
	put_fill(&run->b, 0x88, 60);
	end_block(&run->b);
}

static void packets_without_a_time_count_to_the_open_pane(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.b.size = 0;
	put_section(&run.b);
	put_interface(&run.b, ETHERNET);
	put_simple(&run);
	put_enhanced(&run.b, 0, 100500000, (struct built_packet){ .caplen = 14, .len = 60 });
	put_simple(&run);
	put_enhanced(&run.b, 0, 101500000, (struct built_packet){ .caplen = 14, .len = 60 });
	run_file(&run);
	assert_int_equal(run.pane_count, 2);
	expect_pane(&run, 0, 100, 3);
	expect_pane(&run, 1, 101, 1);
	assert_int_equal(run.panes[0].late_packets, 0);
}

static void a_file_without_any_time_is_one_pane_in_1970(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.b.size = 0;
	put_section(&run.b);
	put_interface(&run.b, ETHERNET);
	put_simple(&run);
	put_simple(&run);
	run_file(&run);
	assert_int_equal(run.pane_count, 1);
	expect_pane(&run, 0, 0, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_older_than_the_open_pane_is_late_and_counts_to_it),
		cmocka_unit_test(a_packet_out_of_order_within_the_pane_is_not_late),
		cmocka_unit_test(a_packet_out_of_order_within_the_pane_keeps_its_time),
		cmocka_unit_test(a_gap_of_hours_is_a_gap),
		cmocka_unit_test(a_jump_that_nothing_follows_was_a_gap),
		cmocka_unit_test(a_jump_before_the_file_is_cut_was_a_gap_told_before_the_failure),
		cmocka_unit_test(a_packet_that_is_late_anyway_does_not_make_a_jump_late),
		cmocka_unit_test(packets_of_a_gap_may_be_out_of_order_within_their_pane),
		cmocka_unit_test(a_held_packet_is_counted_with_its_own_bytes),
		cmocka_unit_test(a_held_packet_may_have_no_bytes),
		cmocka_unit_test(a_clock_that_jumps_ahead_and_back_leaves_one_packet_late),
		cmocka_unit_test(packets_without_a_time_count_to_the_open_pane),
		cmocka_unit_test(a_file_without_any_time_is_one_pane_in_1970),
		cmocka_unit_test(
			a_filter_without_meaning_ends_the_replay_before_a_packet_is_counted),
		cmocka_unit_test(
			packets_of_a_link_that_the_filter_means_nothing_on_are_filtered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
