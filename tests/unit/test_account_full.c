/* SPDX-License-Identifier: BSD-2-Clause */
#include "account_scene.h"

/* Flows 0 to 15, of 100, 101, ... bytes, fill the window that begins at the hash. */
static void fill_window(struct host_bank *bank, uint32_t hash)
{
	for (uint32_t i = 0; i < PROBE_WINDOW; i++)
		count(bank, (struct given){ .flow = i, .hash = hash, .len = 100 + i });
}

static void expect_slot(const struct flow_slot *slot, uint32_t flow, uint64_t bytes)
{
	assert_int_equal(slot->src[3], flow);
	assert_int_equal(slot->bytes, bytes);
}

static void expect_unattributed(const struct host_bank *bank, uint64_t packets, uint64_t bytes)
{
	const struct tally *tally =
		&host_bank_tally(bank, host_bank_section(bank, 0), 0)->unattributed;

	assert_int_equal(tally->packets, packets);
	assert_int_equal(tally->bytes, bytes);
}

static void flows_of_one_hash_take_the_window_in_turn(void **state)
{
	struct host_bank bank = bank_with_spill(1);

	(void)state;
	fill_window(&bank, 20);
	fill_window(&bank, 20);
	for (uint32_t i = 0; i < PROBE_WINDOW; i++)
		expect_slot(slot_at(&bank, 20 + i), i, 2 * (100 + i));
	assert_int_equal(slot_at(&bank, 20 + PROBE_WINDOW)->packets, 0);
	assert_int_equal(host_bank_section(&bank, 0)->spill_used, 0);
	host_bank_destroy(&bank);
}

static void a_window_at_the_end_goes_on_at_the_beginning(void **state)
{
	struct host_bank bank = bank_with_spill(1);

	(void)state;
	fill_window(&bank, SLOTS - 3 + 0xabc00);
	for (uint32_t i = 0; i < PROBE_WINDOW; i++)
		expect_slot(slot_at(&bank, (SLOTS - 3 + i) % SLOTS), i, 100 + i);
	host_bank_destroy(&bank);
}

static void a_full_window_evicts_its_flow_of_fewest_bytes(void **state)
{
	struct host_bank bank = bank_with_spill(1);

	(void)state;
	fill_window(&bank, 60);
	count(&bank, (struct given){ .flow = 0, .hash = 60, .len = 500 });
	count(&bank, (struct given){ .flow = 99, .hash = 60, .len = 64 });
	expect_slot(slot_at(&bank, 61), 99, 64);
	expect_slot(host_bank_spill(&bank, host_bank_section(&bank, 0)), 1, 101);
	assert_int_equal(host_bank_section(&bank, 0)->spill_used, 1);
	expect_unattributed(&bank, 0, 0);
	host_bank_destroy(&bank);
}

static void of_flows_of_as_many_bytes_the_first_of_the_window_goes(void **state)
{
	struct host_bank bank = bank_with_spill(1);

	(void)state;
	for (uint32_t i = 0; i < PROBE_WINDOW; i++)
		count(&bank, (struct given){ .flow = i, .hash = 60, .len = i < 3 ? 200 : 100 });
	count(&bank, (struct given){ .flow = 99, .hash = 60, .len = 64 });
	expect_slot(slot_at(&bank, 63), 99, 64);
	expect_slot(host_bank_spill(&bank, host_bank_section(&bank, 0)), 3, 100);
	host_bank_destroy(&bank);
}

static void a_spilled_record_is_a_whole_one(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	struct flow_slot before;

	(void)state;
	fill_window(&bank, 3);
	before = *slot_at(&bank, 3);
	count(&bank, (struct given){ .flow = 99, .hash = 3, .len = 64 });
	assert_memory_equal(host_bank_spill(&bank, host_bank_section(&bank, 0)), &before,
			    sizeof(before));
	host_bank_destroy(&bank);
}

static void once_spilling_ends_the_smaller_one_is_unattributed(void **state)
{
	struct host_bank bank = bank_with_spill(0);

	(void)state;
	fill_window(&bank, 0);
	count(&bank, (struct given){ .flow = 99, .hash = 0, .len = 99 });
	expect_unattributed(&bank, 1, 99);
	count(&bank, (struct given){ .flow = 99, .hash = 0, .len = 101 });
	expect_unattributed(&bank, 2, 199);
	expect_slot(slot_at(&bank, 0), 99, 101);
	host_bank_destroy(&bank);
}

static void on_a_tie_the_packet_is_unattributed(void **state)
{
	struct host_bank bank = bank_with_spill(0);

	(void)state;
	fill_window(&bank, 0);
	count(&bank, (struct given){ .flow = 99, .hash = 0, .len = 100 });
	expect_unattributed(&bank, 1, 100);
	expect_slot(slot_at(&bank, 0), 0, 100);
	host_bank_destroy(&bank);
}

static void a_flow_that_has_its_slot_never_becomes_unattributed(void **state)
{
	struct host_bank bank = bank_with_spill(0);

	(void)state;
	fill_window(&bank, 0);
	count(&bank, (struct given){ .flow = 15, .hash = 0, .len = 1 });
	expect_slot(slot_at(&bank, 15), 15, 116);
	expect_unattributed(&bank, 0, 0);
	host_bank_destroy(&bank);
}

static void a_slot_near_its_limit_starts_anew(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	struct flow_slot *slot = slot_at(&bank, 0);

	(void)state;
	count(&bank, (struct given){ .len = 100 });
	slot->packets = SLOT_PACKETS_LIMIT - 1;
	count(&bank, (struct given){ .len = 100 });
	assert_int_equal(slot->packets, SLOT_PACKETS_LIMIT);
	count(&bank, (struct given){ .len = 70 });
	assert_int_equal(slot->packets, 1);
	expect_slot(slot, 0, 70);
	assert_int_equal(host_bank_spill(&bank, host_bank_section(&bank, 0))->packets,
			 SLOT_PACKETS_LIMIT);
	count(&bank, (struct given){ .len = 70 });
	assert_int_equal(slot->packets, 2);
	host_bank_destroy(&bank);
}

static void the_greatest_merged_packet_fits_below_the_limit(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	struct flow_slot *slot = slot_at(&bank, 0);
	struct packet_size size = { .packets = 65536, .bytes = 1 << 20, .max_len = 66,
				    .min_len = 60 };

	(void)state;
	count(&bank, (struct given){ .len = 100 });
	slot->packets = SLOT_PACKETS_LIMIT - 1;
	count_size(&bank, (struct given){ 0 }, size);
	assert_int_equal(slot->packets, SLOT_PACKETS_LIMIT + 65535ull);
	host_bank_destroy(&bank);
}

static void a_slot_at_its_limit_that_cannot_spill_takes_no_more(void **state)
{
	struct host_bank bank = bank_with_spill(0);
	struct flow_slot *slot = slot_at(&bank, 0);

	(void)state;
	count(&bank, (struct given){ .len = 100 });
	slot->packets = SLOT_PACKETS_LIMIT;
	count(&bank, (struct given){ .len = 70 });
	assert_int_equal(slot->packets, SLOT_PACKETS_LIMIT);
	expect_slot(slot, 0, 100);
	expect_unattributed(&bank, 1, 70);
	host_bank_destroy(&bank);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_of_one_hash_take_the_window_in_turn),
		cmocka_unit_test(a_window_at_the_end_goes_on_at_the_beginning),
		cmocka_unit_test(a_full_window_evicts_its_flow_of_fewest_bytes),
		cmocka_unit_test(of_flows_of_as_many_bytes_the_first_of_the_window_goes),
		cmocka_unit_test(a_spilled_record_is_a_whole_one),
		cmocka_unit_test(once_spilling_ends_the_smaller_one_is_unattributed),
		cmocka_unit_test(on_a_tie_the_packet_is_unattributed),
		cmocka_unit_test(a_flow_that_has_its_slot_never_becomes_unattributed),
		cmocka_unit_test(a_slot_near_its_limit_starts_anew),
		cmocka_unit_test(the_greatest_merged_packet_fits_below_the_limit),
		cmocka_unit_test(a_slot_at_its_limit_that_cannot_spill_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
