/* SPDX-License-Identifier: BSD-2-Clause */
/* The accounting step: slots, eviction, the spill area, and that nothing is ever lost. */
#include "account_scene.h"
#include "../include/segment.h"

static void a_first_packet_makes_the_slot(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const struct flow_slot *slot = slot_at(&bank, 5);
	const struct flow_key key = key_of(7);

	(void)state;
	count(&bank, (struct given){ .flow = 7, .hash = 5, .len = 60, .now_ms = 9,
				      .tcp_flags = 2 });
	assert_true(slot_has_key(slot, &key));
	assert_int_equal(slot->packets, 1);
	assert_int_equal(slot->bytes, 60);
	assert_int_equal(slot->min_len, 60);
	assert_int_equal(slot->max_len, 60);
	assert_int_equal(slot->first_ms, 9);
	assert_int_equal(slot->last_ms, 9);
	assert_int_equal(slot->tcp_flags, 2);
	assert_int_equal(slot->marks, FLOW_SYN);
	assert_true(host_bank_marks(&bank, host_bank_section(&bank, 0), 5));
	host_bank_destroy(&bank);
}

static void further_packets_are_added_to_it(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const struct flow_slot *slot = slot_at(&bank, 5);

	(void)state;
	count(&bank, (struct given){ .flow = 7, .hash = 5, .len = 60, .now_ms = 9,
				      .tcp_flags = 2 });
	count(&bank, (struct given){ .flow = 7, .hash = 5, .len = 90, .now_ms = 8,
				      .tcp_flags = 16 });
	count(&bank, (struct given){ .flow = 7, .hash = 5, .len = 50, .now_ms = 12 });
	assert_int_equal(slot->packets, 3);
	assert_int_equal(slot->bytes, 200);
	assert_int_equal(slot->min_len, 50);
	assert_int_equal(slot->max_len, 90);
	assert_int_equal(slot->first_ms, 8);
	assert_int_equal(slot->last_ms, 12);
	assert_int_equal(slot->tcp_flags, 18);
	assert_int_equal(slot_at(&bank, 6)->packets, 0);
	host_bank_destroy(&bank);
}

static void lengths_saturate_and_bytes_do_not(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const struct flow_slot *slot = slot_at(&bank, 0);

	(void)state;
	count(&bank, (struct given){ .len = 65535 });
	assert_int_equal(slot->max_len, 65535);
	assert_int_equal(slot->marks, 0);
	count(&bank, (struct given){ .len = 65536 });
	assert_int_equal(slot->marks, FLOW_SIZE_SATURATED);
	count(&bank, (struct given){ .len = 0xffffffff });
	assert_int_equal(slot->max_len, 65535);
	assert_int_equal(slot->min_len, 65535);
	assert_int_equal(slot->bytes, 65535ull + 65536 + 0xffffffff);
	host_bank_destroy(&bank);
}

/* A SYN and a later ACK are no SYN with ACK. */
static void each_step_of_a_handshake_has_its_mark(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const struct flow_slot *slot = slot_at(&bank, 0);

	(void)state;
	count(&bank, (struct given){ .len = 60, .tcp_flags = 0x10 });
	count(&bank, (struct given){ .len = 60, .tcp_flags = 0x19 });
	assert_int_equal(slot->marks, 0);
	count(&bank, (struct given){ .len = 60, .tcp_flags = 0x12 });
	assert_int_equal(slot->marks, FLOW_SYN_ACK);
	count(&bank, (struct given){ .len = 60, .tcp_flags = 0xc2 }); /* ECN */
	assert_int_equal(slot->marks, FLOW_SYN_ACK | FLOW_SYN);
	host_bank_destroy(&bank);
}

static void marks_are_those_of_all_packets(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const struct flow_slot *slot = slot_at(&bank, 0);

	(void)state;
	count(&bank, (struct given){ .len = 70000, .tcp_flags = 2 });
	count(&bank, (struct given){ .len = 60, .tcp_flags = 16 });
	count(&bank, (struct given){ .len = 60, .marks = FLOW_HEADERS_GIVEN_UP });
	assert_int_equal(slot->marks, FLOW_SIZE_SATURATED | FLOW_HEADERS_GIVEN_UP | FLOW_SYN);
	assert_int_equal(slot->tcp_flags, 18);
	assert_int_equal(slot->min_len, 60);
	host_bank_destroy(&bank);
}

/* A key of which each word but one is zero, and the same with one bit more. */
static void flows_that_differ_in_one_bit_are_two(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	struct packet_size size = packet_size_single(60);

	(void)state;
	for (int bit = 0; bit < 42 * 8; bit++) {
		struct flow_key key = { 0 };
		struct accounted a = { .key = &key, .size = &size };

		((uint8_t *)&key)[bit / 8] = (uint8_t)(1 << bit % 8);
		assert_false(slot_has_key(&(struct flow_slot){ .packets = 1 }, &key));
		slot_start(slot_at(&bank, 0), &a);
		assert_true(slot_has_key(slot_at(&bank, 0), &key));
	}
	host_bank_destroy(&bank);
}

static void sizes_are_counted_in_buckets_of_128(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const __u64 *histogram = host_bank_section(&bank, 0)->size_histogram;

	(void)state;
	count(&bank, (struct given){ .len = 0 });
	count(&bank, (struct given){ .len = 127 });
	count(&bank, (struct given){ .len = 128 });
	count(&bank, (struct given){ .len = 1919 });
	count(&bank, (struct given){ .len = 1920 });
	count(&bank, (struct given){ .len = 2047 });
	count(&bank, (struct given){ .len = 2048 });
	count(&bank, (struct given){ .len = 0xffffffff });
	assert_int_equal(histogram[0], 2);
	assert_int_equal(histogram[1], 1);
	assert_int_equal(histogram[14], 1);
	assert_int_equal(histogram[15], 4);
	host_bank_destroy(&bank);
}

static void a_merged_packet_counts_its_parts_by_size(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	const __u64 *histogram = host_bank_section(&bank, 0)->size_histogram;
	struct packet_size size = { .packets = 45, .bytes = 44 * 1514 + 100, .max_len = 1514,
				    .min_len = 100 };

	(void)state;
	count_size(&bank, (struct given){ 0 }, size);
	assert_int_equal(histogram[0], 1);
	assert_int_equal(histogram[1514 / 128], 44);
	assert_int_equal(slot_at(&bank, 0)->packets, 45);
	assert_int_equal(slot_at(&bank, 0)->min_len, 100);
	assert_int_equal(slot_at(&bank, 0)->max_len, 1514);
	host_bank_destroy(&bank);
}

static void malformed_packets_are_counted_by_reason(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	struct section_header *section = host_bank_section(&bank, 0);
	struct packet_size size = packet_size_single(60);
	const struct tallied tallied = { section, &bank.geometry, 0 };
	const struct link_tally *tally = section_tally(&tallied);

	(void)state;
	for (uint32_t reason = 0; reason <= MALFORMED_REASON_COUNT; reason++)
		account_malformed(&tallied, &size, reason);
	for (uint32_t reason = 0; reason < MALFORMED_REASON_COUNT; reason++)
		assert_int_equal(tally->malformed_reason[reason], 1);
	assert_int_equal(tally->malformed.packets, MALFORMED_REASON_COUNT + 1);
	assert_int_equal(tally->malformed.bytes, 60 * (MALFORMED_REASON_COUNT + 1));
	assert_int_equal(section->size_histogram[0], MALFORMED_REASON_COUNT + 1);
	assert_int_equal(tally->contended.packets, 0);
	host_bank_destroy(&bank);
}

static void filtered_packets_are_counted_apart(void **state)
{
	struct host_bank bank = bank_with_spill(1);
	struct section_header *section = host_bank_section(&bank, 0);
	struct packet_size size = { .packets = 3, .bytes = 3100, .max_len = 1500, .min_len = 100 };
	const struct tallied out = { section, &bank.geometry, 1 };

	(void)state;
	account_filtered(&out, &size);
	assert_int_equal(host_bank_tally(&bank, section, 0)->filtered.packets, 0);
	assert_int_equal(host_bank_tally(&bank, section, 1)->filtered.packets, 3);
	assert_int_equal(host_bank_tally(&bank, section, 1)->filtered.bytes, 3100);
	assert_int_equal(section->size_histogram[0], 1);
	assert_int_equal(section->size_histogram[11], 2);
	assert_int_equal(slot_at(&bank, 0)->packets, 0);
	host_bank_destroy(&bank);
}

static void ticks_become_milliseconds_clamped_at_both_ends(void **state)
{
	const uint32_t hz1000 = 1 << TICK_SHIFT, hz250 = 4 << TICK_SHIFT, hz100 = 10 << TICK_SHIFT;
	const uint32_t hz300 = (uint32_t)((3333333ull << TICK_SHIFT) / 1000000);

	(void)state;
	assert_int_equal(slot_time_of_ticks(1000, 1000, hz250), 0);
	assert_int_equal(slot_time_of_ticks(1000, 1001, hz250), 4);
	assert_int_equal(slot_time_of_ticks(1000, 1250, hz250), 1000);
	assert_int_equal(slot_time_of_ticks(1000, 1300, hz300), 999);
	assert_int_equal(slot_time_of_ticks(1000, 999, hz250), 0);
	assert_int_equal(slot_time_of_ticks(~0ull, 1, hz100), 20);
	assert_int_equal(slot_time_of_ticks(0, 32767, hz1000), 32767);
	assert_int_equal(slot_time_ms(slot_time_of_ticks(0, 32768, hz1000)), 32768);
	assert_int_equal(slot_time_ms(slot_time_of_ticks(0, 3600000, hz1000)), 3600000 / 4096 * 4096);
	assert_int_equal(slot_time_of_ticks(0, 1ull << 62, hz250), 0xffff);
	assert_int_equal(slot_time_of_ticks(0, 1ull << 40, hz100), 0xffff);
	assert_int_equal(slot_time_of_ticks(1ull << 62, 0, hz250), 0);
}

static void the_second_line_counts_zero_windows_and_resets(void **state)
{
	const struct bank_shape shape = { SLOTS, 1, 1, true, false };
	struct bank_geometry g = bank_geometry_make(&shape);
	struct packet_size merged = { .packets = 5, .bytes = 7000, .max_len = 1514, .min_len = 944 };
	struct packet_size single = packet_size_single(60);
	struct flow_key key = key_of(3);
	struct accounted a = { .key = &key, .hash = 9, .has_extra = true };
	const struct segment segments[] = { { .flags = 0x10, .has_zero_window = true },
					    { .flags = 0x14 } };
	const struct packet_size *sizes[] = { &merged, &single };
	struct host_bank bank;
	struct drained d;

	(void)state;
	host_bank_create(&bank, &g);
	for (int i = 0; i < 2; i++) {
		struct flow_slot *slot;

		a.size = sizes[i];
		slot = account_segment(host_bank_section(&bank, 0), &bank.geometry, &a);
		segment_add_extra(&segments[i], sizes[i], slot_extra(slot));
	}
	d = host_bank_drain(&bank);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.records[0].packets, 6);
	assert_int_equal(d.zero_windows, 5);
	assert_int_equal(d.resets, 1);
	drained_free(&d);
	host_bank_destroy(&bank);
}

static void ip_bytes_are_what_the_header_says_but_no_more_than_there_is(void **state)
{
	const struct packet_size single = packet_size_single(60);
	const struct packet_size merged = { .packets = 5, .bytes = 7000, .max_len = 1514 };

	(void)state;
	assert_int_equal(ip_bytes_of_packet(&single, 40, 14), 40); /* without its padding */
	assert_int_equal(ip_bytes_of_packet(&single, 46, 14), 46);
	assert_int_equal(ip_bytes_of_packet(&single, 60000, 14), 46);
	assert_int_equal(ip_bytes_of_packet(&single, 60000, 18), 42);
	assert_int_equal(ip_bytes_of_packet(&single, 60, 0), 60);
	assert_int_equal(ip_bytes_of_packet(&single, 60, 61), 0);
	assert_int_equal(ip_bytes_of_packet(&single, 0, 0), 0);
	assert_int_equal(ip_bytes_of_packet(&merged, 1500, 14), 7000 - 5 * 14);
}

static void count_ip_bytes(struct host_bank *bank, struct accounted a, uint32_t ip_bytes)
{
	const struct packet_size size = packet_size_single(1000);

	a.size = &size;
	a.ip_bytes = ip_bytes;
	account_flow(host_bank_section(bank, 0), &bank->geometry, &a);
}

/* A slot near its limit spills, and its bytes with it: both records hold what was counted. */
static void ip_bytes_are_summed_in_the_second_line_only_where_asked_for(void **state)
{
	const struct bank_shape shape = { SLOTS, 1, 1, true, false };
	struct bank_geometry g = bank_geometry_make(&shape);
	struct flow_key key = key_of(3);
	struct accounted a = { .key = &key, .hash = 9, .has_extra = true, .has_ip_bytes = true };
	struct host_bank bank;
	struct drained d;

	(void)state;
	host_bank_create(&bank, &g);
	count_ip_bytes(&bank, a, 0xfffffff0);
	count_ip_bytes(&bank, a, 0xfffffff0);
	section_slot(host_bank_section(&bank, 0), &g, 9, true)->packets = SLOT_PACKETS_LIMIT;
	count_ip_bytes(&bank, a, 7);
	a.has_ip_bytes = false;
	count_ip_bytes(&bank, a, 9);
	d = host_bank_drain(&bank);
	assert_int_equal(d.count, 2);
	assert_int_equal(d.ip_bytes, 2 * 0xfffffff0ull + 7);
	drained_free(&d);
	host_bank_destroy(&bank);
}

static void times_of_a_slot_grow_with_what_they_stand_for(void **state)
{
	const uint64_t hours37 = 37ull * 3600 * 1000;
	uint16_t before = 0;

	(void)state;
	for (uint64_t ms = 0; ms < hours37 + 3600000; ms += ms < 70000 ? 1 : 997) {
		uint16_t time = slot_time_of_ms(ms);

		assert_true(time >= before);
		before = time;
		if (ms < 0x8000)
			assert_int_equal(slot_time_ms(time), ms);
		else if (ms < hours37)
			assert_true(slot_time_ms(time) <= ms && ms - slot_time_ms(time) < 4096);
	}
	assert_int_equal(before, 0xffff);
	assert_int_equal(slot_time_of_ms(UINT64_MAX), 0xffff);
}

static void sections_are_laid_out_apart(void **state)
{
	(void)state;
	for (uint32_t slots = BANK_SLOTS_MIN; slots <= BANK_SLOTS_MAX; slots *= 2) {
		struct bank_geometry g = bank_geometry_make(&(struct bank_shape){ slots, 3, 1, false, false });

		assert_int_equal((uint64_t)g.slots * g.sections_per_cpu, slots);
		assert_true(g.bitmap_offset >= sizeof(struct section_header));
		assert_true(g.slots_offset >= g.bitmap_offset + g.slots / 8);
		assert_int_equal(g.slots_offset % sizeof(struct flow_slot), 0);
		assert_int_equal(g.spill_offset, g.slots_offset + g.slots * 64);
		assert_true(g.section_size >= g.spill_offset + g.spill_slots * 64);
		assert_int_equal(g.section_size % 4096, 0);
		assert_true(g.section_size < 4 << 20);
		assert_true(g.spill_slots >= SECTION_SPILL_MIN);
		assert_int_equal(bank_size_bytes(&g),
				 3ull * g.sections_per_cpu * g.section_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_packet_makes_the_slot),
		cmocka_unit_test(further_packets_are_added_to_it),
		cmocka_unit_test(lengths_saturate_and_bytes_do_not),
		cmocka_unit_test(each_step_of_a_handshake_has_its_mark),
		cmocka_unit_test(marks_are_those_of_all_packets),
		cmocka_unit_test(flows_that_differ_in_one_bit_are_two),
		cmocka_unit_test(sizes_are_counted_in_buckets_of_128),
		cmocka_unit_test(a_merged_packet_counts_its_parts_by_size),
		cmocka_unit_test(malformed_packets_are_counted_by_reason),
		cmocka_unit_test(filtered_packets_are_counted_apart),
		cmocka_unit_test(ticks_become_milliseconds_clamped_at_both_ends),
		cmocka_unit_test(the_second_line_counts_zero_windows_and_resets),
		cmocka_unit_test(ip_bytes_are_what_the_header_says_but_no_more_than_there_is),
		cmocka_unit_test(ip_bytes_are_summed_in_the_second_line_only_where_asked_for),
		cmocka_unit_test(times_of_a_slot_grow_with_what_they_stand_for),
		cmocka_unit_test(sections_are_laid_out_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
