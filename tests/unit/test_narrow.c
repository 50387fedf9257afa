/* SPDX-License-Identifier: BSD-2-Clause */
/* A row as a filter, and that the filter takes the row's packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/top/narrow.h"
#include "../terminal_scene.h"

static struct flow_key row_of(uint8_t ip_proto, unsigned int src_port, unsigned int dst_port)
{
	struct flow_key key = { .flags = FLOW_IP, .ip_proto = ip_proto };

	key.src[2] = key.dst[2] = htonl(0xffff);
	key.src[3] = htonl(0x0a000001);
	key.dst[3] = htonl(0xc0000201);
	key.src_port = htons((uint16_t)src_port);
	key.dst_port = htons((uint16_t)dst_port);
	return key;
}

static void check_row(enum grouping grouping, struct flow_key key, const char *expected)
{
	struct grouper grouper;
	struct group_by group;
	struct grouper_config config = { .base = &group, .grouping = grouping };
	char text[NARROW_FILTER_MAX];

	group_by_init(&group);
	grouper_init(&grouper, &config);
	flow_key_reduce(&key, &grouper.masks);
	assert_int_equal(narrow_expression(&grouper, &key, text), expected != NULL);
	if (expected)
		assert_string_equal(text, expected);
}

static void a_conversation_is_its_two_ends(void **state)
{
	(void)state;
	check_row(GROUPING_CONVERSATIONS, row_of(IPPROTO_TCP, 40000, 443),
		  "ip host 10.0.0.1 and ip host 192.0.2.1 and tcp port 40000 and tcp port 443");
	check_row(GROUPING_CONVERSATIONS, row_of(IPPROTO_ICMP, 8 << 8, 0),
		  "(ip proto 1 or ip6 proto 1) and ip host 10.0.0.1 and ip host 192.0.2.1");
}

static void a_flow_has_a_direction(void **state)
{
	(void)state;
	check_row(GROUPING_FLOWS, row_of(IPPROTO_UDP, 40000, 53),
		  "ip src host 10.0.0.1 and ip dst host 192.0.2.1 and udp src port 40000 and "
		  "udp dst port 53");
}

static void a_tagged_conversation_is_looked_for_behind_its_tag(void **state)
{
	struct flow_key key = row_of(IPPROTO_TCP, 40000, 443);

	(void)state;
	key.vlan = VLAN_TAG_PRESENT | 7;
	check_row(GROUPING_CONVERSATIONS, key,
		  "vlan 7 and ip host 10.0.0.1 and ip host 192.0.2.1 and tcp port 40000 and "
		  "tcp port 443");
}

static void hosts_networks_services_and_protocols_have_one_name(void **state)
{
	struct flow_key host6 = { .flags = FLOW_IP | FLOW_IPV6 };
	struct flow_key arp = { .src_port = htons(0x0806) };

	(void)state;
	host6.src[0] = htonl(0x20010db8);
	host6.src[3] = htonl(7);
	check_row(GROUPING_HOSTS, row_of(0, 0, 0), "ip host 10.0.0.1");
	check_row(GROUPING_HOSTS, host6, "ip6 host 2001:db8::7");
	check_row(GROUPING_NETWORKS, row_of(0, 0, 0), "ip net 10.0.0.0/24");
	check_row(GROUPING_NETWORKS, host6, "ip6 net 2001:db8::/64");
	check_row(GROUPING_SERVICES, row_of(IPPROTO_TCP, 0, 443), "tcp port 443");
	check_row(GROUPING_SERVICES, row_of(IPPROTO_ICMP, 0, 0), "(ip proto 1 or ip6 proto 1)");
	check_row(GROUPING_PROTOCOLS, row_of(IPPROTO_UDP, 0, 0), "udp");
	check_row(GROUPING_PROTOCOLS, arp, "ether proto 0x0806");
}

static void what_no_expression_tells_is_refused(void **state)
{
	struct flow_key llc = { .src_port = htons(FLOW_ETHERTYPE_LLC) };

	(void)state;
	check_row(GROUPING_PROTOCOLS, llc, NULL);
	check_row(GROUPING_INTERFACES, row_of(IPPROTO_TCP, 1, 2), NULL);
}

/* Into the first host, into its conversation, and back twice. */
static void steps_are_within_each_other_and_lead_back(void **state)
{
	struct narrowing narrowing;
	struct scene scene;

	(void)state;
	scene_start(&scene);
	scene_count(&scene, scene_flow(1, 40000), 1000);
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_BOTH);
	assert_int_equal(narrowing_init(&narrowing, "tcp"), 0);
	assert_null(narrowing_into(&narrowing, &scene.view));
	assert_true(narrowing.is_wanted);
	assert_string_equal(narrowing_step(&narrowing)->filter, "(tcp) and ip host 10.0.0.1");
	assert_int_equal(narrowing_step(&narrowing)->wish.grouping, GROUPING_CONVERSATIONS);
	assert_null(narrowing_back(&narrowing, &scene.view));
	assert_string_equal(narrowing_step(&narrowing)->filter, "tcp");
	assert_int_equal(narrowing_step(&narrowing)->wish.grouping, GROUPING_HOSTS);
	assert_non_null(narrowing_back(&narrowing, &scene.view));
	narrowing_fini(&narrowing);
	scene_end(&scene);
}

/* Words behind "vlan" look past the tag: all of them come twice. */
static void tagged_packets_are_found_too(void **state)
{
	struct flow_slot tagged = scene_flow(1, 40001);
	struct narrowing narrowing;
	struct scene scene;

	(void)state;
	scene_start(&scene);
	tagged.vlan = VLAN_TAG_PRESENT | 7;
	scene_count(&scene, scene_flow(1, 40000), 1000);
	scene_count(&scene, tagged, 1000);
	scene_end_pane(&scene, 0);
	scene_group(&scene, GROUPING_HOSTS, DIRECTION_BOTH);
	assert_int_equal(narrowing_init(&narrowing, NULL), 0);
	assert_null(narrowing_into(&narrowing, &scene.view));
	assert_string_equal(narrowing_step(&narrowing)->filter,
			    "(ip host 10.0.0.1) or (vlan and ip host 10.0.0.1)");
	narrowing_fini(&narrowing);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_is_its_two_ends),
		cmocka_unit_test(a_flow_has_a_direction),
		cmocka_unit_test(a_tagged_conversation_is_looked_for_behind_its_tag),
		cmocka_unit_test(hosts_networks_services_and_protocols_have_one_name),
		cmocka_unit_test(what_no_expression_tells_is_refused),
		cmocka_unit_test(steps_are_within_each_other_and_lead_back),
		cmocka_unit_test(tagged_packets_are_found_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
