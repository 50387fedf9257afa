/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of every grouping, their windows, maxima, totals and histories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../terminal_scene.h"

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

static uint64_t bytes_of(const struct row *row, int half, enum cover cover)
{
	return row->side[half].amount[cover].bytes;
}

static void each_row_has_all_windows(void **state)
{
	struct scene scene;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < 12; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 100 + pane);
		if (pane < 5)
			scene_count(&scene, scene_flow(2, 1000), 7);
		scene_end_pane(&scene, pane);
	}
	scene_arrange(&scene);
	assert_int_equal(scene.view.shown, 2);
	row = row_of_host(&scene, 1);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_NOW), 110 + 111);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_SHORT), 1000 + 2 + 3 + 4 + 5 + 6 + 7 +
			 8 + 9 + 10 + 11);
	assert_int_equal(row->side[HALF_FORWARD].amount[COVER_TOTAL].packets, 12);
	assert_true(row->side[HALF_FORWARD].bytes_max == 111);
	row = row_of_host(&scene, 2);
	assert_int_equal(row->side[HALF_FORWARD].amount[COVER_NOW].packets, 0);
	assert_int_equal(row->side[HALF_FORWARD].amount[COVER_SHORT].packets, 3);
	assert_int_equal(row->side[HALF_FORWARD].amount[COVER_TOTAL].packets, 5);
	scene_end(&scene);
}

static void both_directions_are_one_row(void **state)
{
	struct scene scene;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_reply(1, 1000), 5000);
	scene_end_pane(&scene, 0);
	scene_count(&scene, scene_flow(1, 1000), 60);
	scene_end_pane(&scene, 1);
	scene_arrange(&scene);
	assert_int_equal(scene.view.shown, 1);
	row = row_of_host(&scene, 1);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_NOW), 60);
	assert_int_equal(bytes_of(row, HALF_REVERSE, COVER_NOW), 5000);
	assert_int_equal(row->first_ns, 0);
	scene_group(&scene, GROUPING_FLOWS, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 2);
	scene_group(&scene, GROUPING_CONVERSATIONS, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 1);
	scene_end(&scene);
}

static void the_maximum_of_a_group_is_that_of_its_sum(void **state)
{
	struct scene scene;

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
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 2);
	assert_int_equal(row_of_host(&scene, 1)->flows, 2);
	assert_int_equal(bytes_of(row_of_host(&scene, 1), HALF_FORWARD, COVER_LONG), 320);
	assert_true(row_of_host(&scene, 1)->side[HALF_FORWARD].bytes_max == 120);
	scene_end(&scene);
}

static void a_host_has_what_it_sent_and_received(void **state)
{
	const uint32_t server = 0xc0000201 - 0x0a000000;
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 60);
	scene_count(&scene, scene_reply(1, 1000), 5000);
	scene_count(&scene, scene_flow(2, 1000), 70);
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 3);
	assert_int_equal(bytes_of(row_of_host(&scene, 1), HALF_FORWARD, COVER_NOW), 60);
	assert_int_equal(bytes_of(row_of_host(&scene, 1), HALF_REVERSE, COVER_NOW), 5000);
	assert_int_equal(bytes_of(row_of_host(&scene, server), HALF_FORWARD, COVER_NOW), 5000);
	assert_int_equal(bytes_of(row_of_host(&scene, server), HALF_REVERSE, COVER_NOW), 130);
	scene_end(&scene);
}

static void services_have_no_ephemeral_ports(void **state)
{
	struct scene scene;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	for (uint16_t port = 40000; port < 40100; port++) {
		scene_count(&scene, scene_flow(1, port), 60);
		scene_count(&scene, scene_reply(1, port), 100);
	}
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_SERVICES, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 1);
	row = view_row(&scene.view, 0);
	assert_int_equal(row->key.dst_port, htons(443));
	assert_int_equal(row->flows, 200);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_NOW), 6000);
	assert_int_equal(bytes_of(row, HALF_REVERSE, COVER_NOW), 10000);
	scene_end(&scene);
}

static void what_left_its_windows_stays_in_the_total(void **state)
{
	struct scene scene;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 9999);
	scene_end_pane(&scene, 0);
	for (uint64_t pane = 1; pane <= 60; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 50);
		scene_end_pane(&scene, pane);
	}
	scene_arrange(&scene);
	row = view_row(&scene.view, 0);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_LONG), 40 * 50);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_TOTAL), 9999 + 60 * 50);
	assert_true(row->side[HALF_FORWARD].bytes_max == 9999);
	scene_end(&scene);
}

/* Made anew, rows know of panes that are kept; the total is of all of them. */
static void totals_outlive_the_panes_that_are_kept(void **state)
{
	struct scene scene;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 9999);
	scene_count(&scene, scene_flow(7, 1000), 11);
	scene_end_pane(&scene, 0);
	for (uint64_t pane = 1; pane <= 240; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 50);
		scene_end_pane(&scene, pane);
	}
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_BOTH);
	row = row_of_host(&scene, 1);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_TOTAL), 9999 + 100 * 120);
	assert_int_equal(row->first_ns, 0);
	assert_true(row->side[HALF_FORWARD].bytes_max == 50);
	assert_int_equal(scene.snapshot->max_since_ns, 121 * SECOND);
	row = row_of_host(&scene, 7);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_TOTAL), 11);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_LONG), 0);
	scene_count(&scene, scene_flow(1, 1000), 1);
	scene_end_pane(&scene, 240 + 1);
	scene_arrange(&scene);
	assert_int_equal(bytes_of(row_of_host(&scene, 1), HALF_FORWARD, COVER_TOTAL),
			 10000 + 100 * 120);
	scene_end(&scene);
}

static void protocols_are_one_row_for_both_families(void **state)
{
	struct flow_slot ipv6 = { .flags = FLOW_IP | FLOW_IPV6 | FLOW_OUT, .ip_proto = 6,
				  .dst_port = htons(443), .min_len = 60, .max_len = 60 };
	struct scene scene;

	(void)state;
	ipv6.src[0] = ipv6.dst[0] = htonl(0x20010db8);
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 10);
	scene_count(&scene, ipv6, 20);
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_PROTOCOLS, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 1);
	assert_int_equal(bytes_of(view_row(&scene.view, 0), HALF_FORWARD, COVER_NOW), 10);
	assert_int_equal(bytes_of(view_row(&scene.view, 0), HALF_REVERSE, COVER_NOW), 20);
	scene_group(&scene, GROUPING_SERVICES, DIRECTION_BOTH);
	assert_int_equal(scene.view.shown, 1);
	assert_int_equal(row_amount(view_row(&scene.view, 0), COVER_NOW).bytes, 30);
	scene_end(&scene);
}

static void one_direction_can_be_asked_for(void **state)
{
	struct scene scene;
	const struct row *row;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 1000), 10);
	scene_count(&scene, scene_reply(1, 1000), 500);
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_IN);
	row = row_of_host(&scene, 1);
	assert_int_equal(bytes_of(row, HALF_FORWARD, COVER_NOW), 10);
	assert_int_equal(bytes_of(row, HALF_REVERSE, COVER_NOW), 0);
	assert_int_equal(scene.snapshot->pulse_count, 2);
	assert_int_equal(scene.snapshot->pulses[0].side.amount[COVER_NOW].bytes, 10);
	assert_int_equal(scene.snapshot->pulses[1].side.amount[COVER_NOW].bytes, 500);
	scene_end(&scene);
}

static void a_port_scan_is_many_flows_of_one_host(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(2, 1000), 1000000);
	for (uint16_t port = 1; port <= 8000; port++)
		scene_count(&scene, scene_flow(1, port), 60);
	scene_end_pane(&scene, 0);
	scene.view.sort_column = SORT_COLUMN_FLOWS;
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_BOTH);
	assert_int_equal(view_row(&scene.view, 0)->flows, 8001);
	assert_int_equal(view_row(&scene.view, 1)->key.src[3], htonl(0x0a000001));
	assert_int_equal(view_row(&scene.view, 1)->flows, 8000);
	scene_end(&scene);
}

static void a_coarse_group_by_leaves_only_what_it_can_tell(void **state)
{
	struct group_by group;
	const char *reason;

	(void)state;
	group_by_init(&group);
	assert_false(grouping_is_possible(GROUPING_PROCESSES, &group));
	assert_false(grouping_is_possible(GROUPING_CONTAINERS, &group));
	group_by_add(&group, GROUP_PROCESS);
	group_by_add(&group, GROUP_CONTAINER);
	for (int i = 0; i < GROUPING_COUNT; i++)
		assert_true(grouping_is_possible((enum grouping)i, &group));
	assert_int_equal(group_by_parse("src/24,dst/24,proto", &group, &reason), 0);
	assert_false(grouping_is_possible(GROUPING_HOSTS, &group));
	assert_false(grouping_is_possible(GROUPING_CONVERSATIONS, &group));
	assert_false(grouping_is_possible(GROUPING_INTERFACES, &group));
	assert_true(grouping_is_possible(GROUPING_NETWORKS, &group));
	assert_true(grouping_is_possible(GROUPING_PROTOCOLS, &group));
	assert_true(grouping_is_possible(GROUPING_FLOWS, &group));
}

static void a_history_has_each_pane_of_a_row(void **state)
{
	struct scene scene;
	struct row_history history = { .newest = 0 };

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < 3; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 10 + pane);
		scene_count(&scene, scene_reply(1, 1000), 100);
		scene_count(&scene, scene_flow(2, 1000), 1);
		scene_end_pane(&scene, pane);
	}
	scene_arrange(&scene);
	snapshot_history(scene.snapshot, &row_of_host(&scene, 1)->key, &history);
	assert_true(history_rate(&history.history, &scene.snapshot->clock, 1).bytes == 110);
	assert_true(history_rate(&history.history, &scene.snapshot->clock, 3).bytes == 112);
	assert_true(history_rate(&history.history, &scene.snapshot->clock, 4).bytes == 0);
	scene_group(&scene, GROUPING_NETWORKS, DIRECTION_BOTH);
	snapshot_history(scene.snapshot, &row_of_host(&scene, 0)->key, &history);
	assert_true(history_rate(&history.history, &scene.snapshot->clock, 2).packets == 3);
	scene_end(&scene);
}

static void compare_row(const struct row *look, const struct row *made)
{
	for (int half = 0; half < HALF_COUNT; half++) {
		const struct side *a = &look->side[half], *b = &made->side[half];

		assert_memory_equal(&a->amount[COVER_SHORT], &b->amount[COVER_SHORT],
				    sizeof(a->amount[0]));
		assert_memory_equal(&a->amount[COVER_TOTAL], &b->amount[COVER_TOTAL],
				    sizeof(a->amount[0]));
	}
	assert_int_equal(look->first_ns, made->first_ns);
	assert_int_equal(look->flows, made->flows);
}

static void check_first_look(struct scene *scene, enum grouping grouping)
{
	const struct wish wish = { grouping, DIRECTION_BOTH };
	struct snapshot *look = stage_first_look(scene->stage, wish);
	size_t found = 0;

	assert_non_null(look);
	scene_group(scene, grouping, DIRECTION_BOTH);
	assert_int_equal(look->row_count, scene->snapshot->row_count);
	assert_int_equal(look->flows, scene->snapshot->flows);
	for (size_t i = 0; i < look->row_count; i++) {
		for (size_t j = 0; j < look->row_count; j++) {
			if (memcmp(&look->rows[i].key, &scene->snapshot->rows[j].key,
				   sizeof(look->rows[i].key)))
				continue;
			compare_row(&look->rows[i], &scene->snapshot->rows[j]);
			found++;
		}
	}
	assert_int_equal(found, look->row_count);
	snapshot_free(look);
}

/* Also where panes are not kept any more, of which totals are all the same. */
static void a_first_look_tells_what_the_rows_will(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < 200; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 10 + pane);
		scene_count(&scene, scene_reply(1, 1000), 100);
		scene_count(&scene, scene_flow((uint32_t)pane % 50, (uint16_t)(2000 + pane)), 7);
		scene_end_pane(&scene, pane);
	}
	for (int grouping = 0; grouping < GROUPING_COUNT; grouping++)
		check_first_look(&scene, (enum grouping)grouping);
	scene_end(&scene);
}

static void count_resets(struct scene *scene, struct flow_slot slot, uint32_t resets)
{
	struct flow_record record = { .slot = slot };
	const struct flow_slot *records = &record.slot;

	record.slot.bytes = 60;
	record.slot.packets = 1;
	record.extra.resets = resets;
	assert_int_equal(engine_merge(scene->engine, &records, 1), 0);
}

/* Of ten panes in its column, by side and of the whole time in its history. */
static void measures_that_are_asked_for_are_of_rows_too(void **state)
{
	const struct row_extra *extra;
	struct scene scene;

	(void)state;
	scene_start(&scene);
	engine_destroy(scene.engine);
	stage_destroy(scene.stage);
	scene.options.extra_sets = 1u << EXTRA_TCP;
	scene_start_engines(&scene);
	for (uint64_t pane = 0; pane < 20; pane++) {
		count_resets(&scene, scene_flow(1, 1000), 1);
		count_resets(&scene, scene_reply(1, 1000), 2);
		scene_end_pane(&scene, pane);
	}
	scene_arrange(&scene);
	scene.view.extra = EXTRA_resets;
	assert_int_equal(row_extra(&scene.view, row_of_host(&scene, 1)), 30);
	extra = &scene.snapshot->extras[row_of_host(&scene, 1) - scene.snapshot->rows];
	assert_int_equal(extra->side[HALF_FORWARD].resets, 20);
	assert_int_equal(extra->side[HALF_REVERSE].resets, 40);
	scene_group(&scene, GROUPING_SERVICES, DIRECTION_BOTH);
	assert_int_equal(row_extra(&scene.view, &scene.snapshot->rows[0]), 30);
	assert_int_equal(scene.snapshot->extras[0].side[HALF_REVERSE].resets, 40);
	scene_end(&scene);
}

/* What goes on is added to what was there, and is what a look at all panes tells. */
static void a_history_goes_on_as_if_made_anew(void **state)
{
	struct row_history kept = { .newest = 0 }, anew = { .newest = 0 };
	struct scene scene;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < HISTORY_PANES + 10; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 10 + pane);
		scene_end_pane(&scene, pane);
		if (pane % 7)
			continue;
		scene_arrange(&scene);
		snapshot_history(scene.snapshot, &row_of_host(&scene, 1)->key, &kept);
	}
	scene_arrange(&scene);
	snapshot_history(scene.snapshot, &row_of_host(&scene, 1)->key, &kept);
	snapshot_history(scene.snapshot, &row_of_host(&scene, 1)->key, &anew);
	assert_memory_equal(&kept.history, &anew.history, sizeof(anew.history));
	assert_int_equal(kept.history.since, 11);
	assert_true(history_average(&kept.history, &scene.snapshot->clock, 901, 10).bytes ==
		    10 + 904.5);
	scene_end(&scene);
}

static void a_long_run_keeps_few_panes(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene);
	for (uint64_t pane = 0; pane < HISTORY_PANES + 100; pane++) {
		scene_count(&scene, scene_flow(1, 1000), 10);
		scene_end_pane(&scene, pane);
	}
	scene_arrange(&scene);
	assert_int_equal(scene.snapshot->clock.number, HISTORY_PANES + 100);
	assert_int_equal(scene.snapshot->pane_count, HISTORY_PANES);
	assert_int_equal(scene.snapshot->rows[0].side[0].amount[COVER_LONG].packets, 40);
	scene_end(&scene);
}

/* More packets than a slot has bits for, as in a pane of hours. */
static void packets_past_32_bits_are_all_counted(void **state)
{
	struct flow_slot slot = scene_flow(1, 1000);
	const struct flow_slot *record = &slot;
	struct scene scene;

	(void)state;
	slot.packets = UINT32_MAX;
	slot.bytes = 60ull * UINT32_MAX;
	scene_start(&scene);
	for (int i = 0; i < 3; i++)
		assert_int_equal(engine_merge(scene.engine, &record, 1), 0);
	scene_end_pane(&scene, 0);
	scene_arrange(&scene);
	assert_int_equal(row_amount(view_row(&scene.view, 0), COVER_TOTAL).packets,
			 3ull * UINT32_MAX);
	assert_int_equal(row_amount(view_row(&scene.view, 0), COVER_TOTAL).bytes,
			 180ull * UINT32_MAX);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_all_windows),
		cmocka_unit_test(both_directions_are_one_row),
		cmocka_unit_test(the_maximum_of_a_group_is_that_of_its_sum),
		cmocka_unit_test(a_host_has_what_it_sent_and_received),
		cmocka_unit_test(services_have_no_ephemeral_ports),
		cmocka_unit_test(what_left_its_windows_stays_in_the_total),
		cmocka_unit_test(totals_outlive_the_panes_that_are_kept),
		cmocka_unit_test(protocols_are_one_row_for_both_families),
		cmocka_unit_test(one_direction_can_be_asked_for),
		cmocka_unit_test(a_port_scan_is_many_flows_of_one_host),
		cmocka_unit_test(a_coarse_group_by_leaves_only_what_it_can_tell),
		cmocka_unit_test(a_history_has_each_pane_of_a_row),
		cmocka_unit_test(a_first_look_tells_what_the_rows_will),
		cmocka_unit_test(measures_that_are_asked_for_are_of_rows_too),
		cmocka_unit_test(a_history_goes_on_as_if_made_anew),
		cmocka_unit_test(a_long_run_keeps_few_panes),
		cmocka_unit_test(packets_past_32_bits_are_all_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
