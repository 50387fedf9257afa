/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "../../user/engine/group.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct group_by group_of(const char *text)
{
	struct group_by group;
	const char *reason = NULL;

	if (group_by_parse(text, &group, &reason))
		fail_msg("%s: %s", text, reason);
	return group;
}

static struct flow_key reduced_to(struct flow_key key, const char *text)
{
	struct group_by group = group_of(text);
	struct group_masks masks;

	group_masks_make(&group, &masks);
	flow_key_reduce(&key, &masks);
	return key;
}

static bool keys_are_equal(const struct flow_key *a, const struct flow_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool merge(struct flow_key a, struct flow_key b, const char *text)
{
	a = reduced_to(a, text);
	b = reduced_to(b, text);
	return keys_are_equal(&a, &b);
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

/* A TCP packet between the two, of IPv6 where they are. */
static struct flow_key key_between(const char *src, const char *dst)
{
	struct flow_key key = { .src_port = htons(40000), .dst_port = htons(443), .ip_proto = 6 };

	key.flags = FLOW_IP | (strchr(src, ':') ? FLOW_IPV6 : 0);
	set_address(key.src, src);
	set_address(key.dst, dst);
	return key;
}

static struct flow_key icmp_key(uint8_t type, uint8_t code)
{
	struct flow_key key = key_between("10.0.0.1", "10.0.0.2");

	key.ip_proto = 1;
	key.src_port = htons((uint16_t)(type << 8));
	key.dst_port = htons((uint16_t)(code << 8));
	return key;
}

static void assert_address(const __be32 address[4], const char *text)
{
	__be32 expected[4] = { 0 };

	set_address(expected, text);
	assert_memory_equal(address, expected, sizeof(expected));
}

static void by_default_every_field_is_in_the_group(void **state)
{
	static const char *const names[] = { "src", "dst", "src_port", "dst_port", "proto", "vlan",
					     "inner_vlan", "direction", "interface" };
	struct group_by group;

	(void)state;
	group_by_init(&group);
	assert_true(group_by_is_full(&group));
	assert_int_equal(group.text_count, COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_string_equal(group.text[i], names[i]);
}

static void the_text_keeps_the_users_order_and_writing(void **state)
{
	struct group_by group = group_of("proto,dst/16,vlan,src/24:64");

	(void)state;
	assert_int_equal(group.text_count, 4);
	assert_string_equal(group.text[0], "proto");
	assert_string_equal(group.text[1], "dst/16");
	assert_string_equal(group.text[2], "vlan");
	assert_string_equal(group.text[3], "src/24:64");
	assert_true(group.field[GROUP_SRC] && group.field[GROUP_DST] && group.field[GROUP_PROTO]);
	assert_true(group.field[GROUP_VLAN] && !group.field[GROUP_INNER_VLAN]);
	assert_int_equal(group.src_prefix4, 24);
	assert_int_equal(group.src_prefix6, 64);
	assert_int_equal(group.dst_prefix4, 16);
	assert_int_equal(group.dst_prefix6, 128);
}

static void a_group_is_full_in_any_order_but_not_with_short_prefixes(void **state)
{
	static const char rest[] = "dst,src_port,dst_port,proto,vlan,inner_vlan,"
				   "direction,interface";
	char text[128] = "interface,direction,inner_vlan,vlan,proto,dst_port,src_port,"
			 "dst/32:128,src";
	struct group_by group = group_of(text);

	(void)state;
	assert_true(group_by_is_full(&group));
	group = group_of(rest);
	assert_false(group_by_is_full(&group));
	strcpy(stpcpy(text, "src/31,"), rest);
	group = group_of(text);
	assert_false(group_by_is_full(&group));
	strcpy(stpcpy(text, "src/32:127,"), rest);
	group = group_of(text);
	assert_false(group_by_is_full(&group));
}

static void what_is_no_group_is_refused_with_a_reason(void **state)
{
	static const char *const texts[] = {
		"", ",", "src,", ",src", "src,,dst", "src ,dst", "SRC", "sr", "srcs", "port",
		"src,src", "src,dst,src/24", "src/", "src/33", "src/-1", "src/+1", "src/x",
		"src/24:", "src/:64", "src/24:129", "src/24:64:1", "src/24/64", "src/0000000024",
		"src/4294967296", "src_port/8", "vlan/4", "proto/", "interface:eth0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct group_by group, before;
		const char *reason = NULL;

		group_by_init(&group);
		before = group;
		if (group_by_parse(texts[i], &group, &reason) != -EINVAL)
			fail_msg("\"%s\" was taken", texts[i]);
		assert_non_null(reason);
		assert_memory_equal(&group, &before, sizeof(group));
	}
}

static void a_prefix_keeps_the_network(void **state)
{
	struct flow_key v4 = key_between("10.1.2.3", "192.168.255.254");
	struct flow_key v6 = key_between("2001:db8:1:2:3:4:5:6", "fe80::ffff");

	(void)state;
	v4 = reduced_to(v4, "src/23,dst/31:0");
	assert_address(v4.src, "10.1.2.0");
	assert_address(v4.dst, "192.168.255.254");
	v6 = reduced_to(v6, "src/0:61,dst/31:126");
	assert_address(v6.src, "2001:db8:1::");
	assert_address(v6.dst, "fe80::fffc");
}

static void a_prefix_of_no_bits_is_the_zero_address_of_its_family(void **state)
{
	struct flow_key v4 = reduced_to(key_between("10.1.2.3", "10.1.2.4"), "src/0:0");
	struct flow_key v6 = reduced_to(key_between("2001:db8::1", "2001:db8::2"), "src/0:0");

	(void)state;
	assert_address(v4.src, "0.0.0.0");
	assert_address(v6.src, "::");
	assert_false(keys_are_equal(&v4, &v6));
}

static void an_ipv6_flow_does_not_merge_with_the_ipv4_flow_it_maps(void **state)
{
	struct flow_key v4 = key_between("1.2.3.4", "5.6.7.8");
	struct flow_key v6 = key_between("::ffff:1.2.3.4", "::ffff:5.6.7.8");

	(void)state;
	assert_false(merge(v4, v6, "src"));
	assert_false(merge(v4, v6, "dst"));
	assert_true(merge(v4, v6, "proto"));
	assert_true(merge(v4, v6, "src_port,dst_port,vlan,inner_vlan,direction,interface"));
}

static void an_icmp_type_does_not_merge_with_a_port(void **state)
{
	struct flow_key tcp = key_between("10.0.0.1", "10.0.0.2"), icmp6 = icmp_key(128, 0);

	(void)state;
	tcp.src_port = htons(8 << 8);
	tcp.dst_port = 0;
	icmp6.ip_proto = 58;
	assert_true(merge(icmp_key(8, 0), icmp6, "src,dst,src_port,dst_port"));
	assert_false(merge(icmp_key(8, 0), tcp, "src,dst,src_port,dst_port"));
	assert_true(merge(icmp_key(8, 0), icmp_key(3, 1), "src,dst,src_port,dst_port"));
}

static void icmp_types_are_told_apart_where_protocol_and_ports_are(void **state)
{
	(void)state;
	assert_false(merge(icmp_key(8, 0), icmp_key(0, 0), "proto,src_port"));
	assert_false(merge(icmp_key(3, 1), icmp_key(3, 3), "proto,dst_port"));
	assert_true(merge(icmp_key(3, 1), icmp_key(3, 3), "proto,src_port"));
	assert_true(merge(icmp_key(8, 0), icmp_key(0, 0), "src,dst,proto"));
}

static void an_ethertype_is_a_protocol_and_no_port(void **state)
{
	struct flow_key arp = { .src_port = htons(0x0806) }, lldp = { .src_port = htons(0x88cc) };

	(void)state;
	assert_false(merge(arp, lldp, "proto"));
	assert_true(merge(arp, lldp, "src,dst,src_port,dst_port"));
}

static void a_non_ip_flow_never_merges_with_an_ip_flow(void **state)
{
	struct flow_key arp = { .src_port = htons(0x0806) };

	(void)state;
	assert_false(merge(arp, key_between("10.0.0.1", "10.0.0.2"), "vlan"));
	assert_false(merge(arp, key_between("::1", "::1"), "direction"));
}

static void a_later_fragment_is_told_apart_only_by_ports(void **state)
{
	struct flow_key whole = key_between("10.0.0.1", "10.0.0.2"), fragment = whole;

	(void)state;
	whole.src_port = whole.dst_port = fragment.src_port = fragment.dst_port = 0;
	fragment.flags |= FLOW_NO_PORTS;
	assert_true(merge(whole, fragment, "src,dst,proto,vlan,direction,interface"));
	assert_false(merge(whole, fragment, "src_port"));
	assert_false(merge(whole, fragment, "dst_port"));
}

static void what_was_cut_is_no_port_and_no_type(void **state)
{
	struct flow_key none = key_between("10.0.0.1", "10.0.0.2"), cut = none;
	struct flow_key reply = icmp_key(0, 0), unknown = reply, coded = reply;

	(void)state;
	none.src_port = none.dst_port = 0;
	cut.src_port = cut.dst_port = FLOW_PORT_CUT;
	cut.flags |= FLOW_NO_PORTS;
	unknown.src_port = unknown.dst_port = coded.dst_port = htons(FLOW_ICMP_CUT);
	assert_true(merge(none, cut, "src,dst,proto"));
	assert_false(merge(none, cut, "src_port"));
	assert_false(merge(none, cut, "dst_port"));
	none.src_port = none.dst_port = FLOW_PORT_CUT;
	assert_false(merge(none, cut, "dst_port"));
	assert_false(merge(reply, unknown, "proto,src_port"));
	assert_true(merge(reply, coded, "proto,src_port"));
	assert_false(merge(reply, coded, "proto,dst_port"));
	assert_true(merge(reply, unknown, "src_port,dst_port"));
}

static void direction_and_interface_are_told_apart_where_named(void **state)
{
	struct flow_key in = key_between("10.0.0.1", "10.0.0.2"), out = in, other = in;

	(void)state;
	out.flags |= FLOW_OUT;
	other.flags |= 15 << FLOW_LINK_SHIFT;
	assert_true(merge(in, out, "src,interface"));
	assert_false(merge(in, out, "direction"));
	assert_true(merge(in, other, "src,direction"));
	assert_false(merge(in, other, "interface"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_every_field_is_in_the_group),
		cmocka_unit_test(the_text_keeps_the_users_order_and_writing),
		cmocka_unit_test(a_group_is_full_in_any_order_but_not_with_short_prefixes),
		cmocka_unit_test(what_is_no_group_is_refused_with_a_reason),
		cmocka_unit_test(a_prefix_keeps_the_network),
		cmocka_unit_test(a_prefix_of_no_bits_is_the_zero_address_of_its_family),
		cmocka_unit_test(an_ipv6_flow_does_not_merge_with_the_ipv4_flow_it_maps),
		cmocka_unit_test(an_icmp_type_does_not_merge_with_a_port),
		cmocka_unit_test(icmp_types_are_told_apart_where_protocol_and_ports_are),
		cmocka_unit_test(an_ethertype_is_a_protocol_and_no_port),
		cmocka_unit_test(a_non_ip_flow_never_merges_with_an_ip_flow),
		cmocka_unit_test(a_later_fragment_is_told_apart_only_by_ports),
		cmocka_unit_test(what_was_cut_is_no_port_and_no_type),
		cmocka_unit_test(direction_and_interface_are_told_apart_where_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
