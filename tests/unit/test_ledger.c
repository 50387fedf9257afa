/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of the interfaces: a window gets what its panes told, no more and no less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "../../user/engine/ledger.h"

#define SECOND 1000000000ull
#define LINKS  2

/* Panes of a second, one after the other. */
struct scene {
	struct ledger *ledger;
	struct pane_link links[LINKS];
	struct pane pane;
};

static void scene_open(struct scene *scene, uint64_t window_panes)
{
	*scene = (struct scene){ .ledger = ledger_create(window_panes) };
	assert_non_null(scene->ledger);
	scene->links[0] = (struct pane_link){ .name = "eth0", .has_seen = true };
	scene->links[1] = (struct pane_link){ .name = "eth1" };
	scene->pane = (struct pane){ .begin_ns = 100 * SECOND, .end_ns = 100 * SECOND,
				     .links = scene->links, .link_count = LINKS };
}

/* The next pane, in which the first link received so many packets of 100 bytes. */
static void pass(struct scene *scene, uint64_t packets)
{
	scene->links[0].counts.rx = (struct tally){ packets, 100 * packets };
	scene->links[0].counts.seen_in = scene->links[0].counts.rx;
	scene->pane.begin_ns = scene->pane.end_ns;
	scene->pane.end_ns += SECOND;
	assert_int_equal(ledger_add(scene->ledger, &scene->pane), 0);
}

/* The window of the last so many panes. */
static struct window_result told(struct scene *scene, uint64_t panes)
{
	struct window_result result = { .start_ns = scene->pane.end_ns - panes * SECOND,
					.end_ns = scene->pane.end_ns, .complete = true };

	ledger_tell(scene->ledger, &result);
	return result;
}

static void a_window_has_the_sum_of_its_panes(void **state)
{
	struct window_result result;
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	for (uint64_t i = 1; i <= 200; i++) {
		pass(&scene, i);
		result = told(&scene, 1);
		assert_int_equal(result.links[0].counts.rx.packets, i);
		if (i < 10)
			continue;
		result = told(&scene, 10);
		assert_int_equal(result.links[0].counts.rx.packets, 10 * i - 45);
		assert_int_equal(result.links[0].counts.seen_in.bytes, 100 * (10 * i - 45));
	}
	assert_int_equal(result.link_count, LINKS);
	assert_string_equal(result.links[1].name, "eth1");
	ledger_destroy(scene.ledger);
}

static void a_window_since_the_start_has_all_panes(void **state)
{
	struct window_result result;
	struct scene scene;

	(void)state;
	scene_open(&scene, 50);
	for (int i = 0; i < 50; i++)
		pass(&scene, 3);
	result = told(&scene, 50);
	assert_int_equal(result.links[0].counts.rx.packets, 150);
	ledger_destroy(scene.ledger);
}

static void a_window_that_ended_before_the_last_pane_is_told_apart(void **state)
{
	struct window_result result = { .start_ns = 101 * SECOND, .end_ns = 103 * SECOND };
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	for (uint64_t i = 1; i <= 5; i++)
		pass(&scene, i);
	ledger_tell(scene.ledger, &result);
	assert_int_equal(result.links[0].counts.rx.packets, 2 + 3);
	ledger_destroy(scene.ledger);
}

static void only_the_window_in_which_an_interface_went_is_incomplete(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	pass(&scene, 1);
	assert_true(told(&scene, 1).complete);
	scene.links[1].is_cut = scene.links[1].is_gone = true;
	pass(&scene, 1);
	assert_false(told(&scene, 1).complete);
	assert_int_equal(told(&scene, 1).link_count, 2);
	scene.links[1].is_cut = false;
	pass(&scene, 1);
	assert_true(told(&scene, 1).complete);
	assert_int_equal(told(&scene, 1).link_count, 1);
	assert_false(told(&scene, 2).complete);
	assert_int_equal(told(&scene, 2).link_count, 2);
	ledger_destroy(scene.ledger);
}

static void the_window_in_which_an_interface_came_back_names_it(void **state)
{
	const unsigned int away = 1u << LINK_DIFFERS_AWAY;
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	scene.links[0].has_seen = scene.links[1].has_seen = scene.links[1].is_gone = true;
	pass(&scene, 1);
	scene.links[1].is_gone = false;
	scene.links[1].is_cut = true;
	pass(&scene, 1);
	assert_false(told(&scene, 1).complete);
	assert_true(told(&scene, 1).links[1].differences & away);
	assert_false(told(&scene, 1).links[0].differences & away);
	scene.links[1].is_cut = false;
	pass(&scene, 1);
	assert_true(told(&scene, 1).complete);
	assert_int_equal(told(&scene, 1).link_count, 2);
	assert_false(told(&scene, 1).links[1].differences & away);
	ledger_destroy(scene.ledger);
}

static void a_name_is_the_one_at_the_end(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	pass(&scene, 1);
	scene.links[0].name = "wan";
	pass(&scene, 1);
	assert_string_equal(told(&scene, 2).links[0].name, "wan");
	ledger_destroy(scene.ledger);
}

static void who_stood_before_weir_belongs_to_the_windows_of_that_time(void **state)
{
	const char *texts[] = { "prog 1", "prog 2" };
	struct window_result result;
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	scene.pane.ahead = texts;
	pass(&scene, 1);
	assert_int_equal(told(&scene, 1).ahead_count, 0);
	scene.pane.ahead_count = 1;
	pass(&scene, 1);
	pass(&scene, 1);
	scene.pane.ahead_count = 0;
	pass(&scene, 1);
	assert_int_equal(told(&scene, 1).ahead_count, 0);
	result = told(&scene, 2);
	assert_int_equal(result.ahead_count, 1);
	assert_string_equal(result.ahead[0], "prog 1");
	scene.pane.ahead_count = 2;
	pass(&scene, 1);
	assert_int_equal(told(&scene, 1).ahead_count, 2);
	ledger_destroy(scene.ledger);
}

static void of_many_who_stood_there_the_latest_are_kept(void **state)
{
	char text[32];
	const char *texts[] = { text };
	struct window_result result;
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	scene.pane.ahead = texts;
	scene.pane.ahead_count = 1;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "prog %d", i);
		pass(&scene, 1);
	}
	result = told(&scene, 1);
	assert_int_equal(result.ahead_count, 1);
	assert_string_equal(result.ahead[0], "prog 99");
	assert_int_equal(told(&scene, 10).ahead_count, 10);
	ledger_destroy(scene.ledger);
}

static void expect_differences(struct scene *scene, struct link_counts counts,
			       unsigned int differences)
{
	scene->links[0].counts = counts;
	scene->pane.begin_ns = scene->pane.end_ns;
	scene->pane.end_ns += SECOND;
	assert_int_equal(ledger_add(scene->ledger, &scene->pane), 0);
	assert_int_equal(told(scene, 1).links[0].differences, differences);
}

static void a_cause_is_named_only_where_the_counts_differ(void **state)
{
	const unsigned int ethernet = 1u << LINK_DIFFERS_ETHERNET, ahead = 1u << LINK_DIFFERS_AHEAD;
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	scene.links[0].differences = ethernet | 1u << LINK_DIFFERS_DIRECTION;
	expect_differences(&scene,
			   (struct link_counts){ { 1, 60 }, { 1, 60 }, { 1, 60 }, { 1, 60 } }, 0);
	expect_differences(&scene,
			   (struct link_counts){ { 1, 46 }, { 1, 60 }, { 1, 60 }, { 1, 60 } },
			   ethernet);
	expect_differences(&scene,
			   (struct link_counts){ { 1, 46 }, { 1, 60 }, { 1, 60 }, { 0, 0 } },
			   ethernet | 1u << LINK_DIFFERS_DIRECTION);
	scene.links[0].differences = ahead;
	expect_differences(&scene,
			   (struct link_counts){ { 5, 50 }, { 0, 0 }, { 1, 10 }, { 0, 0 } }, ahead);
	ledger_destroy(scene.ledger);
}

static void a_source_that_does_not_tell_leaves_results_as_they_are(void **state)
{
	struct window_result result;
	struct scene scene;

	(void)state;
	scene_open(&scene, 10);
	scene.pane.links = NULL;
	pass(&scene, 1);
	result = told(&scene, 1);
	assert_null(result.links);
	assert_true(result.complete);
	ledger_destroy(scene.ledger);
	ledger_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_has_the_sum_of_its_panes),
		cmocka_unit_test(a_window_since_the_start_has_all_panes),
		cmocka_unit_test(a_window_that_ended_before_the_last_pane_is_told_apart),
		cmocka_unit_test(only_the_window_in_which_an_interface_went_is_incomplete),
		cmocka_unit_test(the_window_in_which_an_interface_came_back_names_it),
		cmocka_unit_test(a_name_is_the_one_at_the_end),
		cmocka_unit_test(who_stood_before_weir_belongs_to_the_windows_of_that_time),
		cmocka_unit_test(of_many_who_stood_there_the_latest_are_kept),
		cmocka_unit_test(a_cause_is_named_only_where_the_counts_differ),
		cmocka_unit_test(a_source_that_does_not_tell_leaves_results_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
