/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random streams into tables that are too small: each packet given is in one flow or
 * unattributed, and each flow has what was given to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host_bank.h"
#include "../include/hash.h"
#include "random.h"

#define PACKETS   30000
#define FLOWS_MAX 5000

struct stream {
	uint32_t flows, slots, spill_slots;
	uint64_t seed;
};

/* What was given to a flow, and what the table has of it. */
struct flow_sum {
	uint64_t packets, bytes;
	uint32_t min_len, max_len, first_ms, last_ms, tcp_flags;
};

struct trial {
	struct host_bank bank;
	struct hash_seed hash_seed;
	uint64_t seed;
	struct tally given;
	struct flow_sum expected[FLOWS_MAX];
	struct flow_sum found[FLOWS_MAX];
};

static void flow_sum_add(struct flow_sum *sum, const struct flow_sum *part)
{
	bool first = !sum->packets;

	sum->packets += part->packets;
	sum->bytes += part->bytes;
	sum->tcp_flags |= part->tcp_flags;
	if (first || part->min_len < sum->min_len)
		sum->min_len = part->min_len;
	if (first || part->first_ms < sum->first_ms)
		sum->first_ms = part->first_ms;
	if (part->max_len > sum->max_len)
		sum->max_len = part->max_len;
	if (part->last_ms > sum->last_ms)
		sum->last_ms = part->last_ms;
}

static struct packet_size random_size(uint64_t *seed)
{
	struct packet_size size = packet_size_single(60 + random_below(seed, 1455));

	if (random_below(seed, 8))
		return size;
	size.packets = 2 + random_below(seed, 44);
	size.max_len = 1514;
	size.bytes = (size.packets - 1) * size.max_len + size.min_len;
	return size;
}

/* Few flows have most of the packets. */
static uint32_t random_flow(uint64_t *seed, uint32_t flows)
{
	return random_below(seed, 1 + random_below(seed, flows));
}

static void give_packet(struct trial *t, uint32_t flow)
{
	struct packet_size size = random_size(&t->seed);
	struct flow_key key = { .src = { 0, 0, 0xffff0000, flow }, .flags = FLOW_IP };
	struct accounted a = { .key = &key, .size = &size,
			       .hash = flow_hash(&key, &t->hash_seed),
			       .now_ms = (__u16)random_below(&t->seed, 1000),
			       .tcp_flags = (__u8)(1 << random_below(&t->seed, 8)) };
	struct flow_sum part = { size.packets, size.bytes, size.min_len, size.max_len, a.now_ms,
				 a.now_ms, a.tcp_flags };

	flow_sum_add(&t->expected[flow], &part);
	t->given.packets += size.packets;
	t->given.bytes += size.bytes;
	account_flow(host_bank_section_of(&t->bank, a.hash), &t->bank.geometry, &a);
}

static struct trial *trial_run(const struct stream *stream)
{
	struct bank_geometry g = bank_geometry_make(&(struct bank_shape){ stream->slots, 1, 1, false, false });
	struct trial *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->seed = stream->seed;
	random_fill(&t->seed, &t->hash_seed, sizeof(t->hash_seed));
	if (stream->spill_slots < g.spill_slots)
		g.spill_slots = stream->spill_slots;
	host_bank_create(&t->bank, &g);
	for (int i = 0; i < PACKETS; i++)
		give_packet(t, random_flow(&t->seed, stream->flows));
	return t;
}

static void trial_end(struct trial *t)
{
	host_bank_destroy(&t->bank);
	free(t);
}

static void find_flows(struct trial *t, const struct drained *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct flow_slot *r = &d->records[i];
		struct flow_sum part = { r->packets, r->bytes, r->min_len, r->max_len,
					 r->first_ms, r->last_ms, r->tcp_flags };

		assert_true(r->src[3] < FLOWS_MAX);
		flow_sum_add(&t->found[r->src[3]], &part);
	}
}

static const struct stream streams[] = {
	{ 1, 64, 0, 1 },        { 10, 64, 0, 2 },       { 64, 64, 0, 3 },
	{ 200, 64, 0, 4 },      { 200, 64, 8, 5 },      { 5000, 64, 0, 6 },
	{ 5000, 64, 1, 7 },     { 5000, 64, 4096, 8 },  { 5000, 256, 256, 9 },
	{ 5000, 4096, 4096, 10 }, { 5000, 65536, 65536, 11 }, { 3000, 2048, 64, 12 },
	{ 300, 64, 4096, 13 },  { 5000, 65536, 0, 14 },
};

#define STREAMS (sizeof(streams) / sizeof(streams[0]))

static void everything_given_is_counted_to_a_flow_or_unattributed(void **state)
{
	(void)state;
	for (size_t i = 0; i < STREAMS; i++) {
		struct trial *t = trial_run(&streams[i]);
		struct drained d = host_bank_drain(&t->bank);
		uint64_t sizes = 0;

		for (int bucket = 0; bucket < (int)SIZE_BUCKETS; bucket++)
			sizes += d.size_histogram[bucket];
		assert_int_equal(sizes, t->given.packets);
		assert_int_equal(d.outcome[PACKET_FLOW].packets +
				 d.outcome[PACKET_UNATTRIBUTED].packets, t->given.packets);
		assert_int_equal(d.outcome[PACKET_FLOW].bytes +
				 d.outcome[PACKET_UNATTRIBUTED].bytes, t->given.bytes);
		drained_free(&d);
		trial_end(t);
	}
}

static void where_nothing_is_unattributed_each_flow_is_exact(void **state)
{
	int exact = 0;

	(void)state;
	for (size_t i = 0; i < STREAMS; i++) {
		struct trial *t = trial_run(&streams[i]);
		struct drained d = host_bank_drain(&t->bank);

		if (!d.outcome[PACKET_UNATTRIBUTED].packets) {
			find_flows(t, &d);
			assert_memory_equal(t->found, t->expected, sizeof(t->found));
			exact++;
		}
		drained_free(&d);
		trial_end(t);
	}
	assert_true(exact >= 4);
	assert_true(exact < (int)STREAMS);
}

static void no_flow_has_more_than_was_given_to_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < STREAMS; i++) {
		struct trial *t = trial_run(&streams[i]);
		struct drained d = host_bank_drain(&t->bank);

		find_flows(t, &d);
		for (uint32_t flow = 0; flow < FLOWS_MAX; flow++) {
			assert_true(t->found[flow].packets <= t->expected[flow].packets);
			assert_true(t->found[flow].bytes <= t->expected[flow].bytes);
		}
		drained_free(&d);
		trial_end(t);
	}
}

static void a_flow_is_in_the_table_at_most_once(void **state)
{
	const struct stream stream = { 5000, 64, 4096, 15 };
	struct trial *t = trial_run(&stream);
	uint8_t seen[FLOWS_MAX] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < t->bank.geometry.slots; i++) {
		const struct flow_slot *slot;

		slot = section_slot(host_bank_section(&t->bank, 0), &t->bank.geometry, i, false);
		assert_true(slot->packets != 0);
		assert_int_equal(seen[slot->src[3]]++, 0);
	}
	trial_end(t);
}

/* A flow of a thousand packets, then many small ones that find no room to spill. */
static void a_heavy_flow_keeps_its_slot_when_nothing_can_spill(void **state)
{
	const struct stream stream = { 1, 64, 0, 16 };
	struct trial *t = trial_run(&stream);
	struct drained d;

	(void)state;
	for (uint32_t i = 0; i < PACKETS; i++) {
		give_packet(t, 1 + i % (FLOWS_MAX - 1));
		give_packet(t, 0);
	}
	d = host_bank_drain(&t->bank);
	find_flows(t, &d);
	assert_int_equal(t->found[0].packets, t->expected[0].packets);
	assert_true(d.outcome[PACKET_UNATTRIBUTED].packets > 0);
	drained_free(&d);
	trial_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_given_is_counted_to_a_flow_or_unattributed),
		cmocka_unit_test(where_nothing_is_unattributed_each_flow_is_exact),
		cmocka_unit_test(no_flow_has_more_than_was_given_to_it),
		cmocka_unit_test(a_flow_is_in_the_table_at_most_once),
		cmocka_unit_test(a_heavy_flow_keeps_its_slot_when_nothing_can_spill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
