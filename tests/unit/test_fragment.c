/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports of later fragments: what is noted of a first one, for how long, and what is forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_builder.h"
#include "random.h"
#include "../user/sources/fragment_table.h"

#define FIRST4 IPV4_FRAGMENT(0x2000)
#define LATER4 IPV4_FRAGMENT(0x2001)
#define FIRST6 FRAGMENT6(1)
#define LATER6 FRAGMENT6(8)
#define ID4_AT 18

static int open_table(void **state)
{
	struct hash_seed seed;
	uint64_t random = 0x3c6ef372fe94f82b;

	for (size_t i = 0; i < sizeof(seed.word) / sizeof(*seed.word); i++)
		seed.word[i] = random_next(&random);
	*state = fragment_table_create(&seed);
	return *state ? 0 : -1;
}

static int close_table(void **state)
{
	fragment_table_destroy(*state);
	return 0;
}

static struct packet parse(const struct frame *f)
{
	struct cursor c = cursor_over(CURSOR_MEMORY, f->bytes, f->bytes + f->len);
	struct packet p = { .fragment = PACKET_FRAGMENT_ASKED };

	assert_int_equal(parse_ethernet(&c, &p), 0);
	return p;
}

static struct packet fragment_of(const struct layer *layers)
{
	struct frame f;

	frame_build(&f, layers);
	return parse(&f);
}

/* The packet, once it has been followed. */
static struct packet follow(struct fragment_table *table, const struct layer *layers)
{
	struct packet p = fragment_of(layers);

	if (packet_is_fragment(&p))
		fragment_table_follow(table, &p, 0);
	return p;
}

#define FOLLOW(table, ...) follow(table, (const struct layer[FRAME_LAYERS]){ __VA_ARGS__ })

static bool has_ports(const struct packet *p)
{
	return !(p->flags & FLOW_NO_PORTS) &&
	       p->ports == host_to_be32((uint32_t)SRC_PORT << 16 | DST_PORT);
}

static bool is_left_alone(const struct packet *p)
{
	return p->flags & FLOW_NO_PORTS && !p->ports;
}

static void a_later_fragment_gets_the_ports_of_its_first(void **state)
{
	struct packet p;

	FOLLOW(*state, ETHERNET, FIRST4, UDP);
	p = FOLLOW(*state, ETHERNET, LATER4, PROTO(IPPROTO_UDP), PAYLOAD(100));
	assert_true(has_ports(&p));
	FOLLOW(*state, ETHERNET, IPV6, FIRST6, UDP);
	p = FOLLOW(*state, ETHERNET, IPV6, LATER6, PROTO(IPPROTO_UDP), PAYLOAD(100));
	assert_true(has_ports(&p));
}

static void without_a_first_there_are_no_ports(void **state)
{
	struct packet p = FOLLOW(*state, ETHERNET, LATER4, UDP);

	assert_true(is_left_alone(&p));
	FOLLOW(*state, ETHERNET, IPV4, UDP);
	p = FOLLOW(*state, ETHERNET, LATER4, UDP);
	assert_true(is_left_alone(&p));
	FOLLOW(*state, ETHERNET, IPV6, FRAGMENT6(0), UDP);
	p = FOLLOW(*state, ETHERNET, IPV6, LATER6, UDP);
	assert_true(is_left_alone(&p));
}

static void icmp_has_type_and_code(void **state)
{
	struct packet p;

	FOLLOW(*state, ETHERNET, FIRST4, ICMP(8, 3));
	p = FOLLOW(*state, ETHERNET, LATER4, PROTO(IPPROTO_ICMP));
	assert_int_equal(p.ports, host_to_be32(0x08000300));
	assert_false(p.flags & FLOW_NO_PORTS);
}

static void what_has_no_ports_is_one_flow_with_its_first(void **state)
{
	struct packet p;

	FOLLOW(*state, ETHERNET, FIRST4, PROTO(50), PAYLOAD(20));
	p = FOLLOW(*state, ETHERNET, LATER4, PROTO(50), PAYLOAD(20));
	assert_int_equal(p.ports, 0);
	assert_false(p.flags & FLOW_NO_PORTS);
}

/* Each of these tells datagrams apart. */
static void another_datagram_is_another(void **state)
{
	const struct layer first[] = { ETHERNET, FIRST4, UDP, { 0 } };
	const struct layer later[] = { ETHERNET, LATER4, PROTO(IPPROTO_UDP), PAYLOAD(8), { 0 } };
	const uint32_t at[] = { ID4_AT, ID4_AT + 1, 23, 26, 29, 30, 33 };
	struct frame f;

	follow(*state, first);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct packet p;

		frame_build(&f, later);
		f.bytes[at[i]] ^= 1;
		p = parse(&f);
		fragment_table_follow(*state, &p, 0);
		assert_true(is_left_alone(&p));
	}
}

static void each_byte_of_an_ipv6_identification_counts(void **state)
{
	const struct layer later[] = { ETHERNET, IPV6, LATER6, PROTO(IPPROTO_UDP), PAYLOAD(8),
				       { 0 } };
	struct frame f;

	FOLLOW(*state, ETHERNET, IPV6, FIRST6, UDP);
	for (uint32_t i = 0; i < 4; i++) {
		struct packet p;

		frame_build(&f, later);
		f.bytes[14 + 40 + 4 + i] ^= 0x80;
		p = parse(&f);
		fragment_table_follow(*state, &p, 0);
		assert_true(is_left_alone(&p));
	}
}

static void the_same_addresses_in_another_tunnel_are_others(void **state)
{
	struct packet first = fragment_of((const struct layer[]){ ETHERNET, FIRST4, UDP, { 0 } });
	struct packet later = fragment_of((const struct layer[]){ ETHERNET, LATER4, UDP, { 0 } });

	fragment_table_follow(*state, &first, tunnel_numbered(TUNNEL_VXLAN, 1));
	fragment_table_follow(*state, &later, tunnel_numbered(TUNNEL_VXLAN, 2));
	assert_true(is_left_alone(&later));
	fragment_table_follow(*state, &later, tunnel_numbered(TUNNEL_VXLAN, 1));
	assert_true(has_ports(&later));
}

static void a_first_is_known_in_its_pane_and_the_next(void **state)
{
	struct packet p;

	fragment_table_begin_pane(*state, 100);
	FOLLOW(*state, ETHERNET, FIRST4, UDP);
	fragment_table_begin_pane(*state, 101);
	p = FOLLOW(*state, ETHERNET, LATER4, UDP);
	assert_true(has_ports(&p));
	fragment_table_begin_pane(*state, 102);
	p = FOLLOW(*state, ETHERNET, LATER4, UDP);
	assert_true(is_left_alone(&p));
}

static void a_pane_that_is_not_the_next_knows_nothing(void **state)
{
	struct packet p;

	fragment_table_begin_pane(*state, 100);
	FOLLOW(*state, ETHERNET, FIRST4, UDP);
	fragment_table_end_pane(*state);
	fragment_table_begin_pane(*state, 102);
	p = FOLLOW(*state, ETHERNET, LATER4, UDP);
	assert_true(is_left_alone(&p));
}

static void the_newest_first_counts(void **state)
{
	struct packet p;

	FOLLOW(*state, ETHERNET, FIRST4, ICMP(1, 1), IP_BYTE(9, IPPROTO_UDP));
	FOLLOW(*state, ETHERNET, FIRST4, UDP);
	p = FOLLOW(*state, ETHERNET, LATER4, UDP);
	assert_true(has_ports(&p));
}

static void a_first_whose_ports_are_cut_off_is_as_good_as_none(void **state)
{
	struct packet p;

	FOLLOW(*state, ETHERNET, FIRST4, UDP);
	p = FOLLOW(*state, ETHERNET, FIRST4, PROTO(IPPROTO_UDP), PAYLOAD(3));
	assert_int_equal(p.ports, 0xffffffff);
	p = FOLLOW(*state, ETHERNET, LATER4, UDP);
	assert_true(is_left_alone(&p));
}

static bool follow_number(struct fragment_table *table, const struct packet *like, uint32_t id,
			  struct packet *p)
{
	*p = *like;
	p->fragment_id = id;
	return fragment_table_follow(table, p, 0);
}

/* As many as there is room for, and then a flood: what is forgotten is told, one by one. */
static void all_that_is_forgotten_is_told(void **state)
{
	const uint32_t count = 3 * FRAGMENT_SETS * FRAGMENT_WAYS;
	const struct packet first = fragment_of((const struct layer[]){ ETHERNET, FIRST4, UDP,
									{ 0 } });
	const struct packet later = fragment_of((const struct layer[]){ ETHERNET, LATER4, UDP,
									{ 0 } });
	uint32_t lost = 0, left_alone = 0;
	struct packet p;

	for (uint32_t id = 0; id < count; id++)
		lost += follow_number(*state, &first, id, &p);
	for (uint32_t id = 0; id < count; id++) {
		follow_number(*state, &later, id, &p);
		left_alone += is_left_alone(&p);
	}
	assert_int_equal(left_alone, lost);
	assert_in_range(lost, count / 3 * 2, count / 3 * 2 + count / 3 / 20);
	fragment_table_begin_pane(*state, 2);
	assert_false(follow_number(*state, &first, count, &p));
}

static void the_newest_of_a_flood_are_known(void **state)
{
	const struct packet first = fragment_of((const struct layer[]){ ETHERNET, FIRST4, UDP,
									{ 0 } });
	const struct packet later = fragment_of((const struct layer[]){ ETHERNET, LATER4, UDP,
									{ 0 } });
	uint32_t known = 0, count = 0;
	struct packet p;

	for (uint32_t id = 0; id < 8 * FRAGMENT_SETS * FRAGMENT_WAYS; id++) {
		follow_number(*state, &first, id, &p);
		follow_number(*state, &later, id, &p);
		known += has_ports(&p);
		count++;
	}
	assert_int_equal(known, count);
}

/* Two CPUs wrote a half each. */
static void an_entry_that_is_torn_is_of_no_datagram(void **state)
{
	struct fragment_set set = { 0 }, other = { 0 };
	__u64 told;

	(void)state;
	fragment_note(&set, 0x1111111100000000, 7ull << 32 | 5, 5);
	fragment_note(&other, 0x2222222200000000, 9ull << 32 | 5, 5);
	assert_true(fragment_find(&set, 0x1111111100000000, 5, &told));
	set.entry[0].told = other.entry[0].told;
	assert_false(fragment_find(&set, 0x1111111100000000, 5, &told));
	assert_false(fragment_find(&set, 0x2222222200000000, 5, &told));
}

#define in_table(test) cmocka_unit_test_setup_teardown(test, open_table, close_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_table(a_later_fragment_gets_the_ports_of_its_first),
		in_table(without_a_first_there_are_no_ports),
		in_table(icmp_has_type_and_code),
		in_table(what_has_no_ports_is_one_flow_with_its_first),
		in_table(another_datagram_is_another),
		in_table(each_byte_of_an_ipv6_identification_counts),
		in_table(the_same_addresses_in_another_tunnel_are_others),
		in_table(a_first_is_known_in_its_pane_and_the_next),
		in_table(a_pane_that_is_not_the_next_knows_nothing),
		in_table(the_newest_first_counts),
		in_table(a_first_whose_ports_are_cut_off_is_as_good_as_none),
		in_table(all_that_is_forgotten_is_told),
		in_table(the_newest_of_a_flood_are_known),
		cmocka_unit_test(an_entry_that_is_torn_is_of_no_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
