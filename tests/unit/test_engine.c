/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_scene.h"

static void tumbling_window_sums_a_flow_over_its_panes(void **state)
{
	struct run run = { .specs = { tumbling(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	packet_add(&run, 1, 100, 10);
	packet_add(&run, 1, 300, 500);
	pane_end(&run, 8);
	packet_add(&run, 1, 60, 999);
	pane_end(&run, 9);
	assert_int_equal(run.count, 1);
	assert_true(run.kept[0].result.complete);
	assert_int_equal(run.kept[0].result.start_ns, 8 * SECOND);
	assert_int_equal(run.kept[0].result.end_ns, 10 * SECOND);
	assert_int_equal(run.kept[0].result.total.bytes, 460);
	assert_int_equal(run.kept[0].result.counts.outcome[PACKET_FLOW].packets, 3);
	assert_int_equal(run.kept[0].result.flow_count, 1);
	assert_int_equal(run.kept[0].flows[0].bytes, 460);
	assert_true(run.kept[0].flows[0].bytes_max == 400.0);
	assert_true(run.kept[0].flows[0].packets_max == 2.0);
	assert_int_equal(run.kept[0].flows[0].min_len, 60);
	assert_int_equal(run.kept[0].flows[0].max_len, 300);
	assert_int_equal(run.kept[0].flows[0].first_ns, 8 * SECOND + 10000000);
	assert_int_equal(run.kept[0].flows[0].last_ns, 9 * SECOND + 999000000);
	assert_int_equal(engine_flow_count(run.engine), 0);
	engine_destroy(run.engine);
}

static void sliding_window_forgets_the_maximum_that_left(void **state)
{
	static const unsigned int lens[] = { 1000, 100, 200, 50, 60, 70 };
	static const double expected[] = { 1000, 1000, 1000, 200, 200, 70 };
	struct run run = { .specs = { sliding(3, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	for (unsigned int i = 0; i < 6; i++) {
		packet_add(&run, 1, lens[i], 0);
		pane_end(&run, i);
	}
	assert_int_equal(run.count, 6);
	for (unsigned int i = 0; i < 6; i++) {
		assert_true(run.kept[i].flows[0].bytes_max == expected[i]);
		assert_int_equal(run.kept[i].result.complete, i >= 2);
		assert_int_equal(run.kept[i].flows[0].packets, i < 2 ? i + 1 : 3);
	}
	engine_destroy(run.engine);
}

static void session_is_told_when_its_gap_has_passed(void **state)
{
	struct run run = { .specs = { session(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	packet_add(&run, 1, 100, 500);
	pane_end(&run, 0);
	packet_add(&run, 2, 100, 1);
	pane_end(&run, 1);
	assert_int_equal(run.count, 0);
	pane_end(&run, 2);
	assert_int_equal(run.count, 1);
	assert_int_equal(run.kept[0].result.start_ns, 2 * SECOND);
	assert_int_equal(run.kept[0].flows[0].start_ns, SECOND / 2);
	assert_int_equal(run.kept[0].flows[0].end_ns, SECOND / 2);
	assert_int_equal(engine_finish(run.engine), 0);
	assert_int_equal(run.count, 2);
	assert_false(run.kept[1].result.complete);
	engine_destroy(run.engine);
}

static void landmark_window_tells_all_since_the_start(void **state)
{
	struct run run = { .specs = { { WINDOW_LANDMARK, 0, 2 * SECOND, 0 } } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	packet_add(&run, 1, 100, 500);
	pane_end(&run, 0);
	for (uint64_t i = 1; i < 4; i++)
		pane_end(&run, i);
	packet_add(&run, 1, 300, 0);
	packet_add(&run, 2, 200, 0);
	pane_end(&run, 4);
	engine_finish(run.engine);
	assert_int_equal(run.count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(run.kept[i].result.complete, i < 2);
		assert_int_equal(run.kept[i].result.start_ns, 0);
		assert_int_equal(run.kept[i].result.end_ns, i < 2 ? 2 * (i + 1) * SECOND :
								    5 * SECOND);
		assert_int_equal(run.kept[i].result.total.flows, i < 2 ? 1 : 2);
		assert_int_equal(run.kept[i].flows[0].first_ns, SECOND / 2);
	}
	assert_int_equal(run.kept[2].result.total.bytes, 600);
	assert_true(run.kept[2].flows[0].bytes_max == 300.0);
	assert_int_equal(engine_flow_count(run.engine), 2);
	engine_destroy(run.engine);
}

static void landmark_window_takes_no_memory_for_panes(void **state)
{
	struct run run = { .specs = { { WINDOW_LANDMARK, 0, 1000000 * SECOND, 0 } } };
	uint64_t bytes;

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	for (unsigned int i = 0; i < 100; i++) {
		packet_add(&run, 1, 100, 0);
		pane_end(&run, i);
	}
	bytes = engine_memory_bytes(run.engine);
	for (unsigned int i = 100; i < 10000; i++) {
		packet_add(&run, 1, 100, 0);
		pane_end(&run, i);
	}
	assert_int_equal(engine_memory_bytes(run.engine), bytes);
	engine_finish(run.engine);
	assert_int_equal(run.kept[0].result.total.bytes, 1000000);
	engine_destroy(run.engine);
}

static void landmark_window_is_bounded_by_the_flows_that_are_kept(void **state)
{
	struct run run = { .specs = { { WINDOW_LANDMARK, 0, SECOND, 0 } } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_flows = 3 });
	for (unsigned int i = 0; i < 10; i++) {
		packet_add(&run, i, 100, 0);
		pane_end(&run, i);
		assert_true(engine_flow_count(run.engine) <= 3);
	}
	assert_int_equal(run.count, 10);
	assert_int_equal(run.kept[9].result.total.flows, 10);
	assert_int_equal(run.kept[9].result.total.bytes, 1000);
	assert_int_equal(run.kept[9].result.evicted_flows, 6);
	assert_int_equal(run.kept[9].result.evicted.bytes, 600);
	engine_destroy(run.engine);
}

static void packets_of_all_cpus_make_one_rate(void **state)
{
	struct flow_slot slots[3] = { { .packets = 0xffffffff, .bytes = 1ull << 62 },
				      { .packets = 0xffffffff, .bytes = 1ull << 62 },
				      { .packets = 3, .bytes = (1ull << 63) - 1 } };
	const struct flow_slot *records[3] = { &slots[0], &slots[1], &slots[2] };
	struct run run = { .specs = { tumbling(1) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	engine_merge(run.engine, records, 3);
	pane_end(&run, 0);
	assert_int_equal(run.kept[0].flows[0].packets, 0x200000001ull);
	assert_int_equal(run.kept[0].flows[0].bytes, UINT64_MAX);
	assert_int_equal(run.kept[0].result.total.bytes, UINT64_MAX);
	assert_true(run.kept[0].flows[0].packets_max == (double)0x200000001ull);
	assert_true(run.kept[0].result.total.bytes_max == (double)UINT64_MAX);
	engine_destroy(run.engine);
}

static void live_window_without_packets_is_told(void **state)
{
	struct run run = { .specs = { tumbling(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	for (unsigned int i = 0; i < 4; i++)
		pane_end(&run, i);
	assert_int_equal(run.count, 2);
	assert_true(run.kept[1].result.complete);
	assert_int_equal(run.kept[1].result.observed_ns, 2 * SECOND);
	assert_int_equal(run.kept[1].result.total.flows, 0);
	engine_destroy(run.engine);
}

static void failing_emit_stops_its_own_window_only(void **state)
{
	struct run run = { .specs = { sliding(2, 1), tumbling(1) }, .answer = -5 };

	(void)state;
	run_start(&run, (struct engine_config){ .window_count = 2, .replay = true });
	packet_add(&run, 1, 100, 0);
	assert_int_equal(pane_end(&run, 1), -5);
	assert_int_equal(run.count, 2);
	packet_add(&run, 1, 100, 0);
	assert_int_equal(pane_end(&run, 9), -5);
	assert_int_equal(run.count, 4);
	assert_int_equal(run.kept[2].result.window_number, 0);
	assert_int_equal(run.kept[2].result.start_ns, SECOND);
	assert_int_equal(run.kept[3].result.start_ns, 9 * SECOND);
	engine_destroy(run.engine);
}

static void greatest_flows_are_listed_ties_by_key(void **state)
{
	static const unsigned int lens[] = { 100, 300, 200, 300, 50, 200, 200 };
	static const unsigned int order[] = { 1, 3, 2, 5 };
	struct run run = { .specs = { tumbling(1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .top = 4 });
	for (unsigned int i = 7; i-- > 0;)
		packet_add(&run, i, lens[i], 0);
	pane_end(&run, 0);
	assert_int_equal(run.kept[0].result.flow_count, 4);
	assert_int_equal(run.kept[0].result.flows_omitted, 3);
	assert_int_equal(run.kept[0].result.total.flows, 7);
	assert_int_equal(run.kept[0].result.total.bytes, 1350);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(run.kept[0].flows[i].key.src_port, order[i]);
	engine_destroy(run.engine);
}

static void least_recently_active_flow_leaves_first(void **state)
{
	struct run run = { .specs = { sliding(3, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_flows = 2 });
	packet_add(&run, 1, 100, 0);
	packet_add(&run, 2, 200, 5);
	pane_end(&run, 0);
	packet_add(&run, 3, 400, 0);
	pane_end(&run, 1);
	assert_int_equal(engine_flow_count(run.engine), 2);
	for (unsigned int i = 2; i < 4; i++)
		pane_end(&run, i);
	assert_int_equal(run.kept[2].result.total.flows, 3);
	assert_int_equal(run.kept[2].result.total.bytes, 700);
	assert_int_equal(run.kept[2].result.evicted_flows, 1);
	assert_int_equal(run.kept[2].result.evicted.bytes, 100);
	assert_int_equal(run.kept[2].flows[1].key.src_port, 2);
	assert_int_equal(run.kept[3].result.evicted_flows, 0);
	assert_int_equal(run.kept[3].result.total.bytes, 400);
	engine_destroy(run.engine);
}

/* A thousand flows a pane, of which 40 kB hold some hundreds; each stays for ten panes. */
static void flows_leave_when_they_take_too_much_memory(void **state)
{
	struct run run = { .specs = { sliding(10, 1) } };
	uint64_t least = UINT64_MAX;

	(void)state;
	run_start(&run, (struct engine_config){ .max_bytes = 40000, .top = 1 });
	for (unsigned int i = 0; i < 40; i++) {
		for (unsigned int flow = 0; flow < 1000; flow++)
			packet_add(&run, 1000 * (i % 50) + flow, 100, 0);
		assert_int_equal(pane_end(&run, i), 0);
		assert_true(engine_flow_count(run.engine) <= 40000 / 64);
		if (engine_flow_count(run.engine) < least)
			least = engine_flow_count(run.engine);
		assert_int_equal(run.kept[i].result.total.bytes,
				 100000 * (i < 10 ? i + 1 : 10));
		assert_int_equal(run.kept[i].result.total.flows,
				 1000 * (i < 10 ? i + 1 : 10));
	}
	assert_true(least > 200);
	engine_destroy(run.engine);
}

static void what_flows_take_elsewhere_is_of_the_same_memory(void **state)
{
	struct run run = { .specs = { sliding(10, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_bytes = 40000, .bytes_beside = 1000,
						.top = 1 });
	for (unsigned int flow = 0; flow < 1000; flow++)
		packet_add(&run, flow, 100, 0);
	assert_int_equal(pane_end(&run, 0), 0);
	assert_true(engine_flow_count(run.engine) < 40);
	assert_true(engine_flow_count(run.engine) > 20);
	assert_int_equal(run.kept[0].result.total.bytes, 100000);
	engine_destroy(run.engine);
}

static void session_goes_on_just_before_its_gap(void **state)
{
	struct run run = { .specs = { session(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	packet_add(&run, 1, 100, 500);
	packet_add(&run, 2, 100, 500);
	pane_end(&run, 0);
	pane_end(&run, 1);
	packet_add(&run, 1, 100, 499);
	packet_add(&run, 2, 100, 500);
	pane_end(&run, 2);
	assert_int_equal(run.count, 1);
	assert_int_equal(run.kept[0].result.flow_count, 1);
	assert_int_equal(run.kept[0].flows[0].key.src_port, 2);
	assert_int_equal(run.kept[0].flows[0].packets, 1);
	engine_destroy(run.engine);
}

static void forgotten_session_is_told_with_the_next_that_ends(void **state)
{
	struct run run = { .specs = { session(1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_flows = 1 });
	packet_add(&run, 1, 100, 500);
	packet_add(&run, 2, 200, 600);
	pane_end(&run, 0);
	pane_end(&run, 1);
	assert_int_equal(run.count, 1);
	assert_int_equal(run.kept[0].result.flow_count, 1);
	assert_int_equal(run.kept[0].result.evicted.bytes, 100);
	assert_int_equal(run.kept[0].result.counts.outcome[PACKET_FLOW].bytes, 300);
	assert_int_equal(run.kept[0].result.total.flows, 2);
	engine_destroy(run.engine);
}

static void packet_is_never_told_later_than_the_end_of_its_pane(void **state)
{
	struct run run = { .specs = { tumbling(1), session(1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .window_count = 2 });
	packet_add(&run, 1, 100, 503);
	packet_add(&run, 2, 100, 200);
	pane_end_after(&run, 0, SECOND / 2);
	engine_finish(run.engine);
	assert_int_equal(run.count, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(run.kept[i].flows[0].first_ns, SECOND / 2);
		assert_int_equal(run.kept[i].flows[0].last_ns, SECOND / 2);
		assert_int_equal(run.kept[i].flows[1].last_ns, SECOND / 5);
		assert_int_equal(run.kept[i].result.end_ns, SECOND / 2);
	}
	engine_destroy(run.engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tumbling_window_sums_a_flow_over_its_panes),
		cmocka_unit_test(sliding_window_forgets_the_maximum_that_left),
		cmocka_unit_test(session_is_told_when_its_gap_has_passed),
		cmocka_unit_test(landmark_window_tells_all_since_the_start),
		cmocka_unit_test(landmark_window_takes_no_memory_for_panes),
		cmocka_unit_test(landmark_window_is_bounded_by_the_flows_that_are_kept),
		cmocka_unit_test(packets_of_all_cpus_make_one_rate),
		cmocka_unit_test(live_window_without_packets_is_told),
		cmocka_unit_test(failing_emit_stops_its_own_window_only),
		cmocka_unit_test(greatest_flows_are_listed_ties_by_key),
		cmocka_unit_test(least_recently_active_flow_leaves_first),
		cmocka_unit_test(flows_leave_when_they_take_too_much_memory),
		cmocka_unit_test(what_flows_take_elsewhere_is_of_the_same_memory),
		cmocka_unit_test(session_goes_on_just_before_its_gap),
		cmocka_unit_test(forgotten_session_is_told_with_the_next_that_ends),
		cmocka_unit_test(packet_is_never_told_later_than_the_end_of_its_pane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
