/* SPDX-License-Identifier: BSD-2-Clause */
/* How many flows rows stand for, against all records of a window looked through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/biflow.h"
#include "../../user/engine/engine_read.h"
#include "../../user/engine/flow_count.h"
#include "../../user/engine/slot_key.h"
#include "../random.h"

#define SECOND  1000000000ull
#define PANES   30
#define RECORDS 200
#define WINDOWS 3

struct run {
	struct engine *engine;
	struct engine_config config;
	struct window_spec specs[WINDOWS];
	struct flow_slot records[PANES][RECORDS];
	size_t told, rows, peeked;
};

static bool is_same(const struct flow_key *a, const struct flow_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Whether an earlier record of the window is of the same flow. */
static bool is_again(const struct run *run, uint64_t from, uint64_t pane, size_t record)
{
	const struct flow_key key = flow_slot_key(&run->records[pane][record]);

	for (uint64_t p = from; p <= pane; p++) {
		for (size_t i = 0; i < (p < pane ? RECORDS : record); i++) {
			const struct flow_key other = flow_slot_key(&run->records[p][i]);

			if (is_same(&key, &other))
				return true;
		}
	}
	return false;
}

static uint64_t flows_of(const struct run *run, const struct window_result *result,
			 const struct flow_key *row)
{
	uint64_t from = result->start_ns / SECOND, count = 0;

	for (uint64_t pane = from; pane < result->end_ns / SECOND; pane++) {
		for (size_t i = 0; i < RECORDS; i++) {
			struct flow_key key = flow_slot_key(&run->records[pane][i]);

			biflow_turn_key(&run->config, &key, 0);
			if (run->config.biflow)
				key.flags &= (__u8)~FLOW_OUT;
			count += is_same(&key, row) && !is_again(run, from, pane, i);
		}
	}
	return count;
}

static int check(void *context, const struct window_result *result)
{
	struct run *run = context;
	uint64_t before = UINT64_MAX;

	assert_true(result->counts_flows);
	assert_int_equal(result->flow_count + result->flows_omitted, result->total.flows);
	for (size_t i = 0; i < result->flow_count; i++) {
		uint64_t flows = flow_count_of(result, &result->flows[i]);

		assert_int_equal(flows, flows_of(run, result, &result->flows[i].key));
		assert_true(flows && flows <= before);
		before = flows;
	}
	if (run->config.top)
		assert_in_range(result->flow_count, 1, run->config.top);
	run->rows += result->flow_count;
	run->told++;
	return 0;
}

static int check_peeked(void *context, const struct window_result *result)
{
	struct run *run = context;

	run->peeked++;
	return check(context, result);
}

static struct flow_slot record(uint64_t *seed)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17, .packets = 1, .bytes = 100,
				  .min_len = 100, .max_len = 100 };
	bool is_back = random_below(seed, 2);
	uint16_t client = (uint16_t)(2000 + random_below(seed, 9));

	slot.src[2] = slot.dst[2] = htonl(0xffff);
	slot.src[3] = htonl(0x0a000000 + random_below(seed, 6));
	slot.dst[3] = htonl(0x0a000000 + random_below(seed, 6));
	slot.src_port = htons(is_back ? 53 : client);
	slot.dst_port = htons(is_back ? client : 53);
	slot.first_ms = slot.last_ms = (uint16_t)random_below(seed, 1000);
	return slot;
}

static void run_start(struct run *run, const char *fields, bool biflow, size_t top)
{
	struct group_by group;
	const char *reason;
	uint64_t seed = 23;

	assert_int_equal(group_by_parse(fields, &group, &reason), 0);
	run->specs[0] = (struct window_spec){ WINDOW_TUMBLING, 5 * SECOND, 5 * SECOND, 0 };
	run->specs[1] = (struct window_spec){ WINDOW_SLIDING, 4 * SECOND, SECOND, 0 };
	run->specs[2] = (struct window_spec){ WINDOW_LANDMARK, 6 * SECOND, 6 * SECOND, 0 };
	run->config = (struct engine_config){ .windows = run->specs, .window_count = WINDOWS,
					      .pane_ns = SECOND, .emit = check,
					      .emit_context = run, .sort = SORT_FLOWS,
					      .biflow = biflow, .top = top,
					      .service = service_rule_of(&group) };
	group_masks_make(&group, &run->config.row_masks);
	for (size_t i = 0; i < PANES * RECORDS; i++)
		run->records[i / RECORDS][i % RECORDS] = record(&seed);
	run->engine = engine_create(&run->config);
	assert_non_null(run->engine);
}

static void check_run(const char *fields, bool biflow, size_t top)
{
	struct run *run = calloc(1, sizeof(*run));
	const struct window_listener listener = { check_peeked, run };

	assert_non_null(run);
	run_start(run, fields, biflow, top);
	for (uint64_t index = 0; index < PANES; index++) {
		const struct pane pane = { .index = index, .begin_ns = index * SECOND,
					   .end_ns = (index + 1) * SECOND };

		for (size_t i = 0; i < RECORDS; i++) {
			const struct flow_slot *slot = &run->records[index][i];

			assert_int_equal(engine_merge(run->engine, &slot, 1), 0);
		}
		assert_int_equal(engine_fold_pane(run->engine, &pane), 0);
		if (index == 7 || index == 22)
			assert_int_equal(engine_peek(run->engine, index == 7 ? 2 : 1, &listener), 0);
		assert_int_equal(engine_close_pane(run->engine), 0);
	}
	assert_int_equal(engine_finish(run->engine), 0);
	assert_int_equal(run->peeked, 2);
	assert_in_range(run->told, 38, 60);
	assert_true(run->rows >= run->told);
	engine_destroy(run->engine);
	free(run);
}

static void rows_tell_how_many_flows_they_stand_for(void **state)
{
	(void)state;
	check_run("src", false, 0);
	check_run("proto", false, 0);
	check_run("src,dst,src_port,dst_port,proto", false, 0);
}

static void conversations_and_services_too(void **state)
{
	(void)state;
	check_run("src", true, 0);
	check_run("service", false, 0);
	check_run("dst,service", true, 0);
}

static void the_rows_of_most_flows_are_listed(void **state)
{
	(void)state;
	check_run("src", false, 2);
	check_run("src", true, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_tell_how_many_flows_they_stand_for),
		cmocka_unit_test(conversations_and_services_too),
		cmocka_unit_test(the_rows_of_most_flows_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
