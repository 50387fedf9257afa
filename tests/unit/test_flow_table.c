/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows that the engine knows: whichever leave, together or one by one, the others are still
 * found. The table's hash is seeded anew each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../user/engine/flow_table.h"
#include "../random.h"

#define FLOWS  760 /* nearly as many as the smallest index takes */
#define ROUNDS 10000

static const struct part_layout no_windows = { 0 };

struct scene {
	struct flow_table table;
	uint64_t seed;
	bool is_there[FLOWS];
};

static void scene_merge(struct scene *scene, uint32_t flow)
{
	struct flow_slot slot = { .flags = FLOW_IP, .packets = 1, .bytes = 60 };
	const struct flow_slot *record = &slot;

	slot.src[3] = flow;
	assert_int_equal(flow_table_merge(&scene->table, &record, 1), 0);
	scene->is_there[flow] = true;
}

/* The pane ends; each flow leaves with a chance of one in this many. */
static void scene_end_pane(struct scene *scene, uint32_t one_in)
{
	struct segment *segment = scene->table.segments[0];

	memset(segment->touched, 0, sizeof(segment->touched));
	FOR_EACH_BIT(place, segment->live) {
		if (random_below(&scene->seed, one_in))
			continue;
		bit_set(segment->removable, place);
		scene->is_there[segment->slots[place].src[3]] = false;
	}
	flow_table_trim(&scene->table);
}

/* A flow that is there and is not found would be taken for a new one. */
static void scene_check(struct scene *scene)
{
	uint64_t count = scene->table.flow_count, expected = 0;

	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		if (!scene->is_there[flow])
			continue;
		expected++;
		scene_merge(scene, flow);
	}
	assert_int_equal(count, expected);
	assert_int_equal(scene->table.flow_count, expected);
}

static void rounds_run(uint64_t seed, uint32_t one_in)
{
	struct scene scene = { .seed = seed };

	assert_int_equal(flow_table_init(&scene.table, &no_windows, 1, false), 0);
	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t flow = 0; flow < FLOWS; flow++) {
			if (random_below(&scene.seed, 4))
				scene_merge(&scene, flow);
		}
		scene_end_pane(&scene, one_in);
		if (scene.table.flow_count)
			scene_check(&scene);
	}
	flow_table_fini(&scene.table);
}

static void flows_stay_when_many_leave_at_once(void **state)
{
	(void)state;
	rounds_run(1, 4);
	rounds_run(2, 2);
}

static void flows_stay_when_a_few_leave(void **state)
{
	(void)state;
	rounds_run(3, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_stay_when_many_leave_at_once),
		cmocka_unit_test(flows_stay_when_a_few_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
