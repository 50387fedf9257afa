/* SPDX-License-Identifier: BSD-2-Clause */
/* The banks: what is counted into one is handed over once, and the bank is clean again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "bank_map.h"
#include "host_bank.h"
#include "privilege.h"
#include "../user/system/machine.h"

#define SLOTS 128
#define LINKS 4

static struct banks *banks_of(uint32_t slots)
{
	struct banks *banks;

	assert_int_equal(banks_create(&(struct bank_shape){ slots, 0, LINKS, false, false }, &banks), 0);
	return banks;
}

/* Adds a packet to flow number, at the place hash of the bank being counted into. */
static void count(const struct banks *banks, uint32_t section, uint32_t hash, uint32_t number)
{
	struct bank_map map = bank_map_active(banks);
	struct packet_size size = packet_size_single(100);
	struct flow_key key = { .src = { 0, 0, 0xffff0000, number }, .flags = FLOW_IP };
	struct accounted a = { .key = &key, .size = &size, .hash = hash, .now_ms = 7 };

	account_flow(bank_map_section(&map, section), banks_geometry(banks), &a);
	bank_map_close(&map);
}

static int take(void *context, const struct flow_slot *const *records, size_t taken)
{
	for (size_t i = 0; i < taken; i++)
		drained_add(context, records[i]);
	return 0;
}

static int refuse(void *context, const struct flow_slot *const *records, size_t taken)
{
	(void)records;
	*(size_t *)context += taken;
	return -ENOSPC;
}

/* Flips, and takes what was counted. */
static struct drained flip_and_drain(struct banks *banks, struct outcome_counts *counts)
{
	struct drained d = { 0 };

	assert_int_equal(banks_flip(banks, &(struct bank_begin){ .ticks = 0 }), 0);
	assert_int_equal(banks_drain(banks, take, &d, counts), 0);
	return d;
}

/* Everything but the stamp of the pane is zero in the bank being counted into. */
static void expect_clean(const struct banks *banks)
{
	struct bank_map map = bank_map_active(banks);

	for (uint32_t i = 0; i < bank_sections(banks_geometry(banks)); i++)
		bank_map_section(&map, i)->begin_ticks = bank_map_section(&map, i)->sequence = 0;
	for (size_t i = 0; i < map.size; i++) {
		if (map.memory[i])
			fail_msg("byte %zu is not clean", i);
	}
	bank_map_close(&map);
}

static void there_are_sections_for_every_possible_cpu(void **state)
{
	const struct bank_geometry *g;
	struct banks *banks;
	uint32_t cpus;

	(void)state;
	need_root();
	banks = banks_of(65536);
	g = banks_geometry(banks);
	assert_int_equal(machine_cpus(&cpus), 0);
	assert_int_equal(g->cpus, cpus);
	assert_int_equal(g->slots * g->sections_per_cpu, 65536);
	banks_destroy(banks);
}

static void what_was_counted_is_handed_over_once(void **state)
{
	struct outcome_counts counts;
	struct banks *banks;
	struct drained d;

	(void)state;
	need_root();
	banks = banks_of(SLOTS);
	for (uint32_t i = 0; i < 10; i++)
		count(banks, 0, i / 2, i / 2);
	d = flip_and_drain(banks, &counts);
	assert_int_equal(d.count, 5);
	assert_int_equal(counts.outcome[PACKET_FLOW].packets, 10);
	assert_int_equal(counts.outcome[PACKET_FLOW].bytes, 1000);
	assert_int_equal(counts.size_histogram[0], 10);
	drained_free(&d);
	d = flip_and_drain(banks, &counts);
	assert_int_equal(d.count, 0);
	assert_int_equal(counts.outcome[PACKET_FLOW].packets, 0);
	d = flip_and_drain(banks, &counts);
	assert_int_equal(d.count, 0);
	banks_destroy(banks);
}

static void a_flip_changes_the_bank_that_is_counted_into(void **state)
{
	struct outcome_counts counts;
	struct banks *banks;
	struct drained d;

	(void)state;
	need_root();
	banks = banks_of(SLOTS);
	for (uint32_t pane = 1; pane <= 5; pane++) {
		count(banks, 0, pane * 20, pane);
		d = flip_and_drain(banks, &counts);
		assert_int_equal(d.count, 1);
		assert_int_equal(d.records[0].src[3], pane);
		drained_free(&d);
	}
	banks_destroy(banks);
}

static void all_sections_are_drained_slots_and_spilled_records(void **state)
{
	uint32_t sections, spilled = PROBE_WINDOW + 30;
	struct outcome_counts counts;
	struct banks *banks;
	struct drained d;

	(void)state;
	need_root();
	banks = banks_of(65536);
	sections = bank_sections(banks_geometry(banks));
	for (uint32_t section = 0; section < sections; section++) {
		for (uint32_t i = 0; i < spilled; i++)
			count(banks, section, 32760, i);
	}
	d = flip_and_drain(banks, &counts);
	assert_int_equal(d.count, sections * spilled);
	assert_int_equal(counts.outcome[PACKET_FLOW].packets, sections * spilled);
	drained_free(&d);
	banks_flip(banks, &(struct bank_begin){ .ticks = 0 });
	expect_clean(banks);
	banks_destroy(banks);
}

static struct link_tally *bank_tally(const struct banks *banks, struct section_header *section,
				     uint32_t index)
{
	const struct tallied tallied = { section, banks_geometry(banks), index, false };

	return section_tally(&tallied);
}

static void tally_fill(struct link_tally *tally, uint32_t number)
{
	tally->filtered = (struct tally){ 1 + number, 10 };
	tally->malformed = (struct tally){ 2, 20 };
	tally->unattributed = (struct tally){ 3, 30 };
	tally->contended = (struct tally){ 4, 40 };
	tally->malformed_reason[MALFORMED_IPV6_VERSION] = 2;
}

static void counters_of_all_sections_are_summed(void **state)
{
	struct outcome_counts counts;
	struct bank_map map;
	struct banks *banks;
	uint32_t sections;
	struct drained d;

	(void)state;
	need_root();
	banks = banks_of(SLOTS);
	sections = bank_sections(banks_geometry(banks));
	map = bank_map_active(banks);
	for (uint32_t i = 0; i < sections; i++) {
		struct section_header *section = bank_map_section(&map, i);

		for (uint32_t n = 0; n < 2 * LINKS; n++)
			tally_fill(bank_tally(banks, section, n), n);
		section->size_histogram[15] = 6;
		section->claimed = 1;
	}
	bank_map_close(&map);
	d = flip_and_drain(banks, &counts);
	assert_int_equal(d.count, 0);
	assert_int_equal(counts.outcome[PACKET_FILTERED].bytes, 8 * 10 * sections);
	assert_int_equal(counts.outcome[PACKET_MALFORMED].bytes, 8 * 20 * sections);
	assert_int_equal(counts.outcome[PACKET_UNATTRIBUTED].packets, 8 * 7 * sections);
	assert_int_equal(counts.outcome[PACKET_UNATTRIBUTED].bytes, 8 * 70 * sections);
	assert_int_equal(counts.malformed_reason[MALFORMED_IPV6_VERSION], 8 * 2 * sections);
	for (uint32_t n = 0; n < 2 * LINKS; n++) {
		const struct link_outcomes *link = &banks_link_outcomes(banks)[n];

		assert_int_equal(link->outcome[PACKET_FILTERED].packets, (1 + n) * sections);
		assert_int_equal(link->outcome[PACKET_UNATTRIBUTED].packets, 7 * sections);
		assert_int_equal(link->malformed_reason[MALFORMED_IPV6_VERSION], 2 * sections);
	}
	assert_int_equal(counts.size_histogram[15], 6 * sections);
	banks_flip(banks, &(struct bank_begin){ .ticks = 0 });
	expect_clean(banks);
	banks_destroy(banks);
}

/* More records than are handed over at once, of which the first few are refused. */
static void a_bank_is_cleared_when_its_records_are_refused(void **state)
{
	struct outcome_counts counts;
	struct banks *banks;
	size_t taken = 0;

	(void)state;
	need_root();
	banks = banks_of(4096);
	for (uint32_t i = 0; i < 1000; i++)
		count(banks, 0, i, i);
	assert_int_equal(banks_flip(banks, &(struct bank_begin){ .ticks = 0 }), 0);
	assert_int_equal(banks_drain(banks, refuse, &taken, &counts), -ENOSPC);
	assert_true(taken > 0 && taken < 1000);
	assert_int_equal(counts.outcome[PACKET_FLOW].packets, 1000);
	banks_flip(banks, &(struct bank_begin){ .ticks = 0 });
	expect_clean(banks);
	banks_destroy(banks);
}

static void the_fill_is_that_of_the_fullest_section(void **state)
{
	struct outcome_counts counts;
	struct banks *banks;
	struct drained d;

	(void)state;
	need_root();
	banks = banks_of(SLOTS);
	for (uint32_t i = 0; i < SLOTS / 4; i++)
		count(banks, 0, i, i);
	count(banks, bank_sections(banks_geometry(banks)) - 1, 5, 5);
	d = flip_and_drain(banks, &counts);
	assert_true(banks_fill(banks) >= 0.25 && banks_fill(banks) <= 0.26);
	drained_free(&d);
	d = flip_and_drain(banks, &counts);
	assert_true(banks_fill(banks) == 0);
	banks_destroy(banks);
}

static void a_pane_begins_when_it_is_told_to(void **state)
{
	struct bank_map map;
	struct banks *banks;

	(void)state;
	need_root();
	banks = banks_of(SLOTS);
	banks_begin(banks, &(struct bank_begin){ .ticks = 4711 });
	map = bank_map_active(banks);
	for (uint32_t i = 0; i < bank_sections(banks_geometry(banks)); i++)
		assert_int_equal(bank_map_section(&map, i)->begin_ticks, 4711);
	bank_map_close(&map);
	assert_int_equal(banks_flip(banks, &(struct bank_begin){ .ticks = 4712 }), 0);
	map = bank_map_active(banks);
	for (uint32_t i = 0; i < bank_sections(banks_geometry(banks)); i++)
		assert_int_equal(bank_map_section(&map, i)->begin_ticks, 4712);
	bank_map_close(&map);
	banks_destroy(banks);
}

static void no_banks_are_destroyed_without_harm(void **state)
{
	(void)state;
	banks_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_sections_for_every_possible_cpu),
		cmocka_unit_test(what_was_counted_is_handed_over_once),
		cmocka_unit_test(a_flip_changes_the_bank_that_is_counted_into),
		cmocka_unit_test(all_sections_are_drained_slots_and_spilled_records),
		cmocka_unit_test(counters_of_all_sections_are_summed),
		cmocka_unit_test(a_bank_is_cleared_when_its_records_are_refused),
		cmocka_unit_test(the_fill_is_that_of_the_fullest_section),
		cmocka_unit_test(a_pane_begins_when_it_is_told_to),
		cmocka_unit_test(no_banks_are_destroyed_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
