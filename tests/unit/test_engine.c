/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/windows/engine.h"

#define SECOND      1000000000ull
#define RESULTS_MAX 64
#define LISTED_MAX  8

struct kept {
	struct window_result result;
	struct flow_result flows[LISTED_MAX];
};

struct run {
	struct engine *engine;
	struct window_spec specs[4];
	struct kept kept[RESULTS_MAX];
	size_t count;
	int answer; /* of emit */
};

static int keep(void *context, const struct window_result *result)
{
	struct run *run = context;
	struct kept *kept = &run->kept[run->count++];

	assert_true(run->count <= RESULTS_MAX);
	kept->result = *result;
	for (size_t i = 0; i < result->flow_count && i < LISTED_MAX; i++)
		kept->flows[i] = result->flows[i];
	return run->answer;
}

static struct window_spec tumbling(uint64_t seconds)
{
	return (struct window_spec){ WINDOW_TUMBLING, seconds * SECOND, seconds * SECOND, 0 };
}

static struct window_spec sliding(uint64_t seconds, uint64_t slide)
{
	return (struct window_spec){ WINDOW_SLIDING, seconds * SECOND, slide * SECOND, 0 };
}

static struct window_spec session(uint64_t gap)
{
	return (struct window_spec){ WINDOW_SESSION, 0, 0, gap * SECOND };
}

static void run_start(struct run *run, struct engine_config config)
{
	config.windows = run->specs;
	config.window_count = config.window_count ? config.window_count : 1;
	config.pane_ns = SECOND;
	config.emit = keep;
	config.emit_context = run;
	run->engine = engine_create(&config);
	assert_non_null(run->engine);
}

static void packet_add(struct run *run, unsigned int flow, unsigned int len, unsigned int ms)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17, .bytes = len, .packets = 1 };
	const struct flow_slot *record = &slot;

	slot.src_port = (uint16_t)flow;
	slot.min_len = slot.max_len = (uint16_t)len;
	slot.first_ms = slot.last_ms = (uint16_t)ms;
	assert_int_equal(engine_merge(run->engine, &record, 1), 0);
}

static int pane_end(struct run *run, uint64_t index)
{
	struct pane pane = { .index = index, .begin_ns = index * SECOND };

	pane.end_ns = pane.begin_ns + SECOND;
	return engine_end_pane(run->engine, &pane);
}

static void tumbling_window_sums_a_flow_over_its_panes(void **state)
{
	struct run run = { .specs = { tumbling(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	packet_add(&run, 1, 100, 10);
	packet_add(&run, 1, 300, 500);
	pane_end(&run, 7);
	packet_add(&run, 1, 60, 999);
	pane_end(&run, 8);
	assert_int_equal(run.count, 1);
	assert_true(run.kept[0].result.complete);
	assert_int_equal(run.kept[0].result.start_ns, 7 * SECOND);
	assert_int_equal(run.kept[0].result.end_ns, 9 * SECOND);
	assert_int_equal(run.kept[0].result.total.bytes, 460);
	assert_int_equal(run.kept[0].result.counts.outcome[PACKET_FLOW].packets, 3);
	assert_int_equal(run.kept[0].result.flow_count, 1);
	assert_int_equal(run.kept[0].flows[0].bytes, 460);
	assert_true(run.kept[0].flows[0].bytes_max == 400.0);
	assert_true(run.kept[0].flows[0].packets_max == 2.0);
	assert_int_equal(run.kept[0].flows[0].min_len, 60);
	assert_int_equal(run.kept[0].flows[0].max_len, 300);
	assert_int_equal(run.kept[0].flows[0].first_ns, 7 * SECOND + 10000000);
	assert_int_equal(run.kept[0].flows[0].last_ns, 8 * SECOND + 999000000);
	assert_int_equal(engine_flow_count(run.engine), 0);
	engine_destroy(run.engine);
}

static void sliding_window_forgets_the_maximum_that_left(void **state)
{
	static const unsigned int lens[] = { 1000, 100, 200, 50, 60, 70 };
	static const double expected[] = { 1000, 1000, 1000, 200, 200, 70 };
	struct run run = { .specs = { sliding(3, 1) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	for (unsigned int i = 0; i < 6; i++) {
		packet_add(&run, 1, lens[i], 0);
		pane_end(&run, i);
	}
	assert_int_equal(run.count, 6);
	for (unsigned int i = 0; i < 6; i++) {
		assert_true(run.kept[i].flows[0].bytes_max == expected[i]);
		assert_int_equal(run.kept[i].result.complete, i >= 2);
		assert_int_equal(run.kept[i].flows[0].packets, i < 2 ? i + 1 : 3);
	}
	engine_destroy(run.engine);
}

static void session_is_told_when_its_gap_has_passed(void **state)
{
	struct run run = { .specs = { session(2) } };

	(void)state;
	run_start(&run, (struct engine_config){ 0 });
	packet_add(&run, 1, 100, 500);
	pane_end(&run, 0);
	packet_add(&run, 2, 100, 1);
	pane_end(&run, 1);
	assert_int_equal(run.count, 0);
	pane_end(&run, 2);
	assert_int_equal(run.count, 1);
	assert_int_equal(run.kept[0].result.start_ns, 2 * SECOND);
	assert_int_equal(run.kept[0].flows[0].start_ns, SECOND / 2);
	assert_int_equal(run.kept[0].flows[0].end_ns, SECOND / 2);
	assert_int_equal(engine_finish(run.engine), 0);
	assert_int_equal(run.count, 2);
	assert_false(run.kept[1].result.complete);
	engine_destroy(run.engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tumbling_window_sums_a_flow_over_its_panes),
		cmocka_unit_test(sliding_window_forgets_the_maximum_that_left),
		cmocka_unit_test(session_is_told_when_its_gap_has_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
