/* SPDX-License-Identifier: BSD-2-Clause */
/* Far more flows, or blocks, than an engine usually has. */
#include "engine_scene.h"

#define FLOOD     200000u
#define KEPT_BYTE 4000000u
/* A segment of every window, the index as it grows, and what a part of records may bring. */
#define ROOM      12000000u

static void flow_count(struct run *run, uint32_t flow, uint32_t bytes, uint16_t ms)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17, .bytes = bytes, .packets = 1 };
	const struct flow_slot *record = &slot;

	slot.src[3] = flow;
	slot.min_len = slot.max_len = (uint16_t)bytes;
	slot.first_ms = slot.last_ms = ms;
	assert_int_equal(engine_merge(run->engine, &record, 1), 0);
}

/* Each flow once, in order of time; the most memory that was held meanwhile. */
static uint64_t flood(struct run *run, uint32_t flows)
{
	uint64_t most = 0;

	for (uint32_t flow = 0; flow < flows; flow++) {
		uint64_t bytes;

		flow_count(run, flow, 100, (uint16_t)(flow * 999ull / flows));
		bytes = engine_memory_bytes(run->engine);
		most = bytes > most ? bytes : most;
	}
	return most;
}

static void expect_exact(const struct window_result *result, uint64_t packets)
{
	assert_int_equal(result->total.packets, packets);
	assert_int_equal(result->total.bytes, 100 * packets);
	assert_int_equal(result->counts.outcome[PACKET_FLOW].packets, packets);
	assert_int_equal(result->counts.outcome[PACKET_UNATTRIBUTED].packets, 0);
	assert_int_equal(result->evicted.bytes, 100 * result->evicted.packets);
}

static void memory_is_bounded_while_a_pane_fills(void **state)
{
	struct run run = { .specs = { tumbling(1), sliding(4, 2), session(1),
				      { WINDOW_LANDMARK, 2 * SECOND, 2 * SECOND, 0 } } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_bytes = KEPT_BYTE, .window_count = 4,
						.top = 1 });
	assert_true(flood(&run, FLOOD) < KEPT_BYTE + ROOM);
	assert_int_equal(pane_end(&run, 0), 0);
	assert_int_equal(pane_end(&run, 1), 0);
	assert_int_equal(engine_finish(run.engine), 0);
	engine_destroy(run.engine);
}

/* What a kind of window tells of a flood: all of it, listed, held or evicted. */
static void expect_told_whole(struct window_spec spec)
{
	struct run run = { .specs = { spec } };
	const struct window_result *result;

	run_start(&run, (struct engine_config){ .max_bytes = KEPT_BYTE });
	for (uint32_t flow = 0; flow < 50; flow++)
		flow_count(&run, flow, 100, 0);
	assert_int_equal(pane_end(&run, 0), 0);
	flood(&run, FLOOD);
	assert_int_equal(pane_end(&run, 1), 0);
	assert_int_equal(engine_finish(run.engine), 0);
	result = &run.kept[run.count - 1].result;
	expect_exact(result, FLOOD + 50);
	assert_int_equal(result->flow_count + result->evicted_flows, FLOOD);
	/* The fifty were in it before: they are flows once. */
	assert_int_equal(result->total.flows, FLOOD);
	assert_true(result->flow_count > 1000 && result->evicted_flows > 1000);
	engine_destroy(run.engine);
}

static void a_flood_is_told_whole_by_every_kind_of_window(void **state)
{
	(void)state;
	expect_told_whole(tumbling(10));
	expect_told_whole(sliding(10, 5));
	expect_told_whole(session(5));
	expect_told_whole((struct window_spec){ WINDOW_LANDMARK, 10 * SECOND, 10 * SECOND, 0 });
}

static void those_least_recently_active_go_first(void **state)
{
	struct run run = { .specs = { tumbling(1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_flows = 3, .top = LISTED_MAX });
	flow_count(&run, FLOOD, 9000, 999);
	flow_count(&run, FLOOD + 1, 8000, 0);
	flood(&run, FLOOD);
	assert_int_equal(pane_end(&run, 0), 0);
	assert_int_equal(run.kept[0].flows[0].key.src[3], FLOOD);
	assert_int_equal(run.kept[0].flows[0].bytes, 9000);
	assert_int_equal(run.kept[0].flows[1].bytes, 100);
	engine_destroy(run.engine);
}

static void a_few_more_than_are_kept_stay_to_the_end_of_their_pane(void **state)
{
	struct run run = { .specs = { tumbling(1) } };

	(void)state;
	run_start(&run, (struct engine_config){ .max_flows = 3 });
	flood(&run, 60000);
	assert_int_equal(pane_end(&run, 0), 0);
	assert_int_equal(run.kept[0].result.flow_count, 60000);
	assert_int_equal(run.kept[0].result.evicted_flows, 0);
	assert_true(engine_flow_count(run.engine) <= 3);
	engine_destroy(run.engine);
}

static int count_panes(void *context, const struct window_result *result)
{
	uint64_t *panes = context;

	*panes += 1;
	assert_int_equal(result->total.packets, *panes < 100000 ? *panes : 100000);
	assert_int_equal(result->panes, result->total.packets);
	assert_int_equal(result->end_ns - result->start_ns, result->panes * 10000000ull);
	return 0;
}

/* Adding up all blocks at each slide would take ten thousand million additions here. */
static void a_slide_costs_the_same_however_many_blocks_there_are(void **state)
{
	struct window_spec spec = { WINDOW_SLIDING, 1000 * SECOND, SECOND / 100, 0 };
	uint64_t panes = 0;
	struct run run = { .engine = engine_create(&(struct engine_config){
				   .windows = &spec, .window_count = 1, .pane_ns = SECOND / 100,
				   .emit = count_panes, .emit_context = &panes }) };

	(void)state;
	assert_non_null(run.engine);
	for (uint64_t i = 0; i < 250000; i++) {
		struct pane pane = { .index = i, .begin_ns = i * SECOND / 100,
				     .end_ns = (i + 1) * SECOND / 100 };

		flow_count(&run, 1, 100, 0);
		assert_int_equal(engine_end_pane(run.engine, &pane), 0);
	}
	assert_int_equal(panes, 250000);
	engine_destroy(run.engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_bounded_while_a_pane_fills),
		cmocka_unit_test(a_flood_is_told_whole_by_every_kind_of_window),
		cmocka_unit_test(those_least_recently_active_go_first),
		cmocka_unit_test(a_slide_costs_the_same_however_many_blocks_there_are),
		cmocka_unit_test(a_few_more_than_are_kept_stay_to_the_end_of_their_pane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
