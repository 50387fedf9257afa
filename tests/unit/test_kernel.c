/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs in the kernel see in every packet what the parser on the host sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/tcp.h>

#include "kernel_scene.h"
#include "packet_cases.h"
#include "privilege.h"
#include "random.h"

#define DAMAGED_FRAMES 4000
#define NOISE_FRAMES   2000
#define NOISE_MAX      150

static int open_scene(void **state)
{
	static struct scene scene;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	scene_open(&scene, (struct scene_options){ .slots = 65536 });
	*state = &scene;
	return 0;
}

static int close_scene(void **state)
{
	if (*state)
		scene_close(*state);
	return 0;
}

static void every_packet_has_the_same_key_in_the_kernel(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		scene_count_all(*state, f.bytes, f.len);
		frame_number(&f, i);
		scene_count_all(*state, f.bytes, f.len);
	}
	scene_expect_same(*state);
}

static __u8 handshake_marks(__u8 tcp_flags)
{
	if (!(tcp_flags & TH_SYN))
		return 0;
	return tcp_flags & TH_ACK ? FLOW_SYN_ACK : FLOW_SYN;
}

/* The one packet of a pane is what it was built as. */
static void expect_in_kernel(const struct drained *d, const struct expectation *is, __u8 flags)
{
	struct flow_key key = expected_key(is);

	if (is->malformed) {
		assert_int_equal(d->count, 0);
		assert_int_equal(d->malformed_reason[is->malformed - 1], 1);
		assert_int_equal(d->outcome[PACKET_MALFORMED].packets, 1);
		return;
	}
	key.flags |= flags;
	key_set_link(&key, SCENE_LINK);
	assert_int_equal(d->count, 1);
	assert_int_equal(d->records[0].packets, 1);
	assert_true(slot_has_key(&d->records[0], &key));
	assert_int_equal(d->records[0].tcp_flags, is->tcp_flags);
	assert_int_equal(d->records[0].marks, is->marks | handshake_marks(is->tcp_flags));
}

static void the_kernel_finds_what_the_packet_was_built_with(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		struct test_packet packet = { .bytes = f.bytes };
		enum program_kind kind = i % ETHERNET_KINDS;
		struct drained d;

		frame_build(&f, packet_cases[i].layers);
		packet.len = f.len;
		if (!test_run_takes(kind, f.bytes, f.len))
			kind = PROGRAM_XDP;
		assert_int_equal(scene_run_kernel(*state, kind, &packet), 0);
		d = scene_drain_kernel(*state);
		expect_in_kernel(&d, &packet_cases[i].is,
				 kind == PROGRAM_TC_EGRESS ? FLOW_OUT : 0);
		drained_free(&d);
	}
}

/* The layers, behind a tag: so that TC gets packets that are cut in the IP header too. */
static void frame_build_tagged(struct frame *f, const struct layer *layers)
{
	const struct layer vlan = VLAN(77);
	struct layer tagged[FRAME_LAYERS] = { layers[0], vlan };

	memcpy(tagged + 2, layers + 1, sizeof(tagged) - 2 * sizeof(*tagged));
	frame_build(f, tagged);
}

static void a_cut_packet_is_the_same_in_the_kernel(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < 2 * PACKET_CASES; i++) {
		if (i < PACKET_CASES)
			frame_build(&f, packet_cases[i].layers);
		else
			frame_build_tagged(&f, packet_cases[i - PACKET_CASES].layers);
		for (uint32_t len = TEST_RUN_MIN; len < f.len; len += len < 300 ? 1 : 17) {
			frame_number(&f, i << 12 | len);
			scene_count_all(*state, f.bytes, len);
		}
	}
	scene_expect_same(*state);
}

static void tags_and_extension_headers_end_at_the_same_number(void **state)
{
	const struct layer ethernet = ETHERNET, ipv6 = IPV6, udp = UDP;
	struct frame f;

	need_root();
	for (int count = 0; count <= 12; count++) {
		struct layer tags[FRAME_LAYERS] = { ethernet };
		struct layer chain[FRAME_LAYERS] = { ethernet, ipv6 };

		for (int i = 0; i < count; i++) {
			tags[1 + i] = (struct layer)VLAN((uint32_t)i + 1);
			chain[2 + i] = (struct layer)EXTENSION(IPV6_EXT_DESTINATION, 16);
		}
		tags[1 + count] = ipv6;
		tags[2 + count] = chain[2 + count] = udp;
		frame_build(&f, tags);
		scene_count_all(*state, f.bytes, f.len);
		frame_build(&f, chain);
		frame_number(&f, (uint32_t)count);
		scene_count_all(*state, f.bytes, f.len);
	}
	scene_expect_same(*state);
}

static void a_chain_past_the_limit_is_given_up_in_the_kernel_too(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t headers = 126; headers <= 131; headers++) {
		struct test_packet packet = { .bytes = f.bytes };
		struct drained d;

		frame_build_chain(&f, headers);
		packet.len = f.len;
		for (int kind = 0; kind < ETHERNET_KINDS; kind++) {
			assert_int_equal(scene_run_kernel(*state, (enum program_kind)kind, &packet),
					 0);
			d = scene_drain_kernel(*state);
			assert_int_equal(d.count, 1);
			assert_int_equal(d.records[0].marks,
					 headers > 128 ? FLOW_HEADERS_GIVEN_UP : 0);
			assert_int_equal(d.records[0].ip_proto,
					 headers > 128 ? IPV6_EXT_DESTINATION : IPPROTO_UDP);
			drained_free(&d);
		}
	}
}

static void damaged_packets_are_the_same_in_the_kernel(void **state)
{
	uint64_t seed = 0x3141592653589793;
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < DAMAGED_FRAMES; i++) {
		frame_build(&f, packet_cases[random_below(&seed, PACKET_CASES)].layers);
		frame_number(&f, i);
		for (uint32_t n = 1 + random_below(&seed, 4); n; n--)
			f.bytes[random_below(&seed, f.len)] = (uint8_t)random_next(&seed);
		scene_count_all(*state, f.bytes, f.len);
	}
	scene_expect_same(*state);
}

static void noise_is_the_same_in_the_kernel(void **state)
{
	static const uint8_t begins[][3] = { { 8, 0, 0x45 }, { 8, 0, 0x46 }, { 0x86, 0xdd, 0x60 },
					     { 0x81, 0, 0 } };
	uint64_t seed = 0x2718281828459045;
	uint8_t bytes[NOISE_MAX];

	need_root();
	for (int i = 0; i < NOISE_FRAMES; i++) {
		uint32_t len = TEST_RUN_MIN + random_below(&seed, NOISE_MAX - TEST_RUN_MIN + 1);
		uint32_t begin = random_below(&seed, 5);

		random_fill(&seed, bytes, len);
		if (begin < 4 && len > 20)
			memcpy(bytes + 12, begins[begin], 3);
		if (begin == 2 && len > 20)
			bytes[20] = (uint8_t)(random_below(&seed, 2) ? 44 : 60);
		scene_count_all(*state, bytes, len);
	}
	scene_expect_same(*state);
}

/* The TCP header lies in the first buffer, across two, or in the second. */
static void headers_in_later_buffers_are_found(void **state)
{
	const struct layer chain[FRAME_LAYERS] = {
		ETHERNET, IPV6, EXTENSION(60, 2048), EXTENSION(60, 2048), TCP(SYN_ACK),
		PAYLOAD(4000),
	};
	struct frame f;

	need_root();
	for (uint32_t size = 8; size <= 2048; size += 8) {
		struct layer layers[FRAME_LAYERS];
		struct test_packet packet = { .bytes = f.bytes };

		memcpy(layers, chain, sizeof(layers));
		layers[2].b = size;
		frame_build(&f, layers);
		frame_number(&f, size);
		packet.len = f.len;
		scene_count(*state, PROGRAM_XDP_FRAGS, &packet);
	}
	scene_expect_same(*state);
}

/* Kernels from 6.18 take the length of the first buffer from the test. */
static void a_first_buffer_of_any_length_gives_the_same_key(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		struct test_packet packet = { .bytes = f.bytes };

		frame_build(&f, packet_cases[i].layers);
		packet.len = f.len;
		for (packet.linear = 14; packet.linear < f.len && packet.linear < 200;
		     packet.linear++) {
			frame_number(&f, i << 12 | packet.linear);
			if (scene_run_kernel(*state, PROGRAM_XDP_FRAGS, &packet)) {
				print_message("skipped: this kernel does not take the length\n");
				skip();
			}
			scene_count_host(*state, PROGRAM_XDP_FRAGS, &packet);
		}
	}
	scene_expect_same(*state);
}

static void large_packets_are_counted_with_their_whole_length(void **state)
{
	const uint32_t sizes[] = { 1514, 3400, 3500, 3600, 4096, 9014, 16000, 32000 };
	struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV4, TCP(SYN_ACK) };
	struct frame f;

	need_root();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct test_packet packet = { .bytes = f.bytes, .len = sizes[i] };

		layers[3] = (struct layer)PAYLOAD(sizes[i] - 54);
		frame_build(&f, layers);
		scene_count(*state, PROGRAM_XDP_FRAGS, &packet);
	}
	scene_expect_same(*state);
}

#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scene(every_packet_has_the_same_key_in_the_kernel),
		in_scene(the_kernel_finds_what_the_packet_was_built_with),
		in_scene(a_cut_packet_is_the_same_in_the_kernel),
		in_scene(tags_and_extension_headers_end_at_the_same_number),
		in_scene(a_chain_past_the_limit_is_given_up_in_the_kernel_too),
		in_scene(damaged_packets_are_the_same_in_the_kernel),
		in_scene(noise_is_the_same_in_the_kernel),
		in_scene(headers_in_later_buffers_are_found),
		in_scene(a_first_buffer_of_any_length_gives_the_same_key),
		in_scene(large_packets_are_counted_with_their_whole_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
