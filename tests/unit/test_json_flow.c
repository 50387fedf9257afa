/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json_scene.h"

static void group_by_leaves_fields_out(void **state)
{
	struct scene scene;
	const char *reason;
	const char *text;

	(void)state;
	scene_init(&scene);
	assert_int_equal(group_by_parse("src/24:64,dst_port", &scene.group, &reason), 0);
	set_ipv4(scene.flow.key.src, "10.0.0.0");
	text = write_flow(&scene);
	assert_has(text, "{\"src\": \"10.0.0.0/24\", \"dst_port\": 443, \"bytes\": ");
	assert_lacks(text, "tcp_flags");
	assert_lacks(text, "direction");
	assert_has(write_document(&scene, false), "\"group_by\": [\"src/24:64\", \"dst_port\"], ");
	text_fini(&scene.text);
}

static void ipv6_network_carries_its_own_prefix_length(void **state)
{
	struct scene scene;
	const char *reason;

	(void)state;
	scene_init(&scene);
	assert_int_equal(group_by_parse("src/24:64", &scene.group, &reason), 0);
	scene.flow.key.flags = FLOW_IP | FLOW_IPV6;
	inet_pton(AF_INET6, "2001:db8::", scene.flow.key.src);
	assert_has(write_flow(&scene), "{\"src\": \"2001:db8::/64\", \"bytes\"");
	text_fini(&scene.text);
}

static void icmp_has_type_and_code_in_place_of_ports(void **state)
{
	struct scene scene;
	const char *text;

	(void)state;
	scene_init(&scene);
	scene.flow.key.ip_proto = IPPROTO_ICMP;
	scene.flow.key.src_port = htons(3 << 8);
	scene.flow.key.dst_port = htons(4 << 8);
	text = write_flow(&scene);
	assert_has(text, "\"icmp_type\": 3, \"icmp_code\": 4, \"proto\": \"icmp\", \"ip_proto\": 1");
	assert_lacks(text, "_port");
	assert_lacks(text, "tcp_flags");
	text_fini(&scene.text);
}

static void icmp_type_and_code_that_were_cut_are_null(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.key.ip_proto = IPPROTO_ICMP;
	scene.flow.key.src_port = htons(3 << 8);
	scene.flow.key.dst_port = htons(FLOW_ICMP_CUT);
	assert_has(write_flow(&scene), "\"icmp_type\": 3, \"icmp_code\": null, ");
	scene.flow.key.src_port = htons(FLOW_ICMP_CUT);
	assert_has(write_flow(&scene), "\"icmp_type\": null, \"icmp_code\": null, ");
	scene.flow.key.src_port = scene.flow.key.dst_port = 0;
	assert_has(write_flow(&scene), "\"icmp_type\": 0, \"icmp_code\": 0, ");
	text_fini(&scene.text);
}

static void ports_that_were_cut_are_null(void **state)
{
	struct scene scene;
	const char *reason;

	(void)state;
	scene_init(&scene);
	scene.flow.key.flags |= FLOW_NO_PORTS;
	scene.flow.key.src_port = scene.flow.key.dst_port = FLOW_PORT_CUT;
	assert_has(write_flow(&scene), "\"src_port\": null, \"dst_port\": null, \"proto\": \"tcp\"");
	assert_lacks(scene.text.bytes, "fragment");
	assert_int_equal(group_by_parse("dst_port", &scene.group, &reason), 0);
	scene.flow.key.src_port = 0;
	scene.flow.key.ip_proto = 0;
	assert_has(write_flow(&scene), "{\"dst_port\": null, \"bytes\"");
	text_fini(&scene.text);
}

static void icmp_type_comes_alone_with_src_port(void **state)
{
	struct scene scene;
	const char *reason;

	(void)state;
	scene_init(&scene);
	assert_int_equal(group_by_parse("proto,src_port", &scene.group, &reason), 0);
	scene.flow.key.ip_proto = IPPROTO_ICMPV6;
	scene.flow.key.src_port = htons(135 << 8);
	assert_has(write_flow(&scene), "{\"icmp_type\": 135, \"proto\": \"icmp6\", \"ip_proto\": 58, "
				       "\"bytes\"");
	text_fini(&scene.text);
}

static void later_fragment_has_ports_of_zero_and_is_marked(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.key.ip_proto = IPPROTO_ICMP;
	scene.flow.key.flags |= FLOW_NO_PORTS;
	scene.flow.key.src_port = 0;
	scene.flow.key.dst_port = 0;
	assert_has(write_flow(&scene), "\"src_port\": 0, \"dst_port\": 0, \"proto\": \"icmp\"");
	assert_has(scene.text.bytes, "\"interface\": \"eth0\", \"fragment\": true, \"bytes\"");
	text_fini(&scene.text);
}

static void whole_packet_is_not_marked_as_fragment(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_lacks(write_flow(&scene), "fragment");
	text_fini(&scene.text);
}

static void sizes_that_saturated_say_so(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_has(write_flow(&scene), "\"max\": 1514}");
	scene.flow.max_len = 65535;
	assert_has(write_flow(&scene), "\"max\": 65535}");
	scene.flow.marks = FLOW_SIZE_SATURATED;
	assert_has(write_flow(&scene), "\"max\": 65535, \"saturated\": true}, \"tcp_flags\"");
	text_fini(&scene.text);
}

static void headers_given_up_are_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_lacks(write_flow(&scene), "given_up");
	scene.flow.marks = FLOW_HEADERS_GIVEN_UP;
	assert_has(write_flow(&scene), "\"eth0\", \"headers_given_up\": true, \"bytes\": {");
	text_fini(&scene.text);
}

static void frame_that_is_not_ip_has_neither_addresses_nor_ports(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	memset(&scene.flow.key, 0, sizeof(scene.flow.key));
	scene.flow.key.src_port = htons(0x88cc);
	assert_has(write_flow(&scene), "{\"proto\": \"ethertype-0x88cc\", \"vlan\": null, ");
	assert_lacks(scene.text.bytes, "ip_proto");
	assert_lacks(scene.text.bytes, "tcp_flags");
	text_fini(&scene.text);
}

static void frame_that_is_not_ip_has_no_ports_where_only_they_are_grouped(void **state)
{
	struct scene scene;
	const char *reason;

	(void)state;
	scene_init(&scene);
	assert_int_equal(group_by_parse("src_port,vlan", &scene.group, &reason), 0);
	assert_has(write_flow(&scene), "{\"src_port\": 40000, \"vlan\": null, \"bytes\"");
	memset(&scene.flow.key, 0, sizeof(scene.flow.key));
	assert_has(write_flow(&scene), "{\"vlan\": null, \"bytes\"");
	text_fini(&scene.text);
}

static void tags_are_numbers_and_priority_tag_is_zero(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.key.vlan = VLAN_TAG_PRESENT | 4094;
	scene.flow.key.inner_vlan = VLAN_TAG_PRESENT;
	assert_has(write_flow(&scene), "\"vlan\": 4094, \"inner_vlan\": 0, ");
	text_fini(&scene.text);
}

static void flow_names_its_direction_and_link(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.key.flags |= FLOW_OUT | 1 << FLOW_LINK_SHIFT;
	assert_has(write_flow(&scene), "\"direction\": \"out\", \"interface\": \"eth\\\"1\", ");
	text_fini(&scene.text);
}

static void a_replay_names_the_directions_that_its_file_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.context.direction = NULL;
	scene.flow.key.vlan |= FLOW_DIRECTION_TOLD;
	assert_has(write_flow(&scene), "\"direction\": \"in\", ");
	text_fini(&scene.text);
	scene_init(&scene);
	scene.context.direction = NULL;
	scene.flow.key.vlan |= FLOW_DIRECTION_TOLD;
	scene.flow.key.flags |= FLOW_OUT;
	assert_has(write_flow(&scene), "\"vlan\": null, ");
	assert_has(scene.text.bytes, "\"direction\": \"out\", ");
	text_fini(&scene.text);
}

static void replay_has_null_for_direction_and_interface(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.context.direction = NULL;
	scene.context.link_names = NULL;
	scene.context.filter = NULL;
	scene.context.attach_count = 0;
	assert_has(write_flow(&scene), "\"direction\": null, \"interface\": null, ");
	assert_has(write_document(&scene, false), "\"attach\": [], \"direction\": null}, "
						  "\"filter\": null, ");
	text_fini(&scene.text);
}

/* Every extra measure has its value in the object of its set. */
static void extra_measures_are_told_where_they_are_asked_for(void **state)
{
	struct extra_sum extras[2] = { { 0 } };
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.extra = 1;
#define EXTRA_NUMBERED(name, kind, merge, set, before, after) \
	extras[1].name = EXTRA_##name == EXTRA_rtt_samples ? 2 : 1000000008ull + EXTRA_##name;
	EXTRA_MEASURES(EXTRA_NUMBERED)
	scene.result.extras = extras;
	assert_lacks(write_flow(&scene), "\"tcp\": ");
	scene.result.extra_sets = 1u << EXTRA_TCP;
	assert_has(write_flow(&scene), ", \"tcp\": {\"retransmitted\": {\"packets\": 1000000008, "
				       "\"bytes\": 1000000009}, \"rtt\": {\"min_ns\": 1000000010, "
				       "\"average_ns\": 500000005, \"max_ns\": 1000000012, "
				       "\"samples\": 2}, \"handshake_rtt_ns\": 1000000014, "
				       "\"zero_windows\": 1000000015, \"resets\": 1000000016}");
	scene.flow.extra = 0;
	assert_has(write_flow(&scene), "\"rtt\": {\"min_ns\": null, \"average_ns\": null, "
				       "\"max_ns\": null, \"samples\": 0}, "
				       "\"handshake_rtt_ns\": null, \"zero_windows\": 0, ");
	scene.flow.extra = 1;
	scene.flow.key.ip_proto = IPPROTO_UDP;
	assert_lacks(write_flow(&scene), "\"tcp\": ");
	scene.group.field[GROUP_PROTO] = false;
	assert_has(write_flow(&scene), ", \"tcp\": {\"retransmitted\": {\"packets\": 1000000008, ");
	text_fini(&scene.text);
}

static void a_conversation_tells_what_came_back(void **state)
{
	struct flow_result reverse;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	reverse = scene.flow;
	reverse.bytes = 7000;
	reverse.packets = 7;
	reverse.tcp_flags = 0x12;
	scene.result.reverses = &reverse;
	assert_has(write_flow(&scene), "\"last_ns\": 1763800009900000000, \"reverse\": "
		   "{\"bytes\": {\"average\": 700.0, \"total\": 7000, ");
	assert_has(write_flow(&scene), "\"tcp_flags\": \"SA\", \"first_ns\": "
		   "1763800000100000000, \"last_ns\": 1763800009900000000}}");
	reverse.packets = 0;
	assert_has(write_flow(&scene), ", \"reverse\": null}");
	scene.result.reverses = NULL;
	assert_lacks(write_flow(&scene), "reverse");
	text_fini(&scene.text);
}

static void tcp_flags_stand_in_their_order(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.tcp_flags = 0xff;
	assert_has(write_flow(&scene), "\"tcp_flags\": \"FSRPAUEC\"");
	scene.flow.tcp_flags = 0;
	assert_has(write_flow(&scene), "\"tcp_flags\": \"\"");
	text_fini(&scene.text);
}

static void counters_are_exact_up_to_the_limit(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.flow.bytes = UINT64_MAX;
	scene.flow.packets = UINT64_MAX - 1;
	assert_has(write_flow(&scene), "\"total\": 18446744073709551615, ");
	assert_has(scene.text.bytes, "\"total\": 18446744073709551614, ");
	text_fini(&scene.text);
}

static void session_averages_over_its_own_length(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.spec = &session;
	scene.result.panes = 1;
	scene.result.observed_ns = SECOND;
	scene.flow.start_ns = 0;
	scene.flow.end_ns = 5 * SECOND;
	assert_has(write_document(&scene, false), "{\"kind\": \"session\", "
						  "\"gap_ns\": 30000000000, \"start_ns\": ");
	assert_has(scene.text.bytes, "{\"average\": 3000.0, \"total\": 15000, ");
	assert_has(scene.text.bytes, "\"start_ns\": 1763800000000000000, "
				     "\"end_ns\": 1763800005000000000, \"first_ns\": ");
	text_fini(&scene.text);
}

static void short_session_averages_over_one_pane(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.spec = &session;
	scene.result.panes = 1;
	scene.result.observed_ns = 2 * SECOND;
	scene.flow.end_ns = scene.flow.start_ns;
	assert_has(write_flow(&scene), "{\"average\": 7500.0, \"total\": 15000, ");
	text_fini(&scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(group_by_leaves_fields_out),
		cmocka_unit_test(ipv6_network_carries_its_own_prefix_length),
		cmocka_unit_test(icmp_has_type_and_code_in_place_of_ports),
		cmocka_unit_test(icmp_type_and_code_that_were_cut_are_null),
		cmocka_unit_test(ports_that_were_cut_are_null),
		cmocka_unit_test(icmp_type_comes_alone_with_src_port),
		cmocka_unit_test(later_fragment_has_ports_of_zero_and_is_marked),
		cmocka_unit_test(whole_packet_is_not_marked_as_fragment),
		cmocka_unit_test(sizes_that_saturated_say_so),
		cmocka_unit_test(headers_given_up_are_told),
		cmocka_unit_test(frame_that_is_not_ip_has_neither_addresses_nor_ports),
		cmocka_unit_test(frame_that_is_not_ip_has_no_ports_where_only_they_are_grouped),
		cmocka_unit_test(tags_are_numbers_and_priority_tag_is_zero),
		cmocka_unit_test(flow_names_its_direction_and_link),
		cmocka_unit_test(a_replay_names_the_directions_that_its_file_told),
		cmocka_unit_test(replay_has_null_for_direction_and_interface),
		cmocka_unit_test(extra_measures_are_told_where_they_are_asked_for),
		cmocka_unit_test(a_conversation_tells_what_came_back),
		cmocka_unit_test(tcp_flags_stand_in_their_order),
		cmocka_unit_test(counters_are_exact_up_to_the_limit),
		cmocka_unit_test(session_averages_over_its_own_length),
		cmocka_unit_test(short_session_averages_over_one_pane),
	};

	return cmocka_run_group_tests_name("json flow", tests, NULL, NULL);
}
