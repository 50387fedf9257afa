/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guarded.h"
#include "packet_meaning.h"
#include "random.h"
#include "tunnel_cases.h"
#include "../user/sources/packet_parse.h"

#define DAMAGED_FRAMES 200000

struct found {
	int malformed;
	struct packet packet;
	struct inward in;
	struct flow_key key;
};

/* As a replay does it. */
static struct found found_in(const uint8_t *bytes, size_t len)
{
	const struct capture_packet packet = { .data = bytes, .caplen = (uint32_t)len,
					       .link = LINK_ETHERNET };
	struct found found = { 0 };

	found.malformed = packet_parse(&packet, &found.packet, &found.in, true);
	packet_key(&found.packet, &found.key);
	found.key.tunnel = found.in.tunnel;
	return found;
}

static void every_packet_has_the_key_of_the_innermost_one(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < TUNNEL_CASES; i++) {
		const struct tunnel_case *it = &tunnel_cases[i];
		struct flow_key key = expected_key(&it->is);
		struct found found;

		key.tunnel = it->tunnel;
		frame_build(&f, it->layers);
		found = found_in(f.bytes, f.len);
		if (found.malformed || memcmp(&found.key, &key, sizeof(key)) ||
		    found.packet.headers_len != it->is.headers_len)
			fail_msg("%s: malformed %d, protocol %u, ports %u %u, headers %u, tunnel %llx",
				 it->name, found.malformed, found.key.ip_proto,
				 ntohs(found.key.src_port), ntohs(found.key.dst_port),
				 found.packet.headers_len, (unsigned long long)found.key.tunnel);
		assert_int_equal(found.packet.tcp_flags, it->is.tcp_flags);
		assert_int_equal(found.packet.marks, it->is.marks);
	}
}

/* Nothing inside makes a packet malformed, or of another link: what is outside does. */
static void expect_outside_kept(const uint8_t *bytes, size_t len)
{
	struct packet_meaning meaning = packet_meaning_of(bytes, len);
	struct found found = found_in(bytes, len);

	assert_int_equal(found.malformed, meaning.malformed);
	if (found.malformed)
		return;
	if (!found.in.depth && !found.in.tunnel && meaning.key.flags & FLOW_IP)
		assert_memory_equal(&found.key, &meaning.key, sizeof(found.key));
	assert_true(!(meaning.key.flags & FLOW_IP) || found.key.flags & FLOW_IP);
	assert_int_equal(found.key.vlan ? found.key.vlan : 0,
			 meaning.key.vlan ? meaning.key.vlan : found.key.vlan);
	assert_true(found.in.depth <= INWARD_DEPTH_MAX);
}

static void a_packet_cut_anywhere_is_read_to_its_end_and_not_beyond(void **state)
{
	struct guarded g = guarded_create(FRAME_MAX);
	struct frame f;

	(void)state;
	for (size_t i = 0; i < TUNNEL_CASES; i++) {
		frame_build(&f, tunnel_cases[i].layers);
		for (size_t len = 0; len <= f.len; len++)
			expect_outside_kept(guarded_place(&g, f.bytes, len), len);
	}
	guarded_destroy(&g);
}

static void damaged_packets_are_what_they_are_outside(void **state)
{
	struct guarded g = guarded_create(FRAME_MAX);
	uint64_t seed = 0x6a09e667f3bcc908;
	struct frame f;

	(void)state;
	for (int i = 0; i < DAMAGED_FRAMES; i++) {
		size_t len;

		frame_build(&f, tunnel_cases[random_below(&seed, TUNNEL_CASES)].layers);
		for (uint32_t n = random_below(&seed, 4); n; n--)
			f.bytes[random_below(&seed, f.len)] = (uint8_t)random_next(&seed);
		len = random_below(&seed, 4) ? f.len : random_below(&seed, f.len + 1);
		expect_outside_kept(guarded_place(&g, f.bytes, len), len);
	}
	guarded_destroy(&g);
}

static void nine_headers_are_entered_and_more_is_said(void **state)
{
	struct frame f;

	(void)state;
	for (uint32_t inside = 0; inside <= 14; inside++) {
		bool is_whole = inside <= INWARD_DEPTH_MAX;
		struct found found;

		frame_build_nested(&f, inside);
		found = found_in(f.bytes, f.len);
		assert_int_equal(found.malformed, 0);
		assert_int_equal(found.in.depth, is_whole ? inside : INWARD_DEPTH_MAX);
		assert_int_equal(found.key.ip_proto, is_whole ? IPPROTO_TCP : IPPROTO_IPIP);
		assert_int_equal(found.packet.marks, is_whole ? 0 : FLOW_HEADERS_GIVEN_UP);
		assert_int_equal(found.key.tunnel, inside ? tunnel_of(TUNNEL_IPIP) : 0);
	}
}

static void stack_of_labels_is_given_up_past_the_limit(void **state)
{
	const struct layer ethernet[FRAME_LAYERS] = { ETHERNET };
	const struct layer label = MPLS(1, 0), last = MPLS(2, 1), ip = IPV4, tcp = TCP(SYN_ACK);
	struct frame f;

	(void)state;
	for (uint32_t labels = 126; labels <= 130; labels++) {
		struct found found;

		frame_build(&f, ethernet);
		for (uint32_t i = 1; i < labels; i++)
			label.put(&f, &label);
		last.put(&f, &last);
		ip.put(&f, &ip);
		tcp.put(&f, &tcp);
		found = found_in(f.bytes, f.len);
		assert_int_equal(found.key.flags & FLOW_IP, labels <= INWARD_LABELS_MAX);
		assert_int_equal(found.packet.marks,
				 labels <= INWARD_LABELS_MAX ? 0 : FLOW_HEADERS_GIVEN_UP);
	}
}

static void numbers_of_one_direction_are_not_of_both(void **state)
{
	(void)state;
	assert_int_equal(tunnel_of_both_ways(tunnel_numbered(TUNNEL_GTP, 5)),
			 tunnel_of(TUNNEL_GTP));
	assert_int_equal(tunnel_of_both_ways(tunnel_numbered(TUNNEL_VXLAN, 5)),
			 tunnel_numbered(TUNNEL_VXLAN, 5));
	assert_int_equal(tunnel_of_both_ways(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_has_the_key_of_the_innermost_one),
		cmocka_unit_test(a_packet_cut_anywhere_is_read_to_its_end_and_not_beyond),
		cmocka_unit_test(damaged_packets_are_what_they_are_outside),
		cmocka_unit_test(nine_headers_are_entered_and_more_is_said),
		cmocka_unit_test(stack_of_labels_is_given_up_past_the_limit),
		cmocka_unit_test(numbers_of_one_direction_are_not_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
