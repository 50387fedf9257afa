/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed sums: what comes back is what was put in, bit for bit, whatever its counts, panes and
 * sizes are, and the sums of usual flows take few bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../user/engine/packed.h"
#include "../random.h"

#define ROUNDS 300000

static uint64_t wide_random(uint64_t *seed)
{
	uint64_t value = (uint64_t)random_next(seed) << 32 | random_next(seed);

	return value >> random_below(seed, 64);
}

static uint16_t short_random(uint64_t *seed)
{
	return (uint16_t)wide_random(seed);
}

static const struct pane_form forms[] = {
	{ 7, 0 }, { 100, 4 }, { 0xfffffff8u, 4 }, { 0xffffff00u, 8 }, { 5, 8 }, { 9, 16 },
};

static uint32_t pane_random(uint64_t *seed, const struct pane_form *form)
{
	/* Now and then one that the form has no number for. */
	return form->base + (random_below(seed, 50) ? random_next(seed) & pane_mask(form) :
						       (uint32_t)wide_random(seed));
}

static struct aggregate aggregate_random(uint64_t *seed, const struct pane_form *form)
{
	struct flow_slot slot = {
		.notes = (uint16_t)wide_random(seed),
		.first_ms = short_random(seed), .last_ms = short_random(seed),
		.min_len = short_random(seed), .max_len = short_random(seed),
	};
	struct tally own = { .packets = 1 + wide_random(seed) / 2,
			     .bytes = 1 + wide_random(seed) / 2 };
	struct aggregate sum = aggregate_of_slot(&slot, own, pane_random(seed, form));

	if (random_below(seed, 2)) {
		sum.bytes_peak = sum.bytes / (1 + random_below(seed, 3));
		sum.packets_peak = 1 + random_below(seed, 2) * (sum.packets - 1);
		sum.last_pane = pane_random(seed, form);
		sum.bytes_pane = pane_random(seed, form);
		sum.packets_pane = pane_random(seed, form);
	}
	if (random_below(seed, 3) == 0)
		sum.max_len = sum.min_len;
	if (random_below(seed, 3) == 0)
		sum.packets = sum.packets_peak = 1;
	if (random_below(seed, 3) == 0)
		sum.bytes = sum.bytes_peak = sum.min_len = sum.max_len;
	if (random_below(seed, 3) == 0)
		sum.last_ms = sum.first_ms;
	return sum;
}

/* Packs and unpacks a sum; returns the bytes that it took. */
static size_t round_trip(const struct aggregate *sum, const struct pane_form *form)
{
	uint8_t packed[PACKED_SUM_MOST + PACKED_SLACK];
	struct aggregate got;
	const uint8_t *end;

	memset(packed, 0xa5, sizeof(packed));
	memset(&got, 0x5a, sizeof(got));
	end = sum_pack(packed, sum, form);
	assert_true(end <= packed + PACKED_SUM_MOST);
	assert_ptr_equal(sum_unpack(packed, &got, form), end);
	assert_memory_equal(&got, sum, sizeof(got));
	return (size_t)(end - packed);
}

static void sum_comes_back_bit_for_bit(void **state)
{
	uint64_t seed = 20261122;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const struct pane_form *form = &forms[i % (sizeof(forms) / sizeof(*forms))];
		struct aggregate sum = aggregate_random(&seed, form);

		round_trip(&sum, form);
	}
}

/* Every count at which another width begins, and both sides of it. */
static void counts_of_every_width_come_back(void **state)
{
	const struct pane_form form = { 3, 4 };

	(void)state;
	for (uint32_t bytes_bits = 0; bytes_bits < 64; bytes_bits++) {
		for (uint32_t packets_bits = 0; packets_bits < 64; packets_bits++) {
			struct aggregate sum = { .first_pane = 3, .last_pane = 4,
					       .bytes_pane = 3, .packets_pane = 4 };

			for (int side = -1; side <= 1; side++) {
				sum.bytes = sum.bytes_peak = (1ull << bytes_bits) + (uint64_t)side;
				sum.packets = (1ull << packets_bits) + (uint64_t)side;
				sum.packets += sum.packets == 0;
				sum.packets_peak = sum.packets;
				round_trip(&sum, &form);
			}
		}
	}
}

static void sums_at_the_limit_come_back(void **state)
{
	struct aggregate sum;

	(void)state;
	memset(&sum, 0xff, sizeof(sum));
	sum.notes = 0xffff;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		round_trip(&sum, &forms[i]);
}

/* The peak of a total that wrapped around. */
static void peak_may_be_greater_than_the_total(void **state)
{
	struct aggregate sum = { .bytes = 5, .packets = 3, .bytes_peak = 1ull << 63,
			       .packets_peak = 2 };

	(void)state;
	round_trip(&sum, &(struct pane_form){ 0, 4 });
}

static struct aggregate usual_sum(uint64_t packets, uint16_t len, uint8_t tcp_flags)
{
	struct flow_slot slot = { .min_len = len, .max_len = len, .first_ms = 500, .last_ms = 500,
				  .tcp_flags = tcp_flags };
	struct tally own = { .packets = packets, .bytes = packets * len };

	return aggregate_of_slot(&slot, own, 42);
}

static void usual_sums_take_few_bytes(void **state)
{
	const struct pane_form pane = { 42, 0 }, window = { 40, 4 };
	struct aggregate packet = usual_sum(1, 60, 2), some = usual_sum(12, 590, 0x18);

	(void)state;
	assert_int_equal(round_trip(&packet, &pane), 5);
	assert_int_equal(round_trip(&packet, &window), 6);
	assert_int_equal(round_trip(&some, &pane), 11);
	some.notes |= 0x80;
	assert_int_equal(round_trip(&some, &pane), 13);
	some.notes = 0x18;
	some.max_len = 1514;
	some.last_pane = 44;
	some.bytes_peak = 7000;
	assert_int_equal(round_trip(&some, &window), 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sum_comes_back_bit_for_bit),
		cmocka_unit_test(counts_of_every_width_come_back),
		cmocka_unit_test(sums_at_the_limit_come_back),
		cmocka_unit_test(peak_may_be_greater_than_the_total),
		cmocka_unit_test(usual_sums_take_few_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
