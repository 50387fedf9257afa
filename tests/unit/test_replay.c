/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture_builder.h"
#include "../user/engine/engine.h"
#include "../user/sources/replay.h"

#define ETHERNET  1
#define RAW       101
#define HOUR      3600u
#define PANES_MAX 16
#define SECOND_NS 1000000000ull

/* A replay of a built file and what came of it. */
struct run {
	struct builder b;
	struct replay_config config;
	struct engine *engine;
	struct replay *replay;
	struct pane panes[PANES_MAX];
	size_t pane_count;
	uint64_t due_ns[PANES_MAX];
	int end;              /* the last step */
	uint64_t flow_packets; /* in all windows */
	uint64_t first_ns, last_ns; /* of the first flow of the last window */
};

static int note_window(void *context, const struct window_result *result)
{
	struct run *run = context;

	run->flow_packets += result->total.packets;
	if (result->flow_count) {
		run->first_ns = result->flows[0].first_ns;
		run->last_ns = result->flows[0].last_ns;
	}
	return 0;
}

static void take(void *engine, const struct flow_slot *const *records, size_t count)
{
	assert_int_equal(engine_merge(engine, records, count), 0);
}

static void run_init(struct run *run)
{
	memset(run, 0, sizeof(*run));
	run->config.pane_ns = SECOND_NS;
	put_pcap_header(&run->b, PCAP_MICRO, ETHERNET);
}

/* A frame of a non-IP flow: the bytes of an Ethernet header and no more. */
static void put_frame(struct run *run, uint32_t seconds, uint32_t microseconds)
{
	put_pcap_packet(&run->b, (struct built_packet){ seconds, microseconds, 14, 60, 0x88 });
}

static void run_steps(struct run *run)
{
	struct pane pane;

	do {
		run->end = replay_step(run->replay, &pane);
		if (run->end != REPLAY_PANE)
			continue;
		assert_true(run->pane_count < PANES_MAX);
		run->due_ns[run->pane_count] = replay_due_ns(run->replay);
		run->panes[run->pane_count++] = pane;
		assert_int_equal(engine_end_pane(run->engine, &pane), 0);
	} while (run->end > 0);
}

static void run_file(struct run *run)
{
	struct window_spec window = {
		.kind = WINDOW_TUMBLING, .length_ns = SECOND_NS, .slide_ns = SECOND_NS,
	};
	struct engine_config engine = {
		.windows = &window, .window_count = 1, .pane_ns = SECOND_NS, .replay = true,
		.emit = note_window, .emit_context = run,
	};

	capture_close(open_built(&run->b));
	run->config.name = run->b.name;
	run->engine = engine_create(&engine);
	assert_non_null(run->engine);
	run->config.taker = (struct record_taker){ take, run->engine, false };
	assert_int_equal(replay_open(&run->config, &run->replay), 0);
	run_steps(run);
	assert_int_equal(engine_finish(run->engine), 0);
	replay_close(run->replay);
	engine_destroy(run->engine);
	close(run->b.fd);
}

static uint64_t pane_packets(const struct pane *pane)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < SIZE_BUCKETS; i++)
		packets += pane->counts.size_histogram[i];
	return packets;
}

static void expect_pane(const struct run *run, size_t number, uint64_t index, uint64_t packets)
{
	const struct pane *pane = &run->panes[number];

	assert_true(number < run->pane_count);
	assert_int_equal(pane->index, index);
	assert_int_equal(pane->begin_ns, index * SECOND_NS);
	assert_int_equal(pane->end_ns, (index + 1) * SECOND_NS);
	assert_int_equal(pane_packets(pane), packets);
}

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

static void a_filter_without_meaning_ends_the_replay_before_a_packet_is_counted(void **state)
{
	const struct packet_filter_config filter = { .expression = "inbound" };
	struct filter_error error;
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	assert_int_equal(packet_filter_open(&filter, &run.config.filter, &error), 0);
	run_file(&run);
	packet_filter_close(run.config.filter);
	assert_int_equal(run.end, -EINVAL);
	assert_int_equal(run.pane_count, 0);
}

static void packets_of_a_link_that_the_filter_means_nothing_on_are_filtered(void **state)
{
	const struct packet_filter_config filter = { .expression = "ether host 1:2:3:4:5:6" };
	const struct built_packet packet = { .caplen = 14, .len = 60 };
	struct filter_error error;
	struct run run;

	(void)state;
	run_init(&run);
	run.b.size = 0;
	put_section(&run.b);
	put_interface(&run.b, ETHERNET);
	put_interface(&run.b, RAW);
	put_enhanced(&run.b, 1, 100000000, packet);
	put_enhanced(&run.b, 0, 100000000, packet);
	assert_int_equal(packet_filter_open(&filter, &run.config.filter, &error), 0);
	run_file(&run);
	packet_filter_close(run.config.filter);
	assert_int_equal(run.end, REPLAY_END);
	expect_pane(&run, 0, 100, 2);
	assert_int_equal(run.panes[0].counts.outcome[PACKET_FILTERED].packets, 2);
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
		cmocka_unit_test(a_jump_past_the_duration_is_not_in_it_unless_it_was_late),
		cmocka_unit_test(a_clock_that_jumps_ahead_and_back_leaves_one_packet_late),
		cmocka_unit_test(packets_without_a_time_count_to_the_open_pane),
		cmocka_unit_test(a_file_without_any_time_is_one_pane_in_1970),
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
