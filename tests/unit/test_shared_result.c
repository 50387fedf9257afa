/* SPDX-License-Identifier: BSD-2-Clause */
/* A result that outputs hold stays what it was, whatever becomes of what it was made from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json_scene.h"
#include "../../user/outputs/shared_result.h"

static struct shared_result *shared_of(const struct scene *scene, struct shared_context **strings)
{
	struct shared_result *shared = shared_result_create(&scene->context, &scene->result,
							    strings);

	assert_non_null(shared);
	return shared;
}

static void interfaces_and_who_stood_before_weir_are_copied(void **state)
{
	struct result_link links[2] = { { .name = "eth0", .has_seen = true }, { .name = "eth1" } };
	char text[] = "prog 12 at tcx-ingress of eth0";
	const char *ahead[] = { text };
	struct shared_context *strings = NULL;
	struct shared_result *shared;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	links[1].counts.rx.packets = 5;
	scene.result.links = links;
	scene.result.link_count = 2;
	scene.result.ahead = ahead;
	scene.result.ahead_count = 1;
	shared = shared_of(&scene, &strings);
	memset(links, 0, sizeof(links));
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(shared->result.links[0].name, "eth0");
	assert_int_equal(shared->result.links[1].counts.rx.packets, 5);
	assert_string_equal(shared->result.ahead[0], "prog 12 at tcx-ingress of eth0");
	assert_int_equal(shared->result.flows[0].packets, 30);
	assert_int_equal(shared->bytes, shared_result_bytes(&scene.result));
	shared_result_destroy(shared);
	shared_context_release(strings);
	text_fini(&scene.text);
}

/* Extra measures are found by flows that are in another order, and by what came back. */
static void both_ways_and_their_extra_measures_are_copied(void **state)
{
	struct extra_sum extras[3] = { { .resets = 1 }, { .resets = 2 }, { .resets = 3 } };
	struct shared_context *strings = NULL;
	struct flow_result reverse;
	struct shared_result *shared;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	reverse = scene.flow;
	reverse.packets = 9;
	reverse.extra = 1;
	scene.flow.extra = 2;
	scene.result.extras = extras;
	scene.result.reverses = &reverse;
	shared = shared_of(&scene, &strings);
	memset(extras, 0, sizeof(extras));
	reverse.packets = 0;
	assert_int_equal(shared->result.flows[0].packets, 30);
	assert_int_equal(shared->result.extras[shared->result.flows[0].extra].resets, 3);
	assert_int_equal(shared->result.reverses[0].packets, 9);
	assert_int_equal(shared->result.extras[shared->result.reverses[0].extra].resets, 2);
	assert_int_equal(shared->bytes, shared_result_bytes(&scene.result));
	shared_result_destroy(shared);
	shared_context_release(strings);
	text_fini(&scene.text);
}

static void what_a_source_does_not_tell_stays_untold(void **state)
{
	struct shared_context *strings = NULL;
	struct shared_result *shared;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	shared = shared_of(&scene, &strings);
	assert_null(shared->result.links);
	assert_null(shared->result.ahead);
	shared_result_destroy(shared);
	shared_context_release(strings);
	text_fini(&scene.text);
}

static void a_name_that_changes_is_that_of_later_results_only(void **state)
{
	char name[] = "near";
	const char *names[FLOW_LINKS_MAX] = { name };
	struct shared_context *strings = NULL;
	struct shared_result *before, *after;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.context.link_names = names;
	before = shared_of(&scene, &strings);
	strcpy(name, "wan");
	after = shared_of(&scene, &strings);
	assert_string_equal(before->context.link_names[0], "near");
	assert_string_equal(after->context.link_names[0], "wan");
	shared_result_destroy(before);
	shared_result_destroy(after);
	shared_context_release(strings);
	text_fini(&scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_and_who_stood_before_weir_are_copied),
		cmocka_unit_test(both_ways_and_their_extra_measures_are_copied),
		cmocka_unit_test(what_a_source_does_not_tell_stays_untold),
		cmocka_unit_test(a_name_that_changes_is_that_of_later_results_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
