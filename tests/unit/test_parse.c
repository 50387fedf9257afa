/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser on the host: built packets, cut ones, damaged ones and noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../include/account.h"
#include "guarded.h"
#include "packet_cases.h"
#include "packet_meaning.h"
#include "random.h"
#include "../user/sources/packet_parse.h"

#define NOISE_FRAMES   100000
#define NOISE_MAX      200
#define DAMAGED_FRAMES 200000

struct parsed {
	int malformed;
	struct packet packet;
	struct flow_key key;
};

static struct parsed parsed(const uint8_t *bytes, size_t len)
{
	struct cursor c = cursor_over(CURSOR_MEMORY, bytes, bytes + len);
	struct parsed p = { .packet.wants_ip_len = true };

	p.malformed = parse_ethernet(&c, &p.packet);
	packet_key(&p.packet, &p.key);
	return p;
}

/* As a replay parses: usual headers in line, all others out of line. */
static struct parsed parsed_in_replay(const uint8_t *bytes, size_t len)
{
	struct capture_packet packet = {
		.data = bytes, .caplen = (uint32_t)len, .link = LINK_ETHERNET,
	};
	struct parsed p = { .packet.wants_ip_len = true };

	p.malformed = packet_parse(&packet, &p.packet, NULL, false);
	packet_key(&p.packet, &p.key);
	return p;
}

static void print_frame(const char *name, const uint8_t *bytes, size_t len)
{
	print_error("%s, %zu bytes:", name, len);
	for (size_t i = 0; i < len; i++)
		print_error(" %02x", bytes[i]);
	print_error("\n");
}

/* The bytes of the IP packet in a frame of so many. */
static uint64_t meant_ip_bytes(const struct packet_meaning *meaning, uint64_t len)
{
	uint64_t most = len - meaning->ip_at;

	if (!(meaning->key.flags & FLOW_IP))
		return 0;
	return meaning->ip_len && meaning->ip_len < most ? meaning->ip_len : most;
}

static uint32_t told_ip_bytes(const struct parsed *p, size_t len)
{
	const struct packet_size size = packet_size_single((uint32_t)len);

	return ip_bytes_of_packet(&size, p->packet.ip_len, p->packet.link_len);
}

static void expect_parsed(const struct parsed *p, const struct packet_meaning *meaning, size_t len)
{
	assert_int_equal(p->malformed, meaning->malformed);
	if (p->malformed)
		return;
	assert_memory_equal(&p->key, &meaning->key, sizeof(p->key));
	assert_int_equal(p->packet.tcp_flags, meaning->tcp_flags);
	assert_int_equal(p->packet.marks, meaning->marks);
	assert_int_equal(told_ip_bytes(p, len), meant_ip_bytes(meaning, len));
}

static bool is_parsed_as(const struct parsed *p, const struct packet_meaning *meaning, size_t len)
{
	if (p->malformed || meaning->malformed)
		return p->malformed == meaning->malformed;
	return !memcmp(&p->key, &meaning->key, sizeof(p->key)) &&
	       p->packet.tcp_flags == meaning->tcp_flags && p->packet.marks == meaning->marks &&
	       told_ip_bytes(p, len) == meant_ip_bytes(meaning, len);
}

/* The parser finds in these bytes what the definition does. */
static void expect_meaning(const char *name, const uint8_t *bytes, size_t len)
{
	struct packet_meaning meaning = packet_meaning_of(bytes, len);
	struct parsed whole = parsed(bytes, len), in_replay = parsed_in_replay(bytes, len);

	if (is_parsed_as(&whole, &meaning, len) && is_parsed_as(&in_replay, &meaning, len))
		return;
	print_frame(name, bytes, len);
	expect_parsed(&whole, &meaning, len);
	expect_parsed(&in_replay, &meaning, len);
}

static void expect_case(const char *name, const struct frame *f, const struct expectation *is)
{
	struct parsed p = parsed(f->bytes, f->len);
	struct flow_key key = expected_key(is);

	if (p.malformed != is->malformed)
		fail_msg("%s: %d", name, p.malformed);
	if (is->malformed)
		return;
	if (memcmp(&p.key, &key, sizeof(key)))
		print_frame(name, f->bytes, f->len);
	assert_memory_equal(&p.key, &key, sizeof(key));
	assert_int_equal(p.packet.tcp_flags, is->tcp_flags);
	assert_int_equal(p.packet.marks, is->marks);
	if (is->proto != IPPROTO_UDPLITE && is->proto != IPPROTO_DCCP)
		assert_int_equal(p.packet.headers_len, is->headers_len);
}

static void every_packet_has_the_key_that_it_was_built_with(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		expect_case(packet_cases[i].name, &f, &packet_cases[i].is);
	}
}

static void the_definition_says_the_same_of_every_packet(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		expect_meaning(packet_cases[i].name, f.bytes, f.len);
	}
}

static void a_packet_cut_anywhere_is_read_to_its_end_and_not_beyond(void **state)
{
	struct guarded g = guarded_create(FRAME_MAX);
	struct frame f;

	(void)state;
	for (size_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		for (size_t len = 0; len <= f.len; len++)
			expect_meaning(packet_cases[i].name, guarded_place(&g, f.bytes, len), len);
	}
	guarded_destroy(&g);
}

/* Where an uncut TCP packet over this IP version ends to be each of the things it is. */
static void expect_cuts(const struct layer *layers, size_t ip_end, int reason)
{
	struct frame f;

	frame_build(&f, layers);
	for (size_t len = 0; len <= f.len; len++) {
		struct parsed p = parsed(f.bytes, len);

		if (len < 14)
			assert_int_equal(p.malformed, 1 + MALFORMED_LINK_HEADER_CUT);
		else if (len < ip_end)
			assert_int_equal(p.malformed, 1 + reason);
		else
			assert_int_equal(p.malformed, 0);
		if (p.malformed)
			continue;
		assert_int_equal(p.key.src_port,
				 len < ip_end + 4 ? FLOW_PORT_CUT : htons(SRC_PORT));
		assert_int_equal(p.key.dst_port,
				 len < ip_end + 4 ? FLOW_PORT_CUT : htons(DST_PORT));
		assert_int_equal(flow_key_tells_port(&p.key, p.key.src_port), len >= ip_end + 4);
		assert_false(flow_key_is_later_fragment(&p.key));
		assert_int_equal(p.packet.tcp_flags, len < ip_end + 14 ? 0 : SYN_ACK);
	}
}

static void a_cut_packet_loses_flags_then_ports_then_its_key(void **state)
{
	const struct layer ipv4[FRAME_LAYERS] = { ETHERNET, IPV4, TCP(SYN_ACK) };
	const struct layer ipv6[FRAME_LAYERS] = { ETHERNET, IPV6, TCP(SYN_ACK) };

	(void)state;
	expect_cuts(ipv4, 34, MALFORMED_IPV4_HEADER_CUT);
	expect_cuts(ipv6, 54, MALFORMED_IPV6_HEADER_CUT);
}

/* A UDP packet behind so many tags, of VLAN 1, 2, ... */
static void build_tagged(struct frame *f, int tags)
{
	const struct layer ethernet = ETHERNET, end[FRAME_LAYERS] = { IPV4, UDP };
	struct layer layers[FRAME_LAYERS] = { ethernet };

	for (int i = 1; i <= tags; i++)
		layers[i] = (struct layer)VLAN((uint32_t)i);
	memcpy(layers + 1 + tags, end, 2 * sizeof(*end));
	frame_build(f, layers);
}

static void eight_tags_are_skipped_and_the_ninth_is_an_ethertype(void **state)
{
	struct frame f;

	(void)state;
	for (int tags = 0; tags <= 10; tags++) {
		struct expectation is = { IP4(IPPROTO_UDP), PORTS };

		if (tags > 8)
			is = (struct expectation){ .src_port = ETH_P_8021Q,
						   .marks = FLOW_HEADERS_GIVEN_UP };
		else
			is.headers_len = 42 + 4 * (__u32)tags;
		is.vlan = tags > 0 ? ID(1) : 0;
		is.inner_vlan = tags > 1 ? ID(2) : 0;
		build_tagged(&f, tags);
		expect_case("tags", &f, &is);
		expect_meaning("tags", f.bytes, f.len);
	}
}

static void twelve_extension_headers_are_walked(void **state)
{
	const struct layer begin[] = { ETHERNET, IPV6 }, end = UDP;
	struct frame f;

	(void)state;
	for (int extensions = 0; extensions <= 12; extensions++) {
		struct layer layers[FRAME_LAYERS] = { begin[0], begin[1] };
		struct expectation is = { IP6(IPPROTO_UDP), PORTS };

		is.headers_len = 62 + 16 * (__u32)extensions;
		for (int i = 0; i < extensions; i++)
			layers[2 + i] = (struct layer)EXTENSION(IPV6_EXT_DESTINATION, 16);
		layers[2 + extensions] = end;
		frame_build(&f, layers);
		expect_case("extension headers", &f, &is);
		expect_meaning("extension headers", f.bytes, f.len);
	}
}

static void a_chain_of_extension_headers_is_given_up_past_the_limit(void **state)
{
	struct frame f;

	(void)state;
	for (uint32_t headers = 120; headers <= 135; headers++) {
		struct expectation is = { IP6(IPPROTO_UDP), PORTS, .headers_len = 62 + 8 * headers };

		if (headers > PARSE_IPV6_EXTENSIONS_MAX)
			is = (struct expectation){ IP6(IPV6_EXT_DESTINATION),
						   .marks = FLOW_HEADERS_GIVEN_UP };
		frame_build_chain(&f, headers);
		expect_case("chain", &f, &is);
		expect_meaning("chain", f.bytes, f.len);
	}
}

static void every_ip_length_limits_what_is_read(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		if (!f.ip_at)
			continue;
		for (uint32_t length = 0; length < f.len + 2; length++) {
			frame_set16(&f, f.length_at, length);
			expect_meaning(packet_cases[i].name, f.bytes, f.len);
		}
	}
}

static void damaged_packets_are_what_the_definition_makes_of_them(void **state)
{
	struct guarded g = guarded_create(FRAME_MAX);
	uint64_t seed = 0x3141592653589793;
	struct frame f;

	(void)state;
	for (int i = 0; i < DAMAGED_FRAMES; i++) {
		size_t len;

		frame_build(&f, packet_cases[random_below(&seed, PACKET_CASES)].layers);
		for (uint32_t n = 1 + random_below(&seed, 4); n; n--)
			f.bytes[random_below(&seed, f.len)] = (uint8_t)random_next(&seed);
		len = random_below(&seed, 4) ? f.len : random_below(&seed, f.len + 1);
		expect_meaning("damaged", guarded_place(&g, f.bytes, len), len);
	}
	guarded_destroy(&g);
}

/* Most noise would be of an unknown EtherType: half of it begins as if it were a packet. */
static void noise_begin(uint64_t *seed, uint8_t *bytes, size_t len)
{
	static const uint16_t types[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD };
	uint32_t choice = random_below(seed, 8);

	if (choice > 3 || len < 21)
		return;
	bytes[12] = (uint8_t)(types[choice] >> 8);
	bytes[13] = (uint8_t)types[choice];
	bytes[14] = (uint8_t)(choice ? 0x60 : 0x45);
	if (choice == 1)
		bytes[20] = (uint8_t)(random_below(seed, 2) ? 44 : 60);
}

static void noise_is_what_the_definition_makes_of_it(void **state)
{
	struct guarded g = guarded_create(FRAME_MAX);
	uint64_t seed = 0x2718281828459045;
	uint8_t bytes[NOISE_MAX];

	(void)state;
	for (int i = 0; i < NOISE_FRAMES; i++) {
		size_t len = random_below(&seed, NOISE_MAX + 1);

		random_fill(&seed, bytes, len);
		noise_begin(&seed, bytes, len);
		expect_meaning("noise", guarded_place(&g, bytes, len), len);
	}
	guarded_destroy(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_has_the_key_that_it_was_built_with),
		cmocka_unit_test(the_definition_says_the_same_of_every_packet),
		cmocka_unit_test(a_packet_cut_anywhere_is_read_to_its_end_and_not_beyond),
		cmocka_unit_test(a_cut_packet_loses_flags_then_ports_then_its_key),
		cmocka_unit_test(eight_tags_are_skipped_and_the_ninth_is_an_ethertype),
		cmocka_unit_test(twelve_extension_headers_are_walked),
		cmocka_unit_test(a_chain_of_extension_headers_is_given_up_past_the_limit),
		cmocka_unit_test(every_ip_length_limits_what_is_read),
		cmocka_unit_test(damaged_packets_are_what_the_definition_makes_of_them),
		cmocka_unit_test(noise_is_what_the_definition_makes_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
