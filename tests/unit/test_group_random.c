/* SPDX-License-Identifier: BSD-2-Clause */
/* Random keys and groups: what the mask merges, against the meaning of the fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "../../user/engine/group.h"

#define TAG (VLAN_TAG_PRESENT | VLAN_TAG_ID)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct flow_key reduced(struct flow_key key, const struct group_by *group)
{
	struct group_masks masks;

	group_masks_make(group, &masks);
	flow_key_reduce(&key, &masks);
	return key;
}

static bool keys_are_equal(const struct flow_key *a, const struct flow_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void set_address(__be32 address[4], const char *text)
{
	if (strchr(text, ':')) {
		assert_int_equal(inet_pton(AF_INET6, text, address), 1);
		return;
	}
	address[2] = htonl(0xffff);
	assert_int_equal(inet_pton(AF_INET, text, &address[3]), 1);
}

/* The same numbers at every run (Marsaglia, "Xorshift RNGs"). */
static uint32_t random_below(uint64_t *seed, uint32_t bound)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)((*seed >> 32) % bound);
}

/* Addresses that differ in few bits, so that groups do meet. */
static void random_address(uint64_t *seed, bool is_ipv6, __be32 address[4])
{
	uint8_t *bytes = (uint8_t *)address;
	uint32_t bit = random_below(seed, 128);

	set_address(address, random_below(seed, 2) ? "10.0.255.128" : "10.0.255.127");
	if (!is_ipv6)
		bit = 96 + bit % 32;
	if (random_below(seed, 2))
		bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static void random_ip(uint64_t *seed, struct flow_key *key)
{
	static const uint8_t protos[] = { 1, 6, 17, 58 };
	bool is_ipv6 = random_below(seed, 2);

	key->flags |= FLOW_IP | (is_ipv6 ? FLOW_IPV6 : 0);
	random_address(seed, is_ipv6, key->src);
	random_address(seed, is_ipv6, key->dst);
	key->ip_proto = protos[random_below(seed, COUNT_OF(protos))];
	if (random_below(seed, 4) == 0) {
		key->flags |= FLOW_NO_PORTS;
		return;
	}
	key->src_port = htons((uint16_t)(random_below(seed, 3) << 8));
	key->dst_port = htons((uint16_t)(random_below(seed, 3) << 8));
}

static void random_link(uint64_t *seed, struct flow_key *key)
{
	static const uint32_t numbers[] = { 0, 9, 48, 384, 511 };
	struct flow_link link = flow_link_of(numbers[random_below(seed, COUNT_OF(numbers))]);

	key->flags |= link.flags;
	key->vlan |= link.vlan;
	key->inner_vlan |= link.inner_vlan;
}

static struct flow_key random_key(uint64_t *seed)
{
	struct flow_key key = { .vlan = (__u16)(random_below(seed, 2) * 0x1fff) };

	key.flags = (__u8)(random_below(seed, 2) * FLOW_OUT);
	key.inner_vlan = (__u16)(random_below(seed, 2) * 0x1001);
	random_link(seed, &key);
	if (random_below(seed, 4))
		random_ip(seed, &key);
	else
		key.src_port = htons((uint16_t)(0x800 + random_below(seed, 2)));
	return key;
}

static struct group_by random_group(uint64_t *seed)
{
	struct group_by group;

	group_by_init(&group);
	for (size_t i = 0; i < GROUP_FIELD_COUNT; i++)
		group.field[i] = i < GROUP_OWN_COUNT && random_below(seed, 2);
	if (random_below(seed, 2)) {
		group.src_prefix4 = (unsigned char)random_below(seed, 33);
		group.src_prefix6 = (unsigned char)random_below(seed, 129);
		group.dst_prefix4 = (unsigned char)random_below(seed, 33);
		group.dst_prefix6 = (unsigned char)random_below(seed, 129);
	}
	return group;
}

/* Bit by bit, unlike what is tested. */
static bool prefixes_are_equal(const __be32 *a, const __be32 *b, unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i++) {
		unsigned int shift = 31 - i % 32;

		if ((ntohl(a[i / 32]) >> shift & 1) != (ntohl(b[i / 32]) >> shift & 1))
			return false;
	}
	return true;
}

static bool flags_differ(const struct flow_key *a, const struct flow_key *b, unsigned int flags)
{
	return (a->flags ^ b->flags) & flags;
}

static bool is_icmp(const struct flow_key *key)
{
	return key->ip_proto == 1 || key->ip_proto == 58;
}

static bool ports_are_equal(const struct group_by *g, struct flow_key a, struct flow_key b)
{
	if (!g->field[GROUP_PROTO] && is_icmp(&a))
		a.src_port = a.dst_port = 0;
	if (!g->field[GROUP_PROTO] && is_icmp(&b))
		b.src_port = b.dst_port = 0;
	if (g->field[GROUP_SRC_PORT] && a.src_port != b.src_port)
		return false;
	if (g->field[GROUP_DST_PORT] && a.dst_port != b.dst_port)
		return false;
	return !(g->field[GROUP_SRC_PORT] || g->field[GROUP_DST_PORT]) ||
	       !flags_differ(&a, &b, FLOW_NO_PORTS);
}

static bool addresses_are_equal(const struct group_by *g, const struct flow_key *a,
				const struct flow_key *b)
{
	bool v6 = a->flags & FLOW_IPV6;
	unsigned int src_bits = v6 ? g->src_prefix6 : g->src_prefix4;
	unsigned int dst_bits = v6 ? g->dst_prefix6 : g->dst_prefix4;
	size_t first = v6 ? 0 : 3;

	if ((g->field[GROUP_SRC] || g->field[GROUP_DST]) && flags_differ(a, b, FLOW_IPV6))
		return false;
	return (!g->field[GROUP_SRC] || prefixes_are_equal(a->src + first, b->src + first,
							   src_bits)) &&
	       (!g->field[GROUP_DST] || prefixes_are_equal(a->dst + first, b->dst + first,
							   dst_bits));
}

static bool protos_are_equal(const struct group_by *g, const struct flow_key *a,
			     const struct flow_key *b)
{
	if (!g->field[GROUP_PROTO])
		return true;
	if (!(a->flags & FLOW_IP))
		return a->src_port == b->src_port;
	return a->ip_proto == b->ip_proto;
}

static bool places_are_equal(const struct group_by *g, const struct flow_key *a,
			     const struct flow_key *b)
{
	return (!g->field[GROUP_VLAN] || !((a->vlan ^ b->vlan) & TAG)) &&
	       (!g->field[GROUP_INNER_VLAN] || !((a->inner_vlan ^ b->inner_vlan) & TAG)) &&
	       (!g->field[GROUP_DIRECTION] || !flags_differ(a, b, FLOW_OUT)) &&
	       (!g->field[GROUP_INTERFACE] || flow_key_link(a) == flow_key_link(b));
}

/* What the fields mean, one by one. */
static bool are_one_group(const struct group_by *g, const struct flow_key *a,
			  const struct flow_key *b)
{
	if (flags_differ(a, b, FLOW_IP) || !protos_are_equal(g, a, b) || !places_are_equal(g, a, b))
		return false;
	if (!(a->flags & FLOW_IP))
		return true;
	return addresses_are_equal(g, a, b) && ports_are_equal(g, *a, *b);
}

static void keys_merge_exactly_where_all_fields_of_the_group_agree(void **state)
{
	uint64_t seed = 20240229;
	size_t merged = 0, apart = 0;

	(void)state;
	for (int i = 0; i < 2000000; i++) {
		struct group_by group = random_group(&seed);
		struct flow_key a = random_key(&seed), b = random_key(&seed);
		struct flow_key reduced_a = reduced(a, &group), reduced_b = reduced(b, &group);
		bool one = are_one_group(&group, &a, &b);

		if (one != keys_are_equal(&reduced_a, &reduced_b))
			fail_msg("pair %d: %s", i, one ? "kept apart" : "merged");
		merged += one;
		apart += !one;
	}
	assert_true(merged > 50000 && apart > 50000);
}

/* The kernel reduces to the group with link and direction, the agent drops what is left of it. */
static void dropping_the_place_later_is_the_same_as_at_once(void **state)
{
	uint64_t seed = 20251126;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct group_by group = random_group(&seed);
		struct flow_key key = random_key(&seed), at_once = reduced(key, &group);
		struct group_masks masks;
		struct flow_slot slot = { 0 };

		group_masks_make_with_place(&group, &masks);
		flow_key_reduce(&key, &masks);
		memcpy(&slot, &key, FLOW_KEY_FULL_WORDS * sizeof(slot.words[0]));
		slot.inner_vlan = key.inner_vlan;
		slot.bytes = UINT64_MAX;
		group_masks_make(&group, &masks);
		flow_slot_reduce(&slot, &masks);
		assert_true(!memcmp(&slot, &at_once, FLOW_KEY_FULL_WORDS * sizeof(slot.words[0])));
		assert_int_equal(slot.inner_vlan, at_once.inner_vlan);
		assert_true(slot.bytes == UINT64_MAX && !slot.first_ms && !slot.max_len);
	}
}

static void reducing_twice_is_the_same_as_once(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct group_by group = random_group(&seed);
		struct flow_key once = reduced(random_key(&seed), &group);
		struct flow_key twice = reduced(once, &group);

		assert_true(keys_are_equal(&once, &twice));
	}
}

static void a_reduced_key_has_the_fields_kept_and_zero_elsewhere(void **state)
{
	uint64_t seed = 4711;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct group_by g = random_group(&seed);
		struct flow_key key = random_key(&seed), to = reduced(key, &g);
		bool is_ip = key.flags & FLOW_IP;

		for (size_t w = 0; w < FLOW_KEY_WORDS; w++)
			assert_true((to.words[w] & ~key.words[w]) == 0);
		assert_int_equal(to.vlan & TAG, g.field[GROUP_VLAN] ? key.vlan & TAG : 0);
		assert_int_equal(to.inner_vlan & TAG,
				 g.field[GROUP_INNER_VLAN] ? key.inner_vlan & TAG : 0);
		assert_int_equal(flow_key_link(&to),
				 g.field[GROUP_INTERFACE] ? flow_key_link(&key) : 0);
		assert_int_equal(to.ip_proto, g.field[GROUP_PROTO] ? key.ip_proto : 0);
		if (!is_ip)
			assert_int_equal(to.src_port, g.field[GROUP_PROTO] ? key.src_port : 0);
		else if (!is_icmp(&key) || g.field[GROUP_PROTO])
			assert_int_equal(to.src_port, g.field[GROUP_SRC_PORT] ? key.src_port : 0);
		if (!g.field[GROUP_SRC])
			assert_true(!to.words[0] && !to.words[1]);
		if (!g.field[GROUP_DST])
			assert_true(!to.words[2] && !to.words[3]);
	}
}

static void the_full_group_changes_no_key(void **state)
{
	uint64_t seed = 99;
	struct group_by group;

	(void)state;
	group_by_init(&group);
	for (int i = 0; i < 300000; i++) {
		struct flow_key key = random_key(&seed), same = reduced(key, &group);

		assert_true(keys_are_equal(&key, &same));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_merge_exactly_where_all_fields_of_the_group_agree),
		cmocka_unit_test(dropping_the_place_later_is_the_same_as_at_once),
		cmocka_unit_test(reducing_twice_is_the_same_as_once),
		cmocka_unit_test(a_reduced_key_has_the_fields_kept_and_zero_elsewhere),
		cmocka_unit_test(the_full_group_changes_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
