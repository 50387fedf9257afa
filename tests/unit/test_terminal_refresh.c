/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "../../user/base/clock.h"
#include "../terminal_scene.h"

#define FLOWS    100000
#define PANES    3
#define GOAL_NS  30000000u /* of a refresh, in the best of several tries: machines are shared */
#define KEY_GOAL_NS 50000000u
#define TRIES    7

struct fixture {
	struct scene scene;
	struct canvas canvas;
	struct screen screen;
};

static void scene_fill(struct scene *scene)
{
	for (uint64_t pane = 0; pane < PANES; pane++) {
		for (uint32_t host = 0; host < FLOWS; host++) {
			uint64_t mixed = (host * 2654435761u + pane * 40503u) & 0xffff;

			scene_count(scene, scene_flow(host % 5000, (uint16_t)(host / 5000 + 1024)),
				    60 + mixed);
		}
		scene_end_pane(scene, pane);
	}
}

static int fixture_start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	*state = fixture;
	scene_start(&fixture->scene);
	scene_fill(&fixture->scene);
	scene_arrange(&fixture->scene);
	fixture->canvas.utf8 = true;
	assert_int_equal(canvas_resize(&fixture->canvas, 200, 50), 0);
	fixture->screen = (struct screen){ .view = &fixture->scene.view, .is_live = true,
					   .options = &fixture->scene.options };
	return 0;
}

static int fixture_end(void **state)
{
	struct fixture *fixture = *state;

	canvas_fini(&fixture->canvas);
	scene_end(&fixture->scene);
	free(fixture);
	return 0;
}

/* What the thread does that draws. */
static uint64_t refresh_ns(struct fixture *fixture)
{
	uint64_t begin_ns = clock_monotonic_ns();

	view_arrange(&fixture->scene.view, fixture->scene.snapshot);
	screen_draw(&fixture->screen, &fixture->canvas);
	return clock_monotonic_ns() - begin_ns;
}

static void check_refresh(struct fixture *fixture, const char *what, size_t rows)
{
	uint64_t best_ns = UINT64_MAX;

	fixture->screen.snapshot = fixture->scene.snapshot;
	for (int i = 0; i < TRIES; i++) {
		uint64_t ns = refresh_ns(fixture);

		best_ns = ns < best_ns ? ns : best_ns;
	}
	print_message("%s of %d flows: %.1f ms\n", what, FLOWS, (double)best_ns / 1e6);
	assert_int_equal(fixture->scene.view.shown, rows);
#ifndef __SANITIZE_ADDRESS__
	assert_true(best_ns < GOAL_NS);
#endif
}

static void a_refresh_is_quick(void **state)
{
	check_refresh(*state, "sorting", FLOWS);
}

static void a_refresh_of_groups_is_quick(void **state)
{
	struct fixture *fixture = *state;

	scene_group(&fixture->scene, GROUPING_HOSTS, DIRECTION_BOTH);
	check_refresh(fixture, "grouping", 5001);
}

static void a_refresh_of_a_search_is_quick(void **state)
{
	struct fixture *fixture = *state;

	strcpy(fixture->scene.view.search, ":1030");
	check_refresh(fixture, "searching", 5000);
}

/* From the key to the screen: both threads, one after the other. */
static uint64_t look_ns(struct fixture *fixture, enum grouping grouping)
{
	struct scene *scene = &fixture->scene;
	uint64_t begin_ns = clock_monotonic_ns();

	scene->view.wish = (struct wish){ grouping, DIRECTION_BOTH };
	snapshot_free(scene->snapshot);
	scene->snapshot = stage_first_look(scene->stage, scene->view.wish);
	assert_non_null(scene->snapshot);
	fixture->screen.snapshot = scene->snapshot;
	refresh_ns(fixture);
	return clock_monotonic_ns() - begin_ns;
}

static void check_first_look(struct fixture *fixture, enum grouping grouping)
{
	uint64_t best_ns = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t ns = look_ns(fixture, grouping);

		best_ns = ns < best_ns ? ns : best_ns;
	}
	print_message("%s of %d flows, from the key to the screen: %.1f ms\n",
		      grouping_name(grouping), FLOWS, (double)best_ns / 1e6);
#ifndef __SANITIZE_ADDRESS__
	assert_true(best_ns < KEY_GOAL_NS);
#endif
}

/* What the thread does that has the stage: nobody waits for it but who looks. */
static void other_rows_are_there_at_once(void **state)
{
	static const enum grouping groupings[] = { GROUPING_HOSTS, GROUPING_SERVICES,
						   GROUPING_FLOWS, GROUPING_CONVERSATIONS };
	struct fixture *fixture = *state;
	uint64_t begin_ns;

	begin_ns = clock_monotonic_ns();
	snapshot_free(stage_snapshot(fixture->scene.stage));
	print_message("a snapshot: %.1f ms\n", (double)(clock_monotonic_ns() - begin_ns) / 1e6);
	for (size_t i = 0; i < sizeof(groupings) / sizeof(groupings[0]); i++) {
		uint64_t ns;

		check_first_look(fixture, groupings[i]);
		begin_ns = clock_monotonic_ns();
		scene_group(&fixture->scene, groupings[i], DIRECTION_BOTH);
		ns = clock_monotonic_ns() - begin_ns;
		print_message("%s of %d flows in %d panes: %.1f ms\n",
			      grouping_name(groupings[i]), FLOWS, PANES, (double)ns / 1e6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_refresh_is_quick, fixture_start, fixture_end),
		cmocka_unit_test_setup_teardown(a_refresh_of_groups_is_quick, fixture_start,
						fixture_end),
		cmocka_unit_test_setup_teardown(a_refresh_of_a_search_is_quick, fixture_start,
						fixture_end),
		cmocka_unit_test_setup_teardown(other_rows_are_there_at_once, fixture_start,
						fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
