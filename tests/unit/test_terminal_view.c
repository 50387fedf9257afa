/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../user/top/join.h"
#include "../terminal_scene.h"
#include "../../user/top/draw_bits.h"
#include "../../user/top/view_group.h"

static const struct row *row_of_host(const struct scene *scene, uint32_t host)
{
	for (size_t i = 0; i < scene->view.shown; i++) {
		const struct row *row = view_row(&scene->view, i);

		if (row->key.src[3] == htonl(0x0a000000 + host))
			return row;
	}
	fail_msg("no row of host %u", host);
	return NULL;
}

static void windows_are_joined_by_flow(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < 12; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 100 + pane);
		if (pane < 5)
			scene_count(&scene, scene_flow(2, 1000), 7);
		scene_end_pane(&scene, pane);
	}
	snapshot = collector_take(scene.collector);
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 2);
	row = row_of_host(&scene, 1);
	assert_int_equal(row->amount[0].bytes, 110 + 111);
	assert_int_equal(row->amount[1].bytes, 10 * 100 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 + 11);
	assert_int_equal(row->amount[2].packets, 12);
	assert_true(row->bytes_max == 111);
	row = row_of_host(&scene, 2);
	assert_int_equal(row->amount[0].packets, 0);
	assert_int_equal(row->amount[1].packets, 3);
	assert_int_equal(row->amount[2].packets, 5);
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void the_maximum_of_a_group_is_that_of_its_sum(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	scene_start(&scene);
	/* Two flows of one host, each at 100 in panes of its own, together at 120. */
	scene_count(&scene, scene_flow(1, 1000), 100);
	scene_end_pane(&scene, 0);
	scene_count(&scene, scene_flow(1, 2000), 100);
	scene_end_pane(&scene, 1);
	scene_count(&scene, scene_flow(1, 1000), 60);
	scene_count(&scene, scene_flow(1, 2000), 60);
	scene_end_pane(&scene, 2);
	snapshot = collector_take(scene.collector);
	scene.view.grouping = GROUPING_SRC;
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 1);
	assert_int_equal(view_row(&scene.view, 0)->flows, 2);
	assert_int_equal(view_row(&scene.view, 0)->amount[2].bytes, 320);
	assert_true(view_row(&scene.view, 0)->bytes_max == 120);
	assert_int_equal(scene.view.max_length_ns, 3 * SECOND);
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void sessions_are_averaged_over_their_own_time(void **state)
{
	const struct window_spec spec = { WINDOW_SESSION, 0, 0, 5 * SECOND };
	struct flow_result flow = { .bytes = 8000, .packets = 2, .start_ns = SECOND,
				    .end_ns = 5 * SECOND, .max_len = 60 };
	const struct window_result result = { .spec = &spec, .observed_ns = SECOND,
					      .flows = &flow, .flow_count = 1 };
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct view view = { .unit = UNIT_BYTES };
	struct kept_result kept = { 0 };
	const struct row *row;

	(void)state;
	assert_non_null(snapshot);
	snapshot->window_count = 1;
	assert_int_equal(kept_result_set(&kept, &result), 0);
	assert_int_equal(join_results(snapshot, &kept), 0);
	row = &snapshot->rows[0];
	assert_true(view_rate(&view, &row->amount[0], row_length_ns(row, snapshot, 0)) == 2000);
	kept_result_fini(&kept);
	snapshot_free(snapshot);
}

static void sessions_of_several_flows_have_no_common_rate(void **state)
{
	struct row rows[2] = { { .amount = { { 2, 200 } }, .own_ms = { 1000 }, .flows = 1 },
			       { .amount = { { 2, 200 } }, .own_ms = { 9000 }, .flows = 1 } };
	struct snapshot snapshot = { .window_count = 1, .rows = rows, .row_count = 2 };
	struct scene scene;

	(void)state;
	rows[1].key.src_port = 1;
	scene_start(&scene);
	scene_arrange(&scene, &snapshot);
	assert_true(row_has_rate(view_row(&scene.view, 0), 0));
	scene.view.grouping = GROUPING_DST;
	scene_arrange(&scene, &snapshot);
	assert_int_equal(scene.view.shown, 1);
	assert_false(row_has_rate(view_row(&scene.view, 0), 0));
	rows[0].own_ms[0] = rows[1].own_ms[0] = 0;
	scene_arrange(&scene, &snapshot);
	assert_true(row_has_rate(view_row(&scene.view, 0), 0));
	scene_end(&scene);
}

static void maxima_leave_with_their_window(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 9999);
	scene_end_pane(&scene, 0);
	for (uint64_t pane = 1; pane <= 40; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 50);
		scene_end_pane(&scene, pane);
	}
	snapshot = collector_take(scene.collector);
	assert_true(snapshot->pulse[PULSE_IN].max.bytes == 50);
	scene.view.grouping = GROUPING_SRC;
	scene_arrange(&scene, snapshot);
	assert_true(view_row(&scene.view, 0)->bytes_max == 50);
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void protocols_are_one_row_for_both_families(void **state)
{
	struct flow_slot ipv6 = { .flags = FLOW_IP | FLOW_IPV6, .ip_proto = 6,
				  .dst_port = htons(443), .min_len = 60, .max_len = 60 };
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	ipv6.src[0] = ipv6.dst[0] = htonl(0x20010db8);
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 10);
	scene_count(&scene, ipv6, 20);
	scene_end_pane(&scene, 0);
	snapshot = collector_take(scene.collector);
	scene.view.grouping = GROUPING_PROTO;
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 1);
	assert_int_equal(view_row(&scene.view, 0)->amount[0].bytes, 30);
	scene.view.grouping = GROUPING_DST_PORT;
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 1);
	assert_true(view_row(&scene.view, 0)->bytes_max == 30);
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void a_direction_is_grouped_by_itself(void **state)
{
	struct flow_slot out = scene_flow(1, 1000);
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	out.flags |= FLOW_OUT;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 10);
	scene_count(&scene, out, 500);
	scene_end_pane(&scene, 0);
	snapshot = collector_take(scene.collector);
	scene.view.grouping = GROUPING_SRC;
	scene_arrange(&scene, snapshot);
	assert_int_equal(view_row(&scene.view, 0)->amount[0].bytes, 510);
	scene.view.direction = DIRECTION_IN;
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 1);
	assert_int_equal(view_row(&scene.view, 0)->amount[0].bytes, 10);
	assert_true(view_row(&scene.view, 0)->bytes_max == 10);
	assert_int_equal(snapshot->pulse[PULSE_OUT].amount.bytes, 500);
	assert_int_equal(snapshot->pulse[PULSE_IN].flows, 1);
	snapshot_free(snapshot);
	scene_end(&scene);
}

/* Counts a pane of two hosts and arranges it. */
static struct snapshot *two_hosts(struct scene *scene, uint64_t pane, uint64_t first,
				  uint64_t second)
{
	struct snapshot *snapshot;

	scene_count(scene, scene_flow(1, 1000), first);
	scene_count(scene, scene_flow(2, 1000), second);
	scene_end_pane(scene, pane);
	snapshot = collector_take(scene->collector);
	scene_arrange(scene, snapshot);
	return snapshot;
}

static void check_first(struct scene *scene, struct snapshot *snapshot, uint32_t host)
{
	assert_int_equal(view_row(&scene->view, 0)->key.src[3], htonl(0x0a000000 + host));
	snapshot_free(snapshot);
}

static void rows_do_not_jump_for_tiny_differences(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene.view.sort_column = 0;
	check_first(&scene, two_hosts(&scene, 0, 1000, 990), 1);
	check_first(&scene, two_hosts(&scene, 1, 1000, 1020), 1);
	check_first(&scene, two_hosts(&scene, 2, 1000, 1040), 1);
	check_first(&scene, two_hosts(&scene, 3, 1000, 2000), 2);
	scene_end(&scene);
}

static void a_run_that_has_ended_is_in_exact_order(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene.view.sort_column = 0;
	check_first(&scene, two_hosts(&scene, 0, 1000, 990), 1);
	scene.view.is_final = true;
	check_first(&scene, two_hosts(&scene, 1, 1000, 1020), 2);
	scene_end(&scene);
}

static void the_selection_stays_on_its_flow(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	scene_start(&scene);
	snapshot = two_hosts(&scene, 0, 1000, 10);
	view_move(&scene.view, 1);
	view_move(&scene.view, 1);
	assert_int_equal(scene.view.cursor, 1);
	snapshot_free(snapshot);
	snapshot = two_hosts(&scene, 1, 10, 100000);
	assert_int_equal(scene.view.cursor, 0);
	assert_int_equal(view_selected_row(&scene.view)->key.src[3], htonl(0x0a000002));
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void a_search_takes_all_its_words(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	scene_start(&scene);
	for (uint32_t host = 1; host <= 20; host++)
		scene_count(&scene, scene_flow(host, (uint16_t)(1000 + host)), host);
	scene_end_pane(&scene, 0);
	snapshot = collector_take(scene.collector);
	strcpy(scene.view.search, "10.0.0.1 TCP");
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 11); /* 10.0.0.1, .10 to .19 */
	strcpy(scene.view.search, ":1005");
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 1);
	strcpy(scene.view.search, "udp");
	scene_arrange(&scene, snapshot);
	assert_int_equal(scene.view.shown, 0);
	assert_null(view_selected_row(&scene.view));
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void a_coarse_group_by_leaves_only_what_it_can_tell(void **state)
{
	const char *reason;
	struct scene scene;

	(void)state;
	scene_start(&scene);
	assert_true(grouping_is_possible(&scene.view, GROUPING_SRC_NET));
	assert_int_equal(group_by_parse("src/24,proto", &scene.options.group, &reason), 0);
	assert_false(grouping_is_possible(&scene.view, GROUPING_SRC));
	assert_false(grouping_is_possible(&scene.view, GROUPING_DST));
	assert_true(grouping_is_possible(&scene.view, GROUPING_PROTO));
	assert_true(grouping_is_possible(&scene.view, GROUPING_FLOWS));
	scene_end(&scene);
}

static void a_history_has_each_pane_of_a_flow_and_of_a_group(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;
	struct history history;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < 3; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 10 + pane);
		scene_count(&scene, scene_flow(1, 2000), 100);
		scene_end_pane(&scene, pane);
	}
	snapshot = collector_take(scene.collector);
	scene_arrange(&scene, snapshot);
	view_history(&scene.view, snapshot, &view_row(&scene.view, 1)->key, &history);
	assert_true(pane_rate(&history, &snapshot->clock, UNIT_BYTES, 1) == 10);
	assert_true(pane_rate(&history, &snapshot->clock, UNIT_BYTES, 3) == 12);
	assert_true(pane_rate(&history, &snapshot->clock, UNIT_BYTES, 4) == 0);
	scene.view.grouping = GROUPING_SRC;
	scene_arrange(&scene, snapshot);
	view_history(&scene.view, snapshot, &view_row(&scene.view, 0)->key, &history);
	assert_true(pane_rate(&history, &snapshot->clock, UNIT_BITS, 2) == 8 * 111);
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void names_of_interfaces_are_escaped(void **state)
{
	struct flow_slot slot = scene_flow(1, 1000);
	struct snapshot *snapshot;
	struct labeler labeler;
	char text[LABEL_MAX];
	struct scene scene;

	(void)state;
	slot.flags |= 1 << FLOW_LINK_SHIFT;
	slot.vlan = FLOW_DIRECTION_TOLD | VLAN_TAG_PRESENT | 100;
	scene_start(&scene);
	scene_count(&scene, slot, 10);
	scene_end_pane(&scene, 0);
	snapshot = collector_take(scene.collector);
	scene_arrange(&scene, snapshot);
	labeler = view_labeler(&scene.view);
	assert_string_equal(label_extra(&labeler, &view_row(&scene.view, 0)->key, text),
			    "bad\\x1b[31m vlan 100 inbound");
	snapshot_free(snapshot);
	scene_end(&scene);
}

static void what_was_cut_off_is_not_shown_as_a_number(void **state)
{
	struct group_by group;
	struct labeler labeler = { .group = &group };
	struct flow_key key = { .src = { 0, 0, htonl(0xffff), htonl(0x0a000001) },
				.dst = { 0, 0, htonl(0xffff), htonl(0x0a000002) },
				.flags = FLOW_IP | FLOW_NO_PORTS, .ip_proto = 6,
				.src_port = FLOW_PORT_CUT, .dst_port = FLOW_PORT_CUT };
	char text[LABEL_MAX];

	(void)state;
	group_by_init(&group);
	assert_string_equal(label_dst(&labeler, &key, text), "10.0.0.2");
	assert_string_equal(label_extra(&labeler, &key, text), "ports cut off");
	key.flags = FLOW_IP;
	key.ip_proto = FLOW_PROTO_ICMP;
	key.src_port = htons(3 << 8);
	key.dst_port = htons(FLOW_ICMP_CUT);
	assert_string_equal(label_dst(&labeler, &key, text), "10.0.0.2 3/?");
}

static void a_screen_that_takes_nothing_holds_one_snapshot(void **state)
{
	struct scene scene;
	struct snapshot *snapshot;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < 300; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 10);
		scene_end_pane(&scene, pane);
	}
	snapshot = collector_take(scene.collector);
	assert_non_null(snapshot);
	assert_null(collector_take(scene.collector));
	assert_int_equal(snapshot->clock.number, 300);
	assert_int_equal(snapshot->pane_count, HISTORY_PANES);
	assert_int_equal(snapshot->rows[0].amount[2].packets, 40);
	snapshot_free(snapshot);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_joined_by_flow),
		cmocka_unit_test(the_maximum_of_a_group_is_that_of_its_sum),
		cmocka_unit_test(sessions_are_averaged_over_their_own_time),
		cmocka_unit_test(sessions_of_several_flows_have_no_common_rate),
		cmocka_unit_test(maxima_leave_with_their_window),
		cmocka_unit_test(protocols_are_one_row_for_both_families),
		cmocka_unit_test(a_direction_is_grouped_by_itself),
		cmocka_unit_test(rows_do_not_jump_for_tiny_differences),
		cmocka_unit_test(a_run_that_has_ended_is_in_exact_order),
		cmocka_unit_test(the_selection_stays_on_its_flow),
		cmocka_unit_test(a_search_takes_all_its_words),
		cmocka_unit_test(a_coarse_group_by_leaves_only_what_it_can_tell),
		cmocka_unit_test(a_history_has_each_pane_of_a_flow_and_of_a_group),
		cmocka_unit_test(names_of_interfaces_are_escaped),
		cmocka_unit_test(what_was_cut_off_is_not_shown_as_a_number),
		cmocka_unit_test(a_screen_that_takes_nothing_holds_one_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
