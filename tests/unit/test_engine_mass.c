/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many flows, so that they fill many segments: windows stay right whatever the segments do at
 * each slide, flows that leave are counted, and memory goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/engine.h"

#define SECOND  1000000000ull
#define FLOWS   30000u
#define PANES   60u
#define NO_PANE 0xffffffffu

struct mass {
	struct engine *engine;
	struct window_spec specs[4];
	uint64_t seed;
	uint64_t places[PANES];  /* of the panes, on the grid */
	unsigned int panes;      /* begun so far */
	unsigned int idle_from;  /* no packets from this pane on */
	uint64_t max_flows;
	size_t results;
	uint64_t evicted_flows;
	uint8_t is_listed[FLOWS];
};

static uint32_t mix(uint64_t seed, uint32_t a, uint32_t b)
{
	uint64_t z = seed + a * 0x9e3779b97f4a7c15ull + b * 0xbf58476d1ce4e5b9ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ (z >> 31)) >> 16);
}

/*
 * What a flow carries in a pane, from 1 byte up; 0 where it is silent. A third are often
 * there, a third seldom, a third only for a short while.
 */
static uint32_t carried(const struct mass *mass, uint32_t flow, unsigned int pane)
{
	uint32_t value = mix(mass->seed, flow, pane);

	if (pane >= mass->idle_from)
		return 0;
	if (flow % 3 == 0 && value % 4 == 0)
		return 0;
	if (flow % 3 == 1 && value % 16)
		return 0;
	if (flow % 3 == 2 && (flow / 3 % PANES + 3 < pane || pane < flow / 3 % PANES))
		return 0;
	return 1 + (value >> 8) % 1000;
}

static unsigned int pane_of_begin(const struct mass *mass, uint64_t begin_ns)
{
	for (unsigned int i = 0; i < mass->panes; i++) {
		if (mass->places[i] * SECOND == begin_ns)
			return i;
	}
	return NO_PANE;
}

/* A pane is as long as it is until the next one. */
static uint64_t pane_seconds(const struct mass *mass, unsigned int pane)
{
	return pane + 1 < PANES ? mass->places[pane + 1] - mass->places[pane] : 1;
}

struct expected {
	uint64_t bytes, packets;
	double bytes_max;
};

static struct expected flow_expect(const struct mass *mass, uint32_t flow, unsigned int first)
{
	struct expected sum = { 0 };

	for (unsigned int pane = first; pane < mass->panes; pane++) {
		uint32_t bytes = carried(mass, flow, pane);
		double rate = (double)bytes / (double)pane_seconds(mass, pane);

		sum.bytes += bytes;
		sum.packets += bytes != 0;
		sum.bytes_max = rate > sum.bytes_max ? rate : sum.bytes_max;
	}
	return sum;
}

static bool is_listed_before(const struct flow_result *a, const struct flow_result *b)
{
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes;
	return memcmp(&a->key, &b->key, sizeof(a->key)) < 0;
}

static void listed_check(struct mass *mass, const struct window_result *result,
			 struct tally *listed)
{
	unsigned int first = pane_of_begin(mass, result->start_ns);

	memset(mass->is_listed, 0, sizeof(mass->is_listed));
	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_result *flow = &result->flows[i];
		uint32_t number = flow->key.src[3];
		struct expected expected = flow_expect(mass, number, first);

		assert_false(mass->is_listed[number]);
		mass->is_listed[number] = 1;
		listed->bytes += flow->bytes;
		listed->packets += flow->packets;
		if (i)
			assert_true(is_listed_before(&flow[-1], flow));
		if (mass->max_flows) {
			assert_true(flow->bytes <= expected.bytes);
			continue;
		}
		assert_int_equal(flow->bytes, expected.bytes);
		assert_int_equal(flow->packets, expected.packets);
		assert_true(flow->bytes_max == expected.bytes_max);
	}
}

/* Whatever was forgotten, what is listed and what is told as forgotten make up the whole. */
static int mass_check(void *context, const struct window_result *result)
{
	struct mass *mass = context;
	unsigned int first = pane_of_begin(mass, result->start_ns);
	struct tally listed = { 0 }, whole = { 0 };
	uint64_t flows = 0;

	listed_check(mass, result, &listed);
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		struct expected expected = flow_expect(mass, flow, first);

		whole.bytes += expected.bytes;
		whole.packets += expected.packets;
		flows += expected.packets != 0;
	}
	assert_int_equal(result->total.bytes, whole.bytes);
	assert_int_equal(result->total.packets, whole.packets);
	assert_int_equal(listed.bytes + result->evicted.bytes, whole.bytes);
	assert_int_equal(listed.packets + result->evicted.packets, whole.packets);
	assert_int_equal(result->total.flows, result->flow_count + result->evicted_flows);
	assert_true(result->total.flows >= flows);
	if (!mass->max_flows)
		assert_int_equal(result->flow_count, flows);
	mass->evicted_flows += result->evicted_flows;
	mass->results++;
	return 0;
}

static void pane_merge(struct mass *mass, unsigned int pane)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		/* Not in the order of their first packets. */
		uint32_t flow = (i * 7919u + pane * 131u) % FLOWS;
		uint32_t bytes = carried(mass, flow, pane);
		struct flow_slot slot = { .flags = FLOW_IP, .bytes = bytes, .packets = 1 };
		const struct flow_slot *record = &slot;

		slot.src[3] = flow;
		slot.min_len = slot.max_len = 60;
		if (bytes)
			assert_int_equal(engine_merge(mass->engine, &record, 1), 0);
	}
}

static void mass_run(struct mass *mass, size_t windows)
{
	struct engine_config config = {
		.windows = mass->specs, .window_count = windows, .pane_ns = SECOND,
		.max_flows = mass->max_flows, .emit = mass_check, .emit_context = mass,
	};

	mass->engine = engine_create(&config);
	assert_non_null(mass->engine);
	for (unsigned int i = 0; i < PANES; i++) {
		struct pane pane = { .index = mass->places[i] };

		mass->panes = i + 1;
		pane.begin_ns = mass->places[i] * SECOND;
		pane.end_ns = pane.begin_ns + pane_seconds(mass, i) * SECOND;
		pane_merge(mass, i);
		assert_int_equal(engine_end_pane(mass->engine, &pane), 0);
		if (mass->max_flows)
			assert_true(engine_flow_count(mass->engine) <= mass->max_flows);
	}
}

static struct mass *mass_make(uint64_t seed, uint64_t skip)
{
	struct mass *mass = calloc(1, sizeof(*mass));

	assert_non_null(mass);
	mass->seed = seed;
	mass->idle_from = PANES;
	for (unsigned int i = 0; i < PANES; i++)
		mass->places[i] = 100 + i + (skip && i > 20 ? skip : 0) + (skip && i > 41 ? 1 : 0);
	return mass;
}

/* Slides in which a pane began, but for one that is not over at the end. */
static size_t slides_expect(const struct mass *mass, uint64_t slide_s)
{
	uint64_t end = mass->places[PANES - 1] + 1 - mass->places[0];
	size_t count = 0;

	for (unsigned int i = 0; i < PANES; i++) {
		uint64_t block = (mass->places[i] - mass->places[0]) / slide_s;

		count += (block + 1) * slide_s <= end &&
			 (!i || (mass->places[i - 1] - mass->places[0]) / slide_s != block);
	}
	return count;
}

static struct window_spec window_make(uint64_t length_s, uint64_t slide_s)
{
	return (struct window_spec){
		.kind = length_s == slide_s ? WINDOW_TUMBLING : WINDOW_SLIDING,
		.length_ns = length_s * SECOND, .slide_ns = slide_s * SECOND,
	};
}

static void mass_free(struct mass *mass)
{
	engine_destroy(mass->engine);
	free(mass);
}

static void windows_are_right_in_every_segment(void **state)
{
	struct mass *mass = mass_make(1, 0);

	(void)state;
	mass->specs[0] = window_make(7, 1);
	mass->specs[1] = window_make(12, 3);
	mass->specs[2] = window_make(5, 5);
	mass_run(mass, 3);
	assert_int_equal(mass->results, PANES + PANES / 3 + PANES / 5);
	mass_free(mass);
}

static void windows_are_right_after_skipped_panes(void **state)
{
	static const uint64_t skips[] = { 1, 4, 9, 1000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
		struct mass *mass = mass_make(2 + i, skips[i]);

		mass->specs[0] = window_make(9, 1);
		mass->specs[1] = window_make(10, 2);
		mass_run(mass, 2);
		assert_int_equal(mass->results, PANES + slides_expect(mass, 2));
		mass_free(mass);
	}
}

static void forgotten_flows_stay_in_the_totals(void **state)
{
	static const uint64_t limits[] = { 1, 5000, 13000 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct mass *mass = mass_make(11 + i, i == 1 ? 3 : 0);

		mass->max_flows = limits[i];
		mass->specs[0] = window_make(8, 1);
		mass->specs[1] = window_make(9, 3);
		mass->specs[2] = window_make(6, 6);
		mass_run(mass, 3);
		assert_true(mass->evicted_flows > 0);
		mass_free(mass);
	}
}

static void memory_goes_back_when_flows_leave(void **state)
{
	struct mass *mass = mass_make(5, 0);
	uint64_t empty_bytes;

	(void)state;
	mass->specs[0] = window_make(8, 1);
	mass->specs[1] = window_make(6, 2);
	mass->idle_from = 0;
	mass_run(mass, 2);
	empty_bytes = engine_memory_bytes(mass->engine);
	engine_destroy(mass->engine);
	mass->idle_from = PANES - 40;
	mass_run(mass, 2);
	assert_int_equal(engine_flow_count(mass->engine), 0);
	/* The list of segments and the index keep a little. */
	assert_true(engine_memory_bytes(mass->engine) <= empty_bytes + 65536);
	mass_free(mass);
}

static int window_ignore(void *context, const struct window_result *result)
{
	(void)context;
	(void)result;
	return 0;
}

/* Every flow with a packet of some size in every pane; panes end late, as live ones do. */
static void busy_pane_run(struct engine *engine, unsigned int number)
{
	struct pane pane = { .index = number, .begin_ns = number * SECOND + number * 7919 % 1000 };

	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		uint32_t len = 60 + mix(1, flow, number) % 1400, ms = mix(2, flow, number) % 1000;
		struct flow_slot slot = { .flags = FLOW_IP, .bytes = len, .packets = 1 };
		const struct flow_slot *record = &slot;

		slot.src[3] = flow;
		slot.min_len = slot.max_len = (uint16_t)len;
		slot.first_ms = slot.last_ms = (uint16_t)ms;
		assert_int_equal(engine_merge(engine, &record, 1), 0);
	}
	pane.end_ns = (number + 1) * SECOND + (number + 1) * 7919 % 1000;
	assert_int_equal(engine_end_pane(engine, &pane), 0);
}

static void flow_of_every_pane_takes_less_than_200_bytes(void **state)
{
	struct window_spec spec = window_make(10, 1);
	struct engine_config config = {
		.windows = &spec, .window_count = 1, .pane_ns = SECOND, .emit = window_ignore,
	};
	struct engine *engine = engine_create(&config);

	(void)state;
	assert_non_null(engine);
	for (unsigned int i = 0; i < 30; i++) {
		busy_pane_run(engine, i);
		assert_true(engine_memory_bytes(engine) < FLOWS * 200ull);
	}
	engine_destroy(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_right_in_every_segment),
		cmocka_unit_test(windows_are_right_after_skipped_panes),
		cmocka_unit_test(forgotten_flows_stay_in_the_totals),
		cmocka_unit_test(memory_goes_back_when_flows_leave),
		cmocka_unit_test(flow_of_every_pane_takes_less_than_200_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
