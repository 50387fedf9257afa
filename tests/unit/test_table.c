/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json_scene.h"

static const char *write_table(struct scene *scene)
{
	const struct encoding encoding = { &scene->context, &scene->result,
					   &scene->transmission };

	text_fini(&scene->text);
	assert_int_equal(text_encoder.encode(&scene->text, &encoding), 0);
	return text_end(&scene->text);
}

static void table_tells_window_flows_and_accounting(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_string_equal(write_table(&scene),
		"2025-11-22 08:26:40 to 2025-11-22 08:26:50 UTC, sliding, 10 s\n"
		"  SOURCE          DESTINATION   PROTO  WAY  PACKETS    BYTES    AVERAGE        MAX\n"
		"  10.0.0.1:40000  10.0.0.2:443  tcp    in        30  15.0 kB  12.0 kb/s  24.0 kb/s\n"
		"  all flows   30 packets, 15.0 kB, 1 flows in 10 panes\n"
		"  accounting  31 packets seen: 30 flow, 0 filtered, 1 malformed, 0 unattributed\n"
		"\n");
	text_fini(&scene.text);
}

static void columns_that_tell_nothing_are_left_out(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	memset(scene.group.field, 0, sizeof(scene.group.field));
	scene.group.field[GROUP_DST_PORT] = true;
	assert_has(write_table(&scene), "\n  DESTINATION  PACKETS    BYTES    AVERAGE        MAX\n"
					"  :443              30  15.0 kB  12.0 kb/s  24.0 kb/s\n");
	text_fini(&scene.text);
}

static void interface_is_told_where_there_are_several_and_escaped(void **state)
{
	static const char *const names[] = { "eth0", "b\033]0" };
	static const char *const links[FLOW_LINKS_MAX] = { "b\033]0" };
	struct scene scene;
	const char *text;

	(void)state;
	scene_init(&scene);
	assert_lacks(write_table(&scene), "INTERFACE");
	scene.context.source_names = names;
	scene.context.source_name_count = 2;
	scene.context.link_names = links;
	text = write_table(&scene);
	assert_has(text, "INTERFACE");
	assert_has(text, "b\\x1b]0");
	assert_lacks(text, "\033");
	text_fini(&scene.text);
}

static void what_came_back_has_columns_of_its_own(void **state)
{
	struct flow_result reverse;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	reverse = scene.flow;
	reverse.bytes = 7000;
	scene.result.reverses = &reverse;
	assert_has(write_table(&scene), "        MAX    BACK   AVERAGE\n");
	assert_has(write_table(&scene), "  24.0 kb/s  7.0 kB  5.6 kb/s\n");
	reverse.packets = 0;
	assert_has(write_table(&scene), "        MAX  BACK  AVERAGE\n");
	text_fini(&scene.text);
}

static void flows_left_out_and_a_cut_window_are_said(void **state)
{
	struct scene scene;
	const char *text;

	(void)state;
	scene_init(&scene);
	scene.result.flows_omitted = 7;
	scene.result.complete = false;
	text = write_table(&scene);
	assert_has(text, "  and 7 smaller flows\n");
	assert_has(text, "10 s, not complete\n");
	text_fini(&scene.text);
}

static void window_without_flows_has_no_headings(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.flow_count = 0;
	assert_lacks(write_table(&scene), "PACKETS");
	text_fini(&scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_tells_window_flows_and_accounting),
		cmocka_unit_test(columns_that_tell_nothing_are_left_out),
		cmocka_unit_test(interface_is_told_where_there_are_several_and_escaped),
		cmocka_unit_test(what_came_back_has_columns_of_its_own),
		cmocka_unit_test(flows_left_out_and_a_cut_window_are_said),
		cmocka_unit_test(window_without_flows_has_no_headings),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
