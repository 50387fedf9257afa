/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed rows: which flows have a sum, taking some out, and records that are turned: whatever
 * leaves, what remains is the sum of the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../user/engine/packed.h"
#include "../../user/engine/packed_delta.h"
#include "../../user/engine/packed_remove.h"
#include "../random.h"

#define BLOCKS 12u

struct scene {
	struct packer packer;
	uint64_t seed;
	bool is_huge;                    /* counts up to the limits */
	struct row_sums counted[BLOCKS]; /* by each block, as counted */
	struct packed *records[BLOCKS];
};

/*
 * Panes that differ in length, as live ones do, or not, as in a replay; now and then with a
 * clock that is set back.
 */
static void panes_random(struct scene *scene, bool are_equal)
{
	bool is_set_back = scene->seed % 5 == 0;

	for (uint32_t i = 0; i < BLOCKS; i++) {
		uint64_t begin_ns = (100 + (is_set_back ? i * 7 % BLOCKS : i)) * 1000000000ull;
		uint32_t late_ns = are_equal ? 0 : random_below(&scene->seed, 1000000);
		struct pane_times times = { begin_ns, begin_ns + 1000000000 + late_ns,
					    1.0 + late_ns / 1e9 };

		assert_int_equal(pane_ring_add(&scene->packer.panes, &times, i), 0);
	}
}

static struct aggregate aggregate_random(struct scene *scene, uint32_t pane)
{
	uint64_t *seed = &scene->seed;
	uint32_t packets = 1 + random_below(seed, random_below(seed, 2) ? 1 : 300);
	struct flow_slot slot = {
		.bytes = packets * (60 + random_below(seed, 1400)),
		.min_len = (uint16_t)(60 + random_below(seed, 3)),
		.max_len = (uint16_t)(62 + random_below(seed, 1400)),
		.first_ms = (uint16_t)random_below(seed, 1000),
		.notes = (uint16_t)(random_next(seed) & random_next(seed) & random_next(seed)),
	};

	slot.last_ms = slot.first_ms;
	if (packets == 1)
		slot.bytes = slot.max_len = slot.min_len;
	if (scene->is_huge && random_below(seed, 3) == 0)
		slot.bytes = (uint64_t)random_next(seed) << random_below(seed, 28);
	return aggregate_of_slot(&slot, (struct tally){ packets, slot.bytes }, pane);
}

static struct extra_sum extra_random(struct scene *scene)
{
	uint64_t *seed = &scene->seed;

#define EXTRA_RANDOM(name, kind, merge, set, before, after)                   \
	.name = (uint64_t)random_next(seed) << random_below(seed, 32) >>      \
		random_below(seed, 64),
	return (struct extra_sum){ EXTRA_SUMMED(EXTRA_RANDOM) };
}

static void row_random(struct scene *scene, struct row_sums *row, uint32_t pane, uint32_t one_in)
{
	row_sums_clear(row);
	for (uint32_t place = 0; place < ROW_FLOWS; place++) {
		if (random_below(&scene->seed, one_in))
			continue;
		bit_set(row->places, place);
		row->sums[place] = aggregate_random(scene, pane);
		row->extras[place] = extra_random(scene);
	}
}

static void scene_make(struct scene *scene, uint64_t seed, uint32_t one_in)
{
	*scene = (struct scene){ .seed = seed, .is_huge = seed % 3 == 0,
				 .packer.has_extras = seed / 2 % 2 };
	panes_random(scene, seed % 2);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		row_random(scene, &scene->counted[i], i, one_in);
		assert_int_equal(packed_store(&scene->packer, &scene->records[i],
					      &scene->counted[i], pane_form_of(i, 1)), 0);
	}
}

static void scene_free(struct scene *scene)
{
	for (uint32_t i = 0; i < BLOCKS; i++)
		packed_free(&scene->packer, scene->records[i]);
	assert_int_equal(scene->packer.memory_bytes, 0);
	pane_ring_fini(&scene->packer.panes);
}

/* The same in bytes, instants and rates; which pane of equals had the peak is no matter. */
static void rows_check_same(const struct scene *scene, const struct row_sums *a,
			    const struct row_sums *b)
{
	assert_memory_equal(a->places, b->places, sizeof(a->places));
	FOR_EACH_BIT_OF(place, a->places, ROW_WORDS) {
		struct flow_sum x = aggregate_resolve(&scene->packer.panes, &a->sums[place]);
		struct flow_sum y = aggregate_resolve(&scene->packer.panes, &b->sums[place]);

		assert_memory_equal(&x, &y, sizeof(x));
		if (scene->packer.has_extras)
			assert_memory_equal(&a->extras[place], &b->extras[place],
					    sizeof(a->extras[place]));
	}
}

static void blocks_add(const struct scene *scene, uint32_t from, uint32_t to,
		       struct row_sums *sum)
{
	row_sums_clear(sum);
	for (uint32_t i = from; i < to; i++)
		row_sums_add(sum, &scene->counted[i], &scene->packer);
}

static void row_comes_back_with_its_places(void **state)
{
	static const uint32_t one_in[] = { 1, 2, 30, 300 };

	(void)state;
	for (uint64_t seed = 1; seed < 40; seed++) {
		struct scene scene;

		scene_make(&scene, seed, one_in[seed % 4]);
		for (uint32_t i = 0; i < BLOCKS; i++) {
			struct row_sums got;

			row_sums_clear(&got);
			packed_add_to(scene.records[i], &got, &scene.packer);
			rows_check_same(&scene, &got, &scene.counted[i]);
		}
		scene_free(&scene);
	}
}

static void rows_of_several_panes_add_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 40; seed++) {
		struct packed *packed = NULL;
		struct row_sums sum, got;
		struct scene scene;

		scene_make(&scene, seed, 3);
		for (uint32_t i = 0; i < BLOCKS; i++) {
			row_sums_clear(&got);
			packed_add_to(packed, &got, &scene.packer);
			packed_add_to(scene.records[i], &got, &scene.packer);
			assert_int_equal(packed_store(&scene.packer, &packed, &got,
						      pane_form_of(0, BLOCKS)), 0);
		}
		blocks_add(&scene, 0, BLOCKS, &sum);
		row_sums_clear(&got);
		packed_add_to(packed, &got, &scene.packer);
		rows_check_same(&scene, &got, &sum);
		packed_free(&scene.packer, packed);
		scene_free(&scene);
	}
}

static void row_of_nothing_takes_no_memory(void **state)
{
	struct row_sums row;
	struct scene scene;

	(void)state;
	scene_make(&scene, 5, 2);
	row_sums_clear(&row);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		assert_int_equal(packed_store(&scene.packer, &scene.records[i], &row,
					      pane_form_of(i, 1)), 0);
		assert_null(scene.records[i]);
	}
	scene_free(&scene);
}

/* From the newest to the oldest; after is the sum of them all. */
static void scene_to_deltas(struct scene *scene, struct row_sums *after)
{
	row_sums_clear(after);
	for (uint32_t i = BLOCKS; i-- > 0;) {
		struct packed *record = scene->records[i];

		if (!record)
			continue;
		scene->records[i] = packed_to_deltas(&scene->packer, record, after);
		assert_non_null(scene->records[i]);
		packed_free(&scene->packer, record);
	}
}

static void deltas_leave_the_sum_of_the_others(void **state)
{
	static const uint32_t one_in[] = { 1, 2, 8, 200 };

	(void)state;
	for (uint64_t seed = 1; seed < 60; seed++) {
		struct row_sums sum, expected;
		struct scene scene;

		scene_make(&scene, seed, one_in[seed % 4]);
		scene_to_deltas(&scene, &sum);
		for (uint32_t i = 0; i < BLOCKS; i++) {
			blocks_add(&scene, i, BLOCKS, &expected);
			rows_check_same(&scene, &sum, &expected);
			if (scene.records[i])
				packed_evict_oldest(scene.records[i], &sum, &scene.packer);
		}
		row_sums_clear(&expected);
		rows_check_same(&scene, &sum, &expected);
		scene_free(&scene);
	}
}

/* Places of the scene's flows, and what they carried in a block. */
static struct tally places_random(struct scene *scene, uint32_t block, uint64_t *places)
{
	struct tally carried = { 0 };

	for (uint32_t i = 0; i < ROW_WORDS; i++)
		places[i] = (uint64_t)random_next(&scene->seed) << 32 | random_next(&scene->seed);
	FOR_EACH_BIT_OF(place, scene->counted[block].places, ROW_WORDS) {
		if (!bit_is_set(places, place))
			continue;
		carried.packets += scene->counted[block].sums[place].packets;
		carried.bytes += scene->counted[block].sums[place].bytes;
		bit_clear(scene->counted[block].places, place);
	}
	return carried;
}

static void flows_taken_out_tell_what_they_carried(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 60; seed++) {
		struct row_sums after;
		struct scene scene;

		scene_make(&scene, seed, 1 + seed % 5);
		if (seed % 4)
			scene_to_deltas(&scene, &after);
		for (uint32_t i = 0; i < BLOCKS; i++) {
			uint64_t places[ROW_WORDS];
			struct tally carried = places_random(&scene, i, places), got;

			got = packed_remove(&scene.packer, &scene.records[i], places);
			assert_memory_equal(&got, &carried, sizeof(got));
			memset(places, 0xff, sizeof(places));
			if (scene.records[i])
				packed_remove(&scene.packer, &scene.records[i], places);
			assert_null(scene.records[i]);
		}
		scene_free(&scene);
	}
}

/* The same flows out of all blocks: the others leave as if those had never been. */
static void flows_that_stay_are_not_touched(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 60; seed++) {
		uint64_t places[ROW_WORDS] = { seed, ~seed, seed * 0x9e3779b97f4a7c15ull, 5 };
		struct row_sums sum, expected;
		struct scene scene;

		scene_make(&scene, seed, 1 + seed % 3);
		scene_to_deltas(&scene, &sum);
		for (uint32_t i = 0; i < BLOCKS; i++) {
			packed_remove(&scene.packer, &scene.records[i], places);
			for (uint32_t word = 0; word < ROW_WORDS; word++)
				scene.counted[i].places[word] &= ~places[word];
		}
		for (uint32_t word = 0; word < ROW_WORDS; word++)
			sum.places[word] &= ~places[word];
		for (uint32_t i = 0; i < BLOCKS; i++) {
			blocks_add(&scene, i, BLOCKS, &expected);
			rows_check_same(&scene, &sum, &expected);
			if (scene.records[i])
				packed_evict_oldest(scene.records[i], &sum, &scene.packer);
		}
		scene_free(&scene);
	}
}

static void panes_stay_known_while_they_are_held(void **state)
{
	struct pane_ring ring = { .next = 0xfffffff0u };
	uint64_t seed = 3, held = 0;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		struct pane_times times = { i, i + 1, i };

		assert_int_equal(pane_ring_add(&ring, &times, held), 0);
		held++;
		for (uint32_t age = 1; age <= held; age++)
			assert_true(pane_times_of(&ring, ring.next - age)->begin_ns == i + 1 - age);
		if (random_below(&seed, 100) == 0)
			held = random_below(&seed, (uint32_t)held);
	}
	assert_true(ring.capacity < 4096);
	pane_ring_fini(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_comes_back_with_its_places),
		cmocka_unit_test(rows_of_several_panes_add_up),
		cmocka_unit_test(row_of_nothing_takes_no_memory),
		cmocka_unit_test(deltas_leave_the_sum_of_the_others),
		cmocka_unit_test(flows_taken_out_tell_what_they_carried),
		cmocka_unit_test(flows_that_stay_are_not_touched),
		cmocka_unit_test(panes_stay_known_while_they_are_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
