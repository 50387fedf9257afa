/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets in tunnels: the programs that look into them, beside the same lines on the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_scene.h"
#include "privilege.h"
#include "random.h"
#include "tunnel_cases.h"

#define DAMAGED_FRAMES 20000
#define PAYLOAD_LEN    3000
#define GSO_SIZE       1200

static int open_as(void **state, struct scene_options options)
{
	static struct scene scene;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	scene_open(&scene, options);
	*state = &scene;
	return 0;
}

static int open_scene(void **state)
{
	return open_as(state, (struct scene_options){ .slots = 65536, .has_extra = true,
						      .has_tunnels = true });
}

/* Flows are those outside; merged packets are looked into all the same. */
static int open_outside(void **state)
{
	return open_as(state, (struct scene_options){ 0 });
}

/* All that may be asked for together: more for the verifier to look at. */
static int open_all(void **state)
{
	return open_as(state, (struct scene_options){ .slots = 65536, .has_extra = true,
						      .has_tunnels = true, .has_ip_bytes = true,
						      .realtime = true,
						      .group = "src,dst_port,proto,tunnel_id" });
}

static int open_grouped(void **state)
{
	return open_as(state, (struct scene_options){ .has_extra = true, .has_tunnels = true,
						      .group = "proto,tunnel" });
}

static int close_scene(void **state)
{
	if (*state)
		scene_close(*state);
	return 0;
}

static void every_packet_is_the_same_in_the_kernel(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < TUNNEL_CASES; i++) {
		frame_build(&f, tunnel_cases[i].layers);
		scene_count_all(*state, f.bytes, f.len);
		frame_number(&f, i);
		scene_count_all(*state, f.bytes, f.len);
	}
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		frame_number(&f, i);
		scene_count_all(*state, f.bytes, f.len);
	}
	for (uint32_t inside = 0; inside < 14; inside++) {
		frame_build_nested(&f, inside);
		scene_count_all(*state, f.bytes, f.len);
	}
	scene_expect_same(*state);
}

static void the_kernel_finds_what_the_packet_was_built_with(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < TUNNEL_CASES * ETHERNET_KINDS; i++) {
		const struct tunnel_case *it = &tunnel_cases[i / ETHERNET_KINDS];
		enum program_kind kind = i % ETHERNET_KINDS;
		struct flow_key key = expected_key(&it->is);
		struct test_packet packet = { .bytes = f.bytes };
		struct drained d;

		frame_build(&f, it->layers);
		packet.len = f.len;
		if (!test_run_takes(kind, f.bytes, f.len))
			continue;
		assert_int_equal(scene_run_kernel(*state, kind, &packet), 0);
		d = scene_drain_kernel(*state);
		key.flags |= kind == PROGRAM_TC_EGRESS ? FLOW_OUT : 0;
		key_set_link(&key, SCENE_LINK);
		assert_int_equal(d.count, 1);
		if (!slot_has_key(&d.records[0], &key) || d.records[0].bytes != f.len)
			fail_msg("%s, program %d", it->name, kind);
		assert_int_equal(d.tunnels, it->tunnel);
		drained_free(&d);
	}
}

static void a_cut_packet_is_the_same_in_the_kernel(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < TUNNEL_CASES; i++) {
		frame_build(&f, tunnel_cases[i].layers);
		for (uint32_t len = TEST_RUN_MIN; len < f.len; len++) {
			frame_number(&f, i << 12 | len);
			scene_count_all(*state, f.bytes, len);
		}
	}
	scene_expect_same(*state);
}

static void a_damaged_packet_is_the_same_in_the_kernel(void **state)
{
	uint64_t seed = 0xbb67ae8584caa73b;
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < DAMAGED_FRAMES; i++) {
		frame_build(&f, tunnel_cases[random_below(&seed, TUNNEL_CASES)].layers);
		for (uint32_t n = 1 + random_below(&seed, 3); n; n--)
			f.bytes[random_below(&seed, f.len)] = (uint8_t)random_next(&seed);
		scene_count_all(*state, f.bytes, random_below(&seed, 4) ? f.len :
				random_below(&seed, f.len + 1));
	}
	scene_expect_same(*state);
}

/* Each of the packets that a merged one stands for has all headers, those inside too. */
static void expect_merged(struct scene *scene, const struct tunnel_case *it, struct frame *f)
{
	struct merged_packet merged = { .gso_size = GSO_SIZE, .gso_segs = 3 };
	struct test_packet packet = { .bytes = f->bytes, .merged = &merged };
	struct layer layers[FRAME_LAYERS];
	uint64_t headers = it->is.headers_len;
	struct drained d;
	int i = 0;

	memcpy(layers, it->layers, sizeof(layers));
	while (layers[i].put)
		i++;
	layers[i] = (struct layer)PAYLOAD(PAYLOAD_LEN);
	frame_build(f, layers);
	packet.len = merged.wire_len = f->len;
	if (!test_run_takes(PROGRAM_TC_INGRESS, f->bytes, f->len))
		return;
	assert_int_equal(scene_run_kernel(scene, PROGRAM_TC_INGRESS, &packet), 0);
	d = scene_drain_kernel(scene);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.records[0].packets, 3);
	assert_int_equal(d.records[0].bytes, f->len + 2 * headers);
	assert_int_equal(d.records[0].max_len, headers + GSO_SIZE);
	drained_free(&d);
}

static void merged_packets_have_their_headers_inside(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < TUNNEL_CASES; i++) {
		if (tunnel_cases[i].is.proto == IPPROTO_TCP && tunnel_cases[i].tunnel)
			expect_merged(*state, &tunnel_cases[i], &f);
	}
}

/* Whole packets of a tunnel that were merged as what they are outside, datagrams of UDP. */
static void packets_merged_outside_a_tunnel_have_the_headers_outside(void **state)
{
	static const struct layer layers[FRAME_LAYERS] = {
		ETHERNET, IPV4, VXLAN(1), IPV4, UDP, PAYLOAD(3 * 1000), IP_LENGTH(20 + 8 + 900),
	};
	struct merged_packet merged = { .gso_size = 8 + 14 + 20 + 8 + 900 };
	struct frame f;
	struct test_packet packet = { .bytes = f.bytes, .merged = &merged };
	struct drained d;

	need_root();
	frame_build(&f, layers);
	packet.len = merged.wire_len = f.len;
	merged.gso_segs = (f.len - 42 + merged.gso_size - 1) / merged.gso_size;
	assert_int_equal(scene_run_kernel(*state, PROGRAM_TC_INGRESS, &packet), 0);
	d = scene_drain_kernel(*state);
	assert_int_equal(d.records[0].packets, merged.gso_segs);
	assert_int_equal(d.records[0].bytes, f.len + (merged.gso_segs - 1) * 42);
	drained_free(&d);
}

static void merged_packets_are_the_same_in_the_kernel(void **state)
{
	struct merged_packet merged = { .gso_size = 17, .gso_segs = 3 };
	struct frame f;
	struct test_packet packet = { .bytes = f.bytes, .merged = &merged };

	need_root();
	for (uint32_t i = 0; i < TUNNEL_CASES; i++) {
		frame_build(&f, tunnel_cases[i].layers);
		frame_number(&f, i);
		packet.len = f.len;
		if (!test_run_takes(PROGRAM_TC_INGRESS, f.bytes, f.len))
			continue;
		merged.wire_len = f.len;
		scene_count(*state, PROGRAM_TC_INGRESS, &packet);
		merged.wire_len = f.len + 2 * 60;
		scene_count(*state, PROGRAM_TC_EGRESS, &packet);
	}
	scene_expect_same(*state);
}

static void packets_are_grouped_by_the_kind_of_tunnel(void **state)
{
	const struct layer layers[2][FRAME_LAYERS] = {
		{ ETHERNET, IPV4, VXLAN(1), IPV4, TCP(SYN_ACK) },
		{ ETHERNET, IPV6, VXLAN(2), IPV4, TCP_OPTIONS(SYN_ACK, 4) },
	};
	struct drained d;
	struct frame f;

	need_root();
	for (int i = 0; i < 2; i++) {
		struct test_packet packet = { .bytes = f.bytes };

		frame_build(&f, layers[i]);
		packet.len = f.len;
		assert_int_equal(scene_run_kernel(*state, PROGRAM_XDP, &packet), 0);
	}
	d = scene_drain_kernel(*state);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.records[0].packets, 2);
	assert_int_equal(d.tunnels, tunnel_of(TUNNEL_VXLAN));
	drained_free(&d);
}

#define in_scene(test)  cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
#define in_plain(test)  cmocka_unit_test_setup_teardown(test, open_outside, close_scene)
#define in_all(test)    cmocka_unit_test_setup_teardown(test, open_all, close_scene)
#define in_groups(test) cmocka_unit_test_setup_teardown(test, open_grouped, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scene(every_packet_is_the_same_in_the_kernel),
		in_scene(the_kernel_finds_what_the_packet_was_built_with),
		in_scene(a_cut_packet_is_the_same_in_the_kernel),
		in_scene(a_damaged_packet_is_the_same_in_the_kernel),
		in_scene(merged_packets_have_their_headers_inside),
		in_scene(merged_packets_are_the_same_in_the_kernel),
		in_plain(merged_packets_have_their_headers_inside),
		in_plain(merged_packets_are_the_same_in_the_kernel),
		in_scene(packets_merged_outside_a_tunnel_have_the_headers_outside),
		in_plain(packets_merged_outside_a_tunnel_have_the_headers_outside),
		in_all(every_packet_is_the_same_in_the_kernel),
		in_all(merged_packets_are_the_same_in_the_kernel),
		in_groups(packets_are_grouped_by_the_kind_of_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
