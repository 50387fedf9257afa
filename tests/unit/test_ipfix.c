/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipfix_scene.h"

#define MANY 5000

static void flow_is_a_record_of_the_ipv4_template(void **state)
{
	struct collector *collector = *state;

	send_window(collector);
	assert_int_equal(collector->templates, 6);
	assert_int_equal(collector->records, 2);
	assert_int_equal(collector->options, 1);
	assert_int_equal(collector->last_set, 256);
	assert_int_equal(collector->last[2], 30);
	assert_int_equal(collector->last[352], 15000);
	assert_int_equal(collector->last[8], 0x0a000001);
	assert_int_equal(collector->last[12], 0x0a000002);
	assert_int_equal(collector->last[7], 40000);
	assert_int_equal(collector->last[11], 443);
	assert_int_equal(collector->last[4], IPPROTO_TCP);
	assert_int_equal(collector->last[6], 0x1b);
	assert_int_equal(collector->last[61], 0);
	assert_int_equal(collector->last[136], 2);
	assert_int_equal(collector->last[152], EPOCH / 1000000 + 100);
	assert_int_equal(collector->last[153], EPOCH / 1000000 + 9900);
}

static void icmp_has_type_and_code_in_one(void **state)
{
	struct collector *collector = *state;
	struct flow_key *key = &collector->scene.flow.key;

	key->ip_proto = IPPROTO_ICMP;
	key->src_port = htons(3 << 8);
	key->dst_port = htons(1 << 8);
	send_window(collector);
	assert_int_equal(collector->last_set, 257);
	assert_int_equal(collector->last[32], 0x0301);
	assert_int_equal(collector->last[7], 0);
}

static void ipv6_and_tags_are_told(void **state)
{
	struct collector *collector = *state;
	struct flow_key *key = &collector->scene.flow.key;
	uint8_t address[16];

	assert_int_equal(inet_pton(AF_INET6, "2001:db8::2", address), 1);
	memcpy(key->dst, address, sizeof(address));
	key->flags = FLOW_IP | FLOW_IPV6 | FLOW_OUT;
	key->vlan = VLAN_TAG_PRESENT | 100;
	key->inner_vlan = VLAN_TAG_PRESENT | 200;
	send_window(collector);
	assert_int_equal(collector->last_set, 258);
	assert_memory_equal(collector->dst, address, 16);
	assert_int_equal(collector->last[243], 100);
	assert_int_equal(collector->last[245], 200);
	assert_int_equal(collector->last[61], 1);
	assert_int_equal(collector->last[10], 0);
}

static void what_is_not_ip_has_its_ethertype(void **state)
{
	struct collector *collector = *state;
	struct flow_key *key = &collector->scene.flow.key;

	memset(key, 0, sizeof(*key));
	key->src_port = htons(0x0806);
	send_window(collector);
	assert_int_equal(collector->last_set, 260);
	assert_int_equal(collector->last[256], 0x0806);
	assert_int_equal(collector->packets, 30);
}

static void fields_that_the_group_leaves_out_are_not_there(void **state)
{
	struct collector *collector = *state;
	const char *reason = NULL;

	assert_int_equal(group_by_parse("src/24", &collector->scene.group, &reason), 0);
	send_window(collector);
	assert_int_equal(collector->last[9], 24);
	for (size_t i = 0; i < collector->layouts[0].count; i++) {
		uint16_t number = collector->layouts[0].fields[i].number;

		assert_true(number != 12 && number != 7 && number != 4 && number != 61);
	}
}

static void what_came_back_stands_in_reverse_elements(void **state)
{
	struct collector *collector = *state;
	struct flow_result reverse = collector->scene.flow;

	reverse.packets = 7;
	collector->scene.result.reverses = &reverse;
	send_window(collector);
	assert_int_equal(collector->packets, 30);
	assert_int_equal(collector->back_packets, 7);
	assert_int_equal(collector->last[239], 1);
}

/* 0 is a value; without one the element is not there. */
static bool has_element(const struct layout *layout, uint16_t number, uint32_t pen)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->fields[i].number == number && layout->fields[i].pen == pen)
			return true;
	}
	return false;
}

static void octets_are_those_of_ip_packets_of_both_ways(void **state)
{
	struct collector *collector = *state;
	struct flow_result reverse = collector->scene.flow;
	struct extra_sum extras[] = { { .ip_bytes = 11 }, { .ip_bytes = 1ull << 40 } };

	assert_true(ipfix_encoder.extra_sets == 1u << EXTRA_IP);
	reverse.extra = 1;
	collector->scene.result.reverses = &reverse;
	collector->scene.result.extras = extras;
	collector->scene.result.extra_sets = ipfix_encoder.extra_sets;
	send_window(collector);
	assert_int_equal(collector->last[1], 11);
	assert_int_equal(collector->back_octets, 1ull << 40);
	assert_true(has_element(&collector->layouts[3], 1, REVERSE));
	assert_false(has_element(&collector->layouts[4], 1, 0)); /* what is not IP */
	assert_true(has_element(&collector->layouts[4], 352, 0));
}

static void account_tells_what_no_record_has(void **state)
{
	struct collector *collector = *state;
	struct window_result *result = &collector->scene.result;

	result->counts.outcome[PACKET_FLOW] = (struct tally){ 35, 16000 };
	result->counts.outcome[PACKET_UNATTRIBUTED] = (struct tally){ 4, 400 };
	result->counts.outcome[PACKET_FILTERED] = (struct tally){ 100, 9999 };
	result->health.dropped_packets = 6;
	result->flows_omitted = 2;
	result->evicted_flows = 1;
	send_window(collector);
	assert_int_equal(collector->last_option[318], 100 + 35 + 1 + 4);
	assert_int_equal(collector->last_option[319], 35 + 1 + 4);
	assert_int_equal(collector->last_option[2], 35);
	assert_int_equal(collector->last_option[352], 16000);
	assert_int_equal(collector->last_option[133], 6);
	assert_int_equal(collector->last_option[164], 1 + 4);
	assert_int_equal(collector->last_option[165], 60 + 400);
	assert_int_equal(collector->last_option[166], 3);
	assert_int_equal(collector->last_option[167], 5);
	assert_int_equal(collector->last_option[168], 1000);
}

static void many_flows_fill_messages_in_sequence(void **state)
{
	struct collector *collector = *state;
	struct flow_result *flows = calloc(MANY, sizeof(*flows));

	for (uint32_t i = 0; i < MANY; i++) {
		flows[i] = collector->scene.flow;
		flows[i].key.src_port = htons((uint16_t)i);
		if (i % 3 == 0)
			flows[i].key.flags |= FLOW_IPV6;
	}
	collector->scene.result.flows = flows;
	collector->scene.result.flow_count = MANY;
	collector->scene.result.counts.outcome[PACKET_FLOW] = (struct tally){ 30ull * MANY,
									      15000ull * MANY };
	send_window(collector);
	send_window(collector);
	free(flows);
	assert_int_equal(collector->records, 2 * (MANY + 1));
	assert_int_equal(collector->packets, 2 * 30ull * MANY);
	assert_int_equal(collector->bytes, 2 * 15000ull * MANY);
	assert_int_equal(collector->last_option[167], 0);
	assert_true(collector->messages > 2);
	assert_in_range(collector->longest, 1000, 9000 - 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flow_is_a_record_of_the_ipv4_template),
		TEST(icmp_has_type_and_code_in_one),
		TEST(ipv6_and_tags_are_told),
		TEST(what_is_not_ip_has_its_ethertype),
		TEST(fields_that_the_group_leaves_out_are_not_there),
		TEST(what_came_back_stands_in_reverse_elements),
		TEST(octets_are_those_of_ip_packets_of_both_ways),
		TEST(account_tells_what_no_record_has),
		TEST(many_flows_fill_messages_in_sequence),
	};

	return cmocka_run_group_tests_name("ipfix", tests, NULL, NULL);
}
