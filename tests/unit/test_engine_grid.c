/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_scene.h"

static int pane_between(struct run *run, uint64_t index, uint64_t begin_ns, uint64_t end_ns)
{
	struct pane pane = { .index = index, .begin_ns = begin_ns, .end_ns = end_ns };

	return engine_end_pane(run->engine, &pane);
}

/* The first pane began within its place on the grid: 1970 and some seconds. */
static void live_windows_lie_on_the_grid_and_the_first_is_cut(void **state)
{
	struct run run = { .specs = { tumbling(4), sliding(4, 2) } };
	struct pane pane = { .index = 1005, .begin_ns = 5 * SECOND / 4, .end_ns = 2 * SECOND,
			     .since_place_ns = SECOND / 4 };

	(void)state;
	run_start(&run, (struct engine_config){ .window_count = 2, .is_aligned = true });
	engine_end_pane(run.engine, &pane);
	for (uint64_t i = 2; i < 9; i++)
		pane_between(&run, 1004 + i, i * SECOND, (i + 1) * SECOND);
	/* 1006, 1008 and 1010 end sliding windows, 1008 and 1012 tumbling ones. */
	assert_int_equal(run.count, 6);
	for (unsigned int i = 0; i < run.count; i++) {
		const struct window_result *result = &run.kept[i].result;

		assert_true(result->is_aligned);
		assert_int_equal((result->nominal_start_ns + 1004 * SECOND) %
				 result->spec->slide_ns, 0);
		assert_int_equal(result->complete,
				 (int64_t)result->nominal_start_ns >= (int64_t)(2 * SECOND));
	}
	assert_int_equal(run.kept[0].result.window_number, 1);
	assert_int_equal(run.kept[0].result.start_ns, 5 * SECOND / 4);
	assert_int_equal(run.kept[0].result.end_ns, 2 * SECOND);
	engine_destroy(run.engine);
}

static void windows_are_cut_and_begin_anew_where_the_grid_ends(void **state)
{
	struct run run = { .specs = { tumbling(4), sliding(4, 2), session(3),
				      { WINDOW_LANDMARK, 0, 4 * SECOND, 0 } } };
	struct pane pane = { .index = 5, .begin_ns = 5 * SECOND, .end_ns = 11 * SECOND / 2,
			     .ends_grid = true };
	uint64_t bytes[4] = { 0 };

	(void)state;
	run_start(&run, (struct engine_config){ .window_count = 4 });
	packet_add(&run, 1, 100, 0);
	pane_end(&run, 4);
	packet_add(&run, 1, 200, 0);
	engine_end_pane(run.engine, &pane);
	assert_int_equal(run.count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(run.kept[i].result.window_number, i);
		assert_false(run.kept[i].result.complete);
		assert_int_equal(run.kept[i].result.end_ns, 11 * SECOND / 2);
		assert_int_equal(run.kept[i].result.total.bytes, 300);
	}
	/* An hour earlier, by the clock. */
	packet_add(&run, 1, 400, 0);
	pane_between(&run, 2, 11 * SECOND / 2, 13 * SECOND / 2);
	pane_between(&run, 3, 13 * SECOND / 2, 15 * SECOND / 2);
	engine_finish(run.engine);
	for (unsigned int i = 3; i < run.count; i++)
		bytes[run.kept[i].result.window_number] = run.kept[i].result.total.bytes;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(bytes[i], 400);
	assert_int_equal(bytes[3], 700);
	engine_destroy(run.engine);
}

static void long_pane_belongs_to_the_window_in_which_it_begins(void **state)
{
	struct run run = { .specs = { tumbling(4) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	pane_end(&run, 0);
	packet_add(&run, 1, 300, 0);
	pane_end_after(&run, 1, 5 * SECOND);
	assert_int_equal(run.count, 1);
	assert_false(run.kept[0].result.complete);
	assert_int_equal(run.kept[0].result.observed_ns, 6 * SECOND);
	assert_true(run.kept[0].flows[0].bytes_max == 300.0 / 5);
	pane_end(&run, 6);
	pane_end(&run, 7);
	assert_int_equal(run.count, 2);
	assert_int_equal(run.kept[1].result.start_ns, 6 * SECOND);
	assert_int_equal(run.kept[1].result.panes, 2);
	assert_false(run.kept[1].result.complete);
	for (uint64_t i = 8; i < 12; i++)
		pane_end(&run, i);
	assert_true(run.kept[2].result.complete);
	engine_destroy(run.engine);
}

/* A window of one pane that begins late for the pane before: not what the grid has. */
static void window_is_complete_to_half_a_pane(void **state)
{
	struct run run = { .specs = { tumbling(1), sliding(2, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .window_count = 2 });
	pane_end_after(&run, 0, SECOND * 7 / 5);
	pane_between(&run, 1, SECOND * 7 / 5, 2 * SECOND);
	pane_between(&run, 2, 2 * SECOND, SECOND * 18 / 5);
	pane_between(&run, 3, SECOND * 18 / 5, 4 * SECOND);
	assert_int_equal(run.count, 8);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(run.kept[2 * i].result.complete, i < 2);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(run.kept[2 * i + 1].result.complete, i == 1 || i == 3);
	engine_destroy(run.engine);
}

static void sliding_windows_that_a_long_pane_spans_are_cut(void **state)
{
	static const bool complete[] = { false, false, true, false, false, false, false, true };
	struct run run = { .specs = { sliding(3, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	for (uint64_t i = 0; i < 3; i++)
		pane_end(&run, i);
	pane_between(&run, 3, 3 * SECOND, SECOND * 67 / 10);
	pane_between(&run, 6, SECOND * 67 / 10, 7 * SECOND);
	for (uint64_t i = 7; i < 10; i++)
		pane_end(&run, i);
	assert_int_equal(run.count, 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(run.kept[i].result.complete, complete[i]);
	engine_destroy(run.engine);
}

static void window_cut_by_the_end_is_not_complete(void **state)
{
	struct run run = { .specs = { tumbling(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	pane_end(&run, 0);
	packet_add(&run, 1, 500, 0);
	pane_end_after(&run, 1, SECOND / 2);
	assert_int_equal(run.count, 0);
	engine_finish(run.engine);
	assert_int_equal(run.count, 1);
	assert_false(run.kept[0].result.complete);
	assert_int_equal(run.kept[0].result.observed_ns, SECOND * 3 / 2);
	assert_true(run.kept[0].flows[0].bytes_max == 500.0);
	engine_destroy(run.engine);
}

static void run_that_ends_with_a_window_tells_it_once(void **state)
{
	struct run run = { .specs = { tumbling(2), sliding(2, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .window_count = 2 });
	pane_end(&run, 0);
	pane_end(&run, 1);
	engine_finish(run.engine);
	assert_int_equal(run.count, 4);
	assert_int_equal(run.kept[3].result.window_number, 1);
	assert_int_equal(run.kept[3].result.start_ns, SECOND);
	assert_int_equal(run.kept[3].result.panes, 1);
	assert_false(run.kept[3].result.complete);
	engine_destroy(run.engine);
}

static void replayed_windows_lie_at_multiples_of_their_length(void **state)
{
	struct run run = { .specs = { tumbling(10) } };

	(void)state;
	run_start(&run, (struct engine_config){ .replay = true });
	packet_add(&run, 1, 100, 0);
	pane_end(&run, 1007);
	packet_add(&run, 1, 100, 0);
	pane_end(&run, 1000000012);
	packet_add(&run, 1, 100, 0);
	pane_end(&run, 1000000023);
	engine_finish(run.engine);
	assert_int_equal(run.count, 3);
	assert_int_equal(run.kept[0].result.start_ns, 1007 * SECOND);
	assert_int_equal(run.kept[0].result.end_ns, 1010 * SECOND);
	assert_false(run.kept[0].result.complete);
	assert_int_equal(run.kept[1].result.start_ns, 1000000010 * SECOND);
	assert_int_equal(run.kept[1].result.panes, 10);
	assert_true(run.kept[1].result.complete);
	assert_int_equal(run.kept[2].result.end_ns, 1000000024 * SECOND);
	assert_false(run.kept[2].result.complete);
	engine_destroy(run.engine);
}

static void window_that_panes_do_not_make_up_is_refused(void **state)
{
	struct window_spec spec = { WINDOW_TUMBLING, SECOND / 2, SECOND / 2, 0 };
	struct engine_config config = { .windows = &spec, .window_count = 1, .pane_ns = SECOND };

	(void)state;
	assert_null(engine_create(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_windows_lie_on_the_grid_and_the_first_is_cut),
		cmocka_unit_test(windows_are_cut_and_begin_anew_where_the_grid_ends),
		cmocka_unit_test(long_pane_belongs_to_the_window_in_which_it_begins),
		cmocka_unit_test(window_is_complete_to_half_a_pane),
		cmocka_unit_test(sliding_windows_that_a_long_pane_spans_are_cut),
		cmocka_unit_test(window_cut_by_the_end_is_not_complete),
		cmocka_unit_test(run_that_ends_with_a_window_tells_it_once),
		cmocka_unit_test(replayed_windows_lie_at_multiples_of_their_length),
		cmocka_unit_test(window_that_panes_do_not_make_up_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
