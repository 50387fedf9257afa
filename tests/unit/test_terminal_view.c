/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of rows, the selection, searching, labels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>

#include "../../user/engine/slot_key.h"
#include "../../user/top/collector.h"
#include "../terminal_scene.h"

/* Counts a pane of two hosts and arranges it. */
static void two_hosts(struct scene *scene, uint64_t pane, uint64_t first, uint64_t second)
{
	scene_count(scene, scene_flow(1, 1000), first);
	scene_count(scene, scene_flow(2, 1000), second);
	scene_end_pane(scene, pane);
	scene_arrange(scene);
}

static void check_first(struct scene *scene, uint32_t host)
{
	assert_int_equal(view_row(&scene->view, 0)->key.src[3], htonl(0x0a000000 + host));
}

static void rows_do_not_jump_for_tiny_differences(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene.view.sort_column = COVER_NOW;
	two_hosts(&scene, 0, 1000, 990);
	check_first(&scene, 1);
	two_hosts(&scene, 1, 1000, 1020);
	check_first(&scene, 1);
	two_hosts(&scene, 2, 1000, 1040);
	check_first(&scene, 1);
	two_hosts(&scene, 3, 1000, 2000);
	check_first(&scene, 2);
	scene_end(&scene);
}

static void a_run_that_has_ended_is_in_exact_order(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene.view.sort_column = COVER_NOW;
	two_hosts(&scene, 0, 1000, 990);
	check_first(&scene, 1);
	scene.view.is_final = true;
	two_hosts(&scene, 1, 1000, 1020);
	check_first(&scene, 2);
	scene_end(&scene);
}

static void who_has_stopped_sinks(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	two_hosts(&scene, 0, 1000000, 1000);
	check_first(&scene, 1);
	for (uint64_t pane = 1; pane <= 10; pane++) {
		scene_count(&scene, scene_flow(3, 1000), 60);
		scene_end_pane(&scene, pane);
	}
	scene_arrange(&scene);
	check_first(&scene, 3);
	/* Of those at rest, who carried most. */
	assert_int_equal(view_row(&scene.view, 1)->key.src[3], htonl(0x0a000001));
	assert_int_equal(view_row(&scene.view, 2)->key.src[3], htonl(0x0a000002));
	scene_end(&scene);
}

static void the_selection_stays_on_its_flow(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	two_hosts(&scene, 0, 1000, 10);
	view_move(&scene.view, 1);
	view_move(&scene.view, 1);
	assert_int_equal(scene.view.cursor, 1);
	two_hosts(&scene, 1, 10, 100000);
	assert_int_equal(scene.view.cursor, 0);
	assert_int_equal(view_selected_row(&scene.view)->key.src[3], htonl(0x0a000002));
	scene_end(&scene);
}

static void the_wheel_rolls_and_the_selection_stays_in_sight(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	for (uint32_t host = 1; host <= 20; host++)
		scene_count(&scene, scene_flow(host, 1000), host);
	scene_end_pane(&scene, 0);
	scene_arrange(&scene);
	view_roll(&scene.view, 3, 10);
	assert_int_equal(scene.view.scroll, 3);
	view_move(&scene.view, 1);
	assert_int_equal(scene.view.cursor, 3);
	view_roll(&scene.view, 3, 10);
	assert_int_equal(scene.view.cursor, 6);
	view_roll(&scene.view, 30, 10);
	assert_int_equal(scene.view.scroll, 10);
	view_roll(&scene.view, -30, 10);
	assert_int_equal(scene.view.scroll, 0);
	assert_int_equal(scene.view.cursor, 9);
	scene_end(&scene);
}

static void a_search_takes_all_its_words(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	for (uint32_t host = 1; host <= 20; host++)
		scene_count(&scene, scene_flow(host, (uint16_t)(1000 + host)), host);
	scene_end_pane(&scene, 0);
	strcpy(scene.view.search, "10.0.0.1 TCP");
	scene_arrange(&scene);
	assert_int_equal(scene.view.shown, 11); /* 10.0.0.1, .10 to .19 */
	strcpy(scene.view.search, ":1005");
	scene_arrange(&scene);
	assert_int_equal(scene.view.shown, 1);
	strcpy(scene.view.search, "eth0");
	scene_arrange(&scene);
	assert_int_equal(scene.view.shown, 20);
	strcpy(scene.view.search, "443/tcp");
	scene_group(&scene, GROUPING_SERVICES, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 1);
	strcpy(scene.view.search, "udp");
	scene_arrange(&scene);
	assert_int_equal(scene.view.shown, 0);
	assert_null(view_selected_row(&scene.view));
	scene_end(&scene);
}

static void names_of_interfaces_are_escaped(void **state)
{
	struct flow_slot slot = scene_flow(1, 1000);
	struct labeler labeler;
	char text[LABEL_MAX];
	struct scene scene;

	(void)state;
	slot.flags |= 1 << FLOW_LINK_SHIFT;
	slot.vlan = FLOW_DIRECTION_TOLD | VLAN_TAG_PRESENT | 100;
	scene_start(&scene);
	scene_count(&scene, slot, 10);
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_FLOWS, DIRECTION_BOTH);
	labeler = view_labeler(&scene.view);
	assert_string_equal(label_link(&labeler, &view_row(&scene.view, 0)->key, text),
			    "bad\\x1b[31m");
	assert_string_equal(label_extra(&view_row(&scene.view, 0)->key, text),
			    "vlan 100 inbound");
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
	assert_string_equal(label_extra(&key, text), "ports cut off");
	key.flags = FLOW_IP;
	key.ip_proto = FLOW_PROTO_ICMP;
	key.src_port = htons(3 << 8);
	key.dst_port = htons(FLOW_ICMP_CUT);
	assert_string_equal(label_dst(&labeler, &key, text), "10.0.0.2 3/?");
}

/* Waits for the collector's thread. */
static struct snapshot *collected(struct collector *collector)
{
	struct pollfd ready = { .fd = collector_fd(collector), .events = POLLIN };
	struct snapshot *snapshot = NULL;

	while (!snapshot && poll(&ready, 1, 10000) > 0)
		snapshot = collector_take(collector);
	assert_non_null(snapshot);
	return snapshot;
}

static void collector_pane(struct collector *collector, uint64_t index, uint64_t bytes)
{
	const struct pane_facts facts = { .table_use = 0.5 };
	struct flow_slot slot = scene_flow(1, 1000);
	struct flow_result flow = { .bytes = bytes, .packets = 1, .min_len = 60, .max_len = 60 };
	struct pane pane = { .index = index, .begin_ns = index * SECOND,
			     .end_ns = (index + 1) * SECOND };
	struct window_result result = { .window_number = 3, .start_ns = pane.begin_ns,
					.end_ns = pane.end_ns, .flows = &flow, .flow_count = 1 };

	flow.key = flow_slot_key(&slot);
	collector_take_window(collector, &result);
	collector_take_pane(collector, &pane, &facts);
}

static void a_screen_that_takes_nothing_holds_one_snapshot(void **state)
{
	struct group_by group;
	struct collector_config config = { .stage = { .group = &group, .pane_ns = SECOND },
					   .pane_window = 3 };
	struct collector *collector;
	struct snapshot *snapshot;
	int err = 0;

	(void)state;
	group_by_init(&group);
	config.stage.is_replay = true; /* so that no pane is left out */
	collector = collector_create(&config);
	assert_non_null(collector);
	for (uint64_t pane = 1; pane <= 1000; pane++)
		collector_pane(collector, pane, 10);
	collector_end(collector, -5);
	while (!collector_has_ended(collector, &err))
		poll(NULL, 0, 1);
	snapshot = collected(collector);
	assert_int_equal(err, -5);
	assert_null(collector_take(collector));
	assert_int_equal(snapshot->clock.number, 1000);
	assert_int_equal(row_amount(&snapshot->rows[0], COVER_TOTAL).bytes, 10000);
	snapshot_free(snapshot);
	collector_wish(collector, (struct wish){ GROUPING_HOSTS, DIRECTION_BOTH });
	snapshot = collected(collector);
	assert_int_equal(snapshot->wish.grouping, GROUPING_HOSTS);
	assert_int_equal(snapshot->row_count, 2);
	assert_int_equal(row_amount(&snapshot->rows[0], COVER_TOTAL).bytes, 10000);
	snapshot_free(snapshot);
	collector_destroy(collector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_do_not_jump_for_tiny_differences),
		cmocka_unit_test(a_run_that_has_ended_is_in_exact_order),
		cmocka_unit_test(who_has_stopped_sinks),
		cmocka_unit_test(the_selection_stays_on_its_flow),
		cmocka_unit_test(the_wheel_rolls_and_the_selection_stays_in_sight),
		cmocka_unit_test(a_search_takes_all_its_words),
		cmocka_unit_test(names_of_interfaces_are_escaped),
		cmocka_unit_test(what_was_cut_off_is_not_shown_as_a_number),
		cmocka_unit_test(a_screen_that_takes_nothing_holds_one_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
