/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json_scene.h"
#include "../../user/outputs/excess.h"

/* 15000 bytes and 30 packets in 10 s. */
static bool exceeds(struct scene *scene, double value, bool is_packets, char *text)
{
	const struct encoding encoding = { .context = &scene->context, .result = &scene->result };
	const struct rate_limit limit = { value, is_packets };

	return excess_find(&encoding, &limit, text);
}

static void the_row_is_named_with_its_rate(void **state)
{
	char text[EXCESS_TEXT_MAX];
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_true(exceeds(&scene, 11999, false, text));
	assert_string_equal(text, "src 10.0.0.1, dst 10.0.0.2, src_port 40000, dst_port 443, "
				  "proto tcp, direction in, interface eth0: "
				  "12000 bit/s over 10.0 s");
	assert_true(exceeds(&scene, 2, true, text));
	assert_non_null(strstr(text, ": 3 packets a second over 10.0 s"));
	text_fini(&scene.text);
}

static void what_is_just_reached_is_not_exceeded(void **state)
{
	char text[EXCESS_TEXT_MAX];
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_false(exceeds(&scene, 12000, false, text));
	assert_false(exceeds(&scene, 3, true, text));
	text_fini(&scene.text);
}

static void the_highest_row_is_named_whatever_the_order(void **state)
{
	char text[EXCESS_TEXT_MAX];
	struct flow_result flows[3];
	struct scene scene;

	(void)state;
	scene_init(&scene);
	for (int i = 0; i < 3; i++) {
		flows[i] = scene.flow;
		flows[i].key.dst_port = htons((uint16_t)(80 + i));
	}
	flows[1].packets = 300;
	scene.result.flows = flows;
	scene.result.flow_count = 3;
	assert_true(exceeds(&scene, 1, true, text));
	assert_non_null(strstr(text, "dst_port 81, "));
	text_fini(&scene.text);
}

static void both_ways_of_a_conversation_count(void **state)
{
	char text[EXCESS_TEXT_MAX];
	struct flow_result reverse;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	reverse = scene.flow;
	scene.result.reverses = &reverse;
	assert_true(exceeds(&scene, 23999, false, text));
	assert_false(exceeds(&scene, 24000, false, text));
	text_fini(&scene.text);
}

static void a_row_without_fields_is_all_there_is(void **state)
{
	char text[EXCESS_TEXT_MAX];
	struct scene scene;

	(void)state;
	scene_init(&scene);
	memset(scene.group.field, 0, sizeof(scene.group.field));
	assert_true(exceeds(&scene, 1, false, text));
	assert_string_equal(text, "12000 bit/s over 10.0 s");
	text_fini(&scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_row_is_named_with_its_rate),
		cmocka_unit_test(what_is_just_reached_is_not_exceeded),
		cmocka_unit_test(the_highest_row_is_named_whatever_the_order),
		cmocka_unit_test(both_ways_of_a_conversation_count),
		cmocka_unit_test(a_row_without_fields_is_all_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
