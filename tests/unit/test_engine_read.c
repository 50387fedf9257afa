/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows read while they go on are those that are emitted a moment later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/engine_read.h"
#include "../../user/engine/group.h"
#include "../random.h"

#define SECOND  1000000000ull
#define FLOWS   900
#define PANES   60
#define WINDOWS 4

struct seen {
	struct flow_sum sums[WINDOWS];
};

struct run {
	struct engine *engine;
	struct window_spec specs[WINDOWS];
	struct seen seen[FLOWS];
	struct window_result windows[WINDOWS];
	uint64_t compared, peeked;
	uint64_t pane_end_ns;
	bool wants_results;
};

static void take_flow(void *context, const struct engine_flow *read)
{
	const struct flow_key *key = read->key;
	struct run *run = context;

	assert_in_range(key->src_port, 0, FLOWS - 1);
	assert_null(read->extras);
	memcpy(run->seen[key->src_port].sums, read->sums, sizeof(run->seen[0].sums));
}

static void compare_flow(const struct flow_sum *sum, const struct flow_result *flow)
{
	assert_int_equal(sum->bytes, flow->bytes);
	assert_int_equal(sum->packets, flow->packets);
	assert_true(sum->bytes_max == flow->bytes_max && sum->packets_max == flow->packets_max);
	assert_int_equal(sum->first_ns, flow->first_ns);
	assert_int_equal(sum->last_ns, flow->last_ns);
	assert_int_equal(sum->min_len, flow->min_len);
	assert_int_equal(sum->max_len, flow->max_len);
}

static void compare_flows(const struct run *run, const struct window_result *result)
{
	size_t held = 0;

	for (size_t i = 0; i < FLOWS; i++)
		held += run->seen[i].sums[result->window_number].packets != 0;
	assert_int_equal(held, result->flow_count);
	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_result *flow = &result->flows[i];

		compare_flow(&run->seen[flow->key.src_port].sums[result->window_number], flow);
	}
}

static int compare(void *context, const struct window_result *result)
{
	struct run *run = context;
	const struct window_result *window = &run->windows[result->window_number];

	compare_flows(run, result);
	assert_int_equal(window->start_ns, result->start_ns);
	assert_int_equal(window->end_ns, result->end_ns);
	assert_int_equal(window->observed_ns, result->observed_ns);
	assert_int_equal(window->complete, result->complete);
	assert_int_equal(window->is_aligned, result->is_aligned);
	assert_int_equal(window->nominal_start_ns, result->nominal_start_ns);
	assert_memory_equal(&window->total, &result->total, sizeof(result->total));
	run->compared++;
	return 0;
}

/* A window that is looked at is cut to the pane, and told no different later for it. */
static int compare_peeked(void *context, const struct window_result *result)
{
	struct run *run = context;

	compare_flows(run, result);
	assert_int_equal(result->end_ns, run->pane_end_ns);
	assert_int_equal(result->total.packets, run->windows[result->window_number].total.packets);
	run->peeked++;
	return 0;
}

static void read_windows(struct run *run)
{
	const struct window_listener listener = { compare_peeked, run };
	const struct engine_reading reading = { 0, WINDOWS, take_flow, run };

	memset(run->seen, 0, sizeof(run->seen));
	assert_int_equal(engine_read_flows(run->engine, &reading), 0);
	for (size_t i = 0; i < WINDOWS; i++)
		engine_read_window(run->engine, i, &run->windows[i]);
	for (size_t i = 0; i < WINDOWS; i++)
		assert_int_equal(engine_peek(run->engine, i, &listener), 0);
}

static void run_start(struct run *run, bool replay)
{
	struct engine_config config = { .windows = run->specs, .window_count = WINDOWS,
					.pane_ns = SECOND, .replay = replay,
					.emit_context = run };

	config.emit = run->wants_results ? compare : NULL;
	run->specs[0] = (struct window_spec){ WINDOW_SLIDING, 2 * SECOND, SECOND, 0 };
	run->specs[1] = (struct window_spec){ WINDOW_SLIDING, 10 * SECOND, 5 * SECOND, 0 };
	run->specs[2] = (struct window_spec){ WINDOW_TUMBLING, 7 * SECOND, 7 * SECOND, 0 };
	run->specs[3] = (struct window_spec){ WINDOW_LANDMARK, 0, 3 * SECOND, 0 };
	run->engine = engine_create(&config);
	assert_non_null(run->engine);
}

static void packet_add(struct run *run, uint64_t *seed)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17, .packets = 1 };
	const struct flow_slot *record = &slot;

	slot.src_port = (uint16_t)random_below(seed, FLOWS);
	slot.bytes = slot.min_len = slot.max_len = (uint16_t)(60 + random_below(seed, 1400));
	slot.first_ms = slot.last_ms = (uint16_t)random_below(seed, 1000);
	assert_int_equal(engine_merge(run->engine, &record, 1), 0);
}

static void run_panes(struct run *run)
{
	uint64_t seed = 7;

	for (uint64_t index = 1000; index < 1000 + PANES; index++) {
		struct pane pane = { .index = index, .begin_ns = index * SECOND,
				     .end_ns = (index + 1) * SECOND };

		for (uint64_t left = random_below(&seed, 400); left; left--)
			packet_add(run, &seed);
		run->pane_end_ns = pane.end_ns;
		assert_int_equal(engine_fold_pane(run->engine, &pane), 0);
		read_windows(run);
		assert_int_equal(engine_close_pane(run->engine), 0);
	}
}

static struct run *run_new(bool wants_results)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->wants_results = wants_results;
	return run;
}

static void run_free(struct run *run)
{
	engine_destroy(run->engine);
	free(run);
}

struct landmark_run {
	uint64_t packets, peeked;
};

/* All flows of the run so far are in it, whichever way they are summed. */
static int check_landmark(void *context, const struct window_result *result)
{
	struct landmark_run *run = context;
	uint64_t packets = 0;

	assert_int_equal(result->total.packets, run->packets);
	assert_int_equal(result->flows_omitted, 0);
	assert_int_equal(result->total.flows, result->flow_count);
	for (size_t i = 0; i < result->flow_count; i++) {
		packets += result->flows[i].packets;
		packets += result->reverses ? result->reverses[i].packets : 0;
	}
	assert_int_equal(packets, run->packets);
	run->peeked++;
	return 0;
}

static void landmark_peek_panes(struct engine *engine, struct landmark_run *run)
{
	const struct window_listener listener = { check_landmark, run };

	for (uint64_t index = 1000; index < 1008; index++) {
		struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17, .packets = 3,
					  .bytes = 180, .min_len = 60, .max_len = 60,
					  .src_port = (uint16_t)(index % 5) };
		const struct flow_slot *record = &slot;
		struct pane pane = { .index = index, .begin_ns = index * SECOND,
				     .end_ns = (index + 1) * SECOND };
		struct window_result read;

		assert_int_equal(engine_merge(engine, &record, 1), 0);
		run->packets += slot.packets;
		assert_int_equal(engine_fold_pane(engine, &pane), 0);
		engine_read_window(engine, 0, &read);
		assert_int_equal(read.total.packets, run->packets);
		assert_int_equal(engine_peek(engine, 0, &listener), 0);
		assert_int_equal(engine_close_pane(engine), 0);
	}
}

static void landmark_windows_are_peeked_with_their_flows(void **state)
{
	const struct window_spec spec = { WINDOW_LANDMARK, 0, 4 * SECOND, 0 };

	(void)state;
	for (int way = 0; way < 4; way++) {
		struct landmark_run run = { 0 };
		struct engine_config config = { .windows = &spec, .window_count = 1,
						.pane_ns = SECOND, .replay = way & 1,
						.biflow = way & 2, .emit = check_landmark,
						.emit_context = &run };
		struct engine *engine;
		struct group_by group;

		group_by_init(&group);
		group.field[GROUP_DIRECTION] = false;
		group_masks_make(&group, &config.row_masks);
		engine = engine_create(&config);
		assert_non_null(engine);
		landmark_peek_panes(engine, &run);
		assert_int_equal(run.peeked, 8 + 2);
		engine_destroy(engine);
	}
}

static void what_is_read_is_what_is_emitted(void **state)
{
	(void)state;
	for (int replay = 0; replay < 2; replay++) {
		struct run *run = run_new(true);

		run_start(run, replay);
		run_panes(run);
		assert_true(run->compared > 50);
		assert_int_equal(run->peeked, WINDOWS * PANES);
		run_free(run);
	}
}

static void windows_end_where_nobody_wants_their_results(void **state)
{
	struct run *run = run_new(false);

	(void)state;
	run_start(run, false);
	run_panes(run);
	assert_in_range(run->windows[0].panes, 1, 2);
	assert_in_range(run->windows[2].panes, 1, 7);
	assert_int_equal(run->compared, 0);
	run_free(run);
}

static void too_many_windows_are_refused(void **state)
{
	struct run *run = run_new(false);
	const struct engine_reading reading = { 0, ENGINE_READ_WINDOWS_MAX + 1, take_flow, run };

	(void)state;
	run_start(run, false);
	assert_int_equal(engine_read_flows(run->engine, &reading), -22);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_what_is_emitted),
		cmocka_unit_test(landmark_windows_are_peeked_with_their_flows),
		cmocka_unit_test(windows_end_where_nobody_wants_their_results),
		cmocka_unit_test(too_many_windows_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
