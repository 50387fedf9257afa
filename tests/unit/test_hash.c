/* SPDX-License-Identifier: BSD-2-Clause */
/* The keyed hash: all of the key counts, so does the seed, and neighbours are spread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "../include/bank.h"
#include "../include/hash.h"
#include "random.h"

#define KEY_BITS    (42 * 8) /* the rest of a key is zero */
#define BUCKETS     256
#define KEYS        (BUCKETS * 64)

static struct hash_seed seed_of(uint64_t seed)
{
	struct hash_seed made;

	random_fill(&seed, &made, sizeof(made));
	return made;
}

static struct flow_key key_ipv4(uint32_t src, uint32_t dst, uint32_t ports)
{
	struct flow_key key = { .ip_proto = 6, .flags = FLOW_IP };

	key.src[2] = key.dst[2] = htonl(0xffff);
	key.src[3] = htonl(src);
	key.dst[3] = htonl(dst);
	key.words[4] |= htonl(ports);
	return key;
}

static struct flow_key key_ipv6(uint32_t src, uint32_t dst, uint32_t ports)
{
	struct flow_key key = key_ipv4(src, dst, ports);

	key.flags |= FLOW_IPV6;
	key.src[0] = key.dst[0] = htonl(0x20010db8);
	key.src[2] = key.dst[2] = 0;
	return key;
}

static void the_same_key_and_seed_give_the_same_place(void **state)
{
	struct hash_seed seed = seed_of(1);
	struct flow_key a = key_ipv4(1, 2, 3), b = key_ipv4(1, 2, 3);

	(void)state;
	assert_int_equal(flow_hash(&a, &seed), flow_hash(&b, &seed));
}

/* Of 200 seeds, how many give the key and the same with this bit flipped one place. */
static int equal_places(struct flow_key key, int bit)
{
	struct flow_key other = key;
	int equal = 0;

	((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1 << bit % 8);
	for (uint64_t i = 1; i <= 200; i++) {
		struct hash_seed seed = seed_of(i * 0x9e3779b97f4a7c15);

		equal += flow_hash(&key, &seed) % 65536 == flow_hash(&other, &seed) % 65536;
	}
	return equal;
}

static void every_bit_of_an_ipv6_key_matters(void **state)
{
	const struct flow_key key = key_ipv6(1, 2, 3);

	(void)state;
	for (int bit = 0; bit < KEY_BITS; bit++)
		assert_true(equal_places(key, bit) <= 2);
}

/* An IPv4 key has no other bits than these: addresses, ports to VLAN, inner VLAN. */
static bool is_fixed_in_ipv4(int bit)
{
	int byte = bit / 8;

	return byte < 12 || (byte >= 16 && byte < 28);
}

static void every_bit_of_an_ipv4_key_matters(void **state)
{
	const struct flow_key key = key_ipv4(0x0a000001, 0x0a000002, 3);

	(void)state;
	for (int bit = 0; bit < KEY_BITS; bit++) {
		if (!is_fixed_in_ipv4(bit))
			assert_true(equal_places(key, bit) <= 2);
	}
}

static void every_word_of_the_seed_matters(void **state)
{
	struct flow_key key = key_ipv6(0x12345678, 0x9abcdef0, 0x11112222);
	struct hash_seed seed = seed_of(5);
	uint32_t hash;

	(void)state;
	key.src[1] = key.src[2] = key.dst[1] = key.dst[2] = 0x77777777;
	key.inner_vlan = VLAN_TAG_PRESENT | 7;
	hash = flow_hash(&key, &seed);
	for (int word = 0; word < 11; word++) {
		struct hash_seed other = seed;

		other.word[word] ^= 1ull << 40;
		assert_int_not_equal(flow_hash(&key, &other), hash);
	}
}

/* Keys that meet under one seed are apart under another: nobody can make them meet. */
static void keys_that_meet_do_not_meet_under_another_seed(void **state)
{
	struct hash_seed known = seed_of(7), other = seed_of(8);
	uint32_t found = 0, meet = 0;

	(void)state;
	for (uint32_t ports = 0; ports < 1 << 20; ports++) {
		struct flow_key key = key_ipv4(1, 2, ports);

		if (flow_hash(&key, &known) % SECTION_SLOTS_MAX)
			continue;
		found++;
		meet += flow_hash(&key, &other) % SECTION_SLOTS_MAX < SECTION_SLOTS_MAX / 64;
	}
	assert_true(found > 16 && found < 64);
	assert_true(meet <= found / 4);
}

/*
 * The sum of squared distances from the mean, over the mean: about BUCKETS where keys fall at
 * random. A strongly universal family gives that mean over all seeds; the bound is three times.
 */
static double spread(struct flow_key (*make)(uint32_t), uint32_t shift, uint64_t seed_number)
{
	struct hash_seed seed = seed_of(seed_number);
	uint32_t in_bucket[BUCKETS] = { 0 };
	double mean = (double)KEYS / BUCKETS, sum = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		struct flow_key key = make(i);

		in_bucket[(flow_hash(&key, &seed) >> shift) % BUCKETS]++;
	}
	for (int i = 0; i < BUCKETS; i++)
		sum += (in_bucket[i] - mean) * (in_bucket[i] - mean);
	return sum / mean;
}

static struct flow_key key_of_src(uint32_t i)
{
	return key_ipv4(0x0a000000 + i, 0xc0a80001, 40000u << 16 | 443);
}

static struct flow_key key_of_src_step(uint32_t i)
{
	return key_ipv4(0x0a000000 + (i << 8), 0xc0a80001, 40000u << 16 | 443);
}

static struct flow_key key_of_dst(uint32_t i)
{
	return key_ipv4(0xc0a80001, 0x0a000000 + i, 40000u << 16 | 443);
}

static struct flow_key key_of_pair(uint32_t i)
{
	return key_ipv4(0x0a000000 + i % 128, 0x0a000000 + i / 128, 0);
}

static struct flow_key key_of_src_port(uint32_t i)
{
	return key_ipv4(0x0a000001, 0xc0a80001, i << 16 | 443);
}

static struct flow_key key_of_dst_port(uint32_t i)
{
	return key_ipv4(0x0a000001, 0xc0a80001, 40000u << 16 | i);
}

static struct flow_key key_of_both(uint32_t i)
{
	return key_ipv4(0x0a000000 + i, 0xc0a80001, i << 16 | 443);
}

static struct flow_key key_of_ipv6_host(uint32_t i)
{
	return key_ipv6(i, 1, 40000u << 16 | 443);
}

static struct flow_key key_of_ipv6_net(uint32_t i)
{
	struct flow_key key = key_ipv6(1, 1, 40000u << 16 | 443);

	key.src[1] = htonl(i);
	return key;
}

static struct flow_key key_of_vlan(uint32_t i)
{
	struct flow_key key = key_ipv4(1 + i / 4096, 1, 0);

	key.vlan = (__u16)(VLAN_TAG_PRESENT | i % 4096);
	return key;
}

static struct flow_key (*const sequences[])(uint32_t) = {
	key_of_src, key_of_src_step, key_of_dst, key_of_pair, key_of_src_port, key_of_dst_port,
	key_of_both, key_of_ipv6_host, key_of_ipv6_net, key_of_vlan,
};

#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

/* The lower bits place a flow in its section, those from bit 15 up choose the section. */
static void sequences_of_keys_are_spread_over_places_and_sections(void **state)
{
	const uint32_t shifts[] = { 0, 7, 15, 24 };

	(void)state;
	for (size_t i = 0; i < SEQUENCES * 4; i++) {
		double sum = 0, greatest = 0;

		for (uint64_t seed = 1; seed <= 20; seed++) {
			double one = spread(sequences[i / 4], shifts[i % 4], seed);

			sum += one;
			greatest = one > greatest ? one : greatest;
		}
		if (sum / 20 > 1.5 * BUCKETS || greatest > 6 * BUCKETS)
			fail_msg("sequence %zu, bits from %u: mean %.0f, greatest %.0f", i / 4,
				 shifts[i % 4], sum / 20, greatest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_key_and_seed_give_the_same_place),
		cmocka_unit_test(every_bit_of_an_ipv6_key_matters),
		cmocka_unit_test(every_bit_of_an_ipv4_key_matters),
		cmocka_unit_test(every_word_of_the_seed_matters),
		cmocka_unit_test(keys_that_meet_do_not_meet_under_another_seed),
		cmocka_unit_test(sequences_of_keys_are_spread_over_places_and_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
