/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../user/sources/pane_clock.h"

#define SECOND 1000000000ull
#define EPOCH  1763800000ll /* seconds since 1970, at 0 of the monotonic clock */

struct scene {
	struct pane_clock clock;
	struct pane pane;
};

static void start(struct scene *scene, bool is_aligned, uint64_t now_ns, int64_t offset_ns)
{
	const struct pane_moment moment = { now_ns, offset_ns };

	*scene = (struct scene){ .clock = { .set_fd = -1 } };
	scene->clock.config = (struct pane_clock_config){ .pane_ns = SECOND,
							  .is_aligned = is_aligned };
	pane_clock_start(&scene->clock, &moment);
}

static void turn(struct scene *scene, uint64_t now_ns, int64_t offset_ns)
{
	const struct pane_moment moment = { now_ns, offset_ns };

	scene->pane = (struct pane){ 0 };
	pane_clock_turn(&scene->clock, &moment, &scene->pane);
}

static void aligned_panes_end_at_whole_seconds_of_the_wall_clock(void **state)
{
	int64_t offset_ns = EPOCH * (int64_t)SECOND + 250000000;
	struct scene scene;

	(void)state;
	start(&scene, true, 5 * SECOND, offset_ns);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 5 * SECOND + 750000000);
	turn(&scene, 5 * SECOND + 750000000, offset_ns);
	assert_int_equal(scene.pane.index, EPOCH + 5);
	assert_int_equal(scene.pane.begin_ns, 5 * SECOND);
	assert_int_equal(scene.pane.since_place_ns, 250000000);
	assert_int_equal(scene.pane.clock_offset_ns, offset_ns);
	turn(&scene, 6 * SECOND + 751000000, offset_ns);
	assert_int_equal(scene.pane.index, EPOCH + 6);
	assert_int_equal(scene.pane.since_place_ns, 0);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 7 * SECOND + 750000000);
}

static void other_panes_count_from_the_start(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene, false, 5 * SECOND + 1, EPOCH * (int64_t)SECOND);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 6 * SECOND + 1);
	turn(&scene, 6 * SECOND + 1, EPOCH * (int64_t)SECOND);
	assert_int_equal(scene.pane.index, 0);
	assert_int_equal(scene.pane.since_place_ns, 0);
}

static void a_pane_that_is_late_skips_places_and_the_grid_stays(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene, false, 5 * SECOND, 0);
	turn(&scene, 8 * SECOND + 400000000, 0);
	assert_int_equal(scene.pane.index, 0);
	assert_int_equal(scene.pane.end_ns, 8 * SECOND + 400000000);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 9 * SECOND);
	turn(&scene, 9 * SECOND, 0);
	assert_int_equal(scene.pane.index, 3);
}

static void a_pane_that_ends_a_little_early_has_the_next_place_after_it(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene, false, 5 * SECOND, 0);
	turn(&scene, 6 * SECOND - 1000, 0);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 7 * SECOND);
	turn(&scene, 7 * SECOND, 0);
	assert_int_equal(scene.pane.index, 1);
	assert_int_equal(scene.pane.since_place_ns, 0);
}

/* Set back by an hour and a quarter of a second: the pane before keeps the time it began with. */
static void where_the_clock_is_set_the_grid_is_found_again(void **state)
{
	int64_t offset_ns = EPOCH * (int64_t)SECOND;
	int64_t later_ns = offset_ns - 3600 * (int64_t)SECOND - 250000000;
	struct scene scene;

	(void)state;
	start(&scene, true, 5 * SECOND, offset_ns);
	turn(&scene, 5 * SECOND + 300000000, later_ns);
	assert_true(scene.pane.ends_grid);
	assert_int_equal(scene.pane.clock_offset_ns, offset_ns);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 6 * SECOND + 250000000);
	turn(&scene, 6 * SECOND + 250000000, later_ns);
	assert_false(scene.pane.ends_grid);
	assert_int_equal(scene.pane.index, EPOCH - 3600 + 5);
	assert_int_equal(scene.pane.since_place_ns, 50000000);
	assert_int_equal(scene.pane.clock_offset_ns, later_ns);
}

/* Both clocks are read one after the other, and slewed alike. */
static void jitter_of_the_clocks_moves_nothing(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene, true, 5 * SECOND, 0);
	turn(&scene, 6 * SECOND, 400000);
	assert_false(scene.pane.ends_grid);
	turn(&scene, 7 * SECOND, -300000);
	assert_false(scene.pane.ends_grid);
	assert_int_equal(scene.pane.index, 6);
	assert_int_equal(scene.pane.clock_offset_ns, 0);
}

static void the_run_ends_within_a_pane(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene, true, 5 * SECOND, 200000000);
	scene.clock.config.duration_ns = SECOND + 300000000;
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 5 * SECOND + 800000000);
	turn(&scene, 5 * SECOND + 800000000, 200000000);
	assert_int_equal(pane_clock_deadline_ns(&scene.clock), 6 * SECOND + 300000000);
	assert_false(pane_clock_is_over(&scene.clock, 6 * SECOND + 299999999));
	assert_true(pane_clock_is_over(&scene.clock, 6 * SECOND + 300000000));
}

static void a_clock_that_nobody_sets_does_not_wake_the_source(void **state)
{
	const struct pane_clock_config config = { .pane_ns = SECOND };
	struct pane_clock clock;

	(void)state;
	pane_clock_open(&clock, &config);
	assert_true(clock.set_fd >= 0);
	assert_false(pane_clock_was_set(&clock));
	pane_clock_close(&clock);
	assert_int_equal(clock.set_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_panes_end_at_whole_seconds_of_the_wall_clock),
		cmocka_unit_test(other_panes_count_from_the_start),
		cmocka_unit_test(a_pane_that_is_late_skips_places_and_the_grid_stays),
		cmocka_unit_test(a_pane_that_ends_a_little_early_has_the_next_place_after_it),
		cmocka_unit_test(where_the_clock_is_set_the_grid_is_found_again),
		cmocka_unit_test(jitter_of_the_clocks_moves_nothing),
		cmocka_unit_test(the_run_ends_within_a_pane),
		cmocka_unit_test(a_clock_that_nobody_sets_does_not_wake_the_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
