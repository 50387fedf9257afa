/* SPDX-License-Identifier: BSD-2-Clause */
/* Merged packets on TC: the kernel counts the packets of the wire that they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_scene.h"
#include "packet_cases.h"
#include "privilege.h"

#define PAYLOAD_LEN 3000
#define GSO_SIZE    1000

static int open_scene(void **state)
{
	static struct scene scene;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	scene_open(&scene, (struct scene_options){ .has_extra = true, .has_ip_bytes = true });
	*state = &scene;
	return 0;
}

static int close_scene(void **state)
{
	if (*state)
		scene_close(*state);
	return 0;
}

/* Counts a merged packet on both hooks of TC; on egress the kernel has computed wire_len. */
static void count_merged(struct scene *scene, const struct frame *f, struct merged_packet merged)
{
	struct test_packet packet = { .bytes = f->bytes, .len = f->len, .merged = &merged };

	scene_count(scene, PROGRAM_TC_INGRESS, &packet);
	merged.wire_len = f->len + 2 * 60;
	scene_count(scene, PROGRAM_TC_EGRESS, &packet);
}

static void a_merged_packet_is_counted_as_on_the_host(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		struct merged_packet merged = { .gso_size = 17, .gso_segs = 3 };

		frame_build(&f, packet_cases[i].layers);
		frame_number(&f, i);
		if (!test_run_takes(PROGRAM_TC_INGRESS, f.bytes, f.len))
			continue;
		merged.wire_len = f.len;
		count_merged(*state, &f, merged);
		merged.gso_segs = 0;
		count_merged(*state, &f, merged);
	}
	scene_expect_same(*state);
}

static void segments_that_the_kernel_has_not_counted_are_worked_out(void **state)
{
	struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV4, TCP_OPTIONS(SYN_ACK, 12) };
	struct frame f;

	need_root();
	for (uint32_t payload = 1; payload < 3400; payload += 83) {
		struct merged_packet merged = { .gso_size = 536 };

		layers[3] = (struct layer)PAYLOAD(payload);
		frame_build(&f, layers);
		count_merged(*state, &f, merged);
	}
	scene_expect_same(*state);
}

/* One record with these packets and bytes is what the kernel has counted. */
static void expect_one_record(struct scene *scene, uint64_t packets, uint64_t bytes)
{
	struct drained d = scene_drain_kernel(scene);

	assert_int_equal(d.count, 1);
	assert_int_equal(d.records[0].packets, packets);
	assert_int_equal(d.records[0].bytes, bytes);
	drained_free(&d);
}

/* The same, with bytes of IP packets. */
static void expect_ip_bytes(struct scene *scene, uint64_t bytes, uint64_t ip_bytes)
{
	struct drained d = scene_drain_kernel(scene);

	assert_int_equal(d.count, 1);
	assert_int_equal(d.records[0].bytes, bytes);
	assert_int_equal(d.ip_bytes, ip_bytes);
	drained_free(&d);
}

/* Three segments of a packet of these layers, on ingress. */
static void run_three_segments(struct scene *scene, const struct layer *layers, struct frame *f)
{
	struct merged_packet merged = { .gso_size = GSO_SIZE, .gso_segs = 3 };
	struct test_packet packet = { .bytes = f->bytes, .merged = &merged };

	frame_build(f, layers);
	packet.len = merged.wire_len = f->len;
	assert_int_equal(scene_run_kernel(scene, PROGRAM_TC_INGRESS, &packet), 0);
}

static void headers_behind_extension_headers_are_repeated(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV6, EXTENSION(60, 8), TCP(SYN_ACK),
						    PAYLOAD(PAYLOAD_LEN) };
	struct frame f;

	need_root();
	run_three_segments(*state, layers, &f);
	expect_one_record(*state, 3, PAYLOAD_LEN + 3 * (14 + 40 + 8 + 20));
}

/* Each has its own Ethernet header and tags, which are not of the IP packet. */
static void segments_have_an_ip_header_each(void **state)
{
	const struct layer plain[FRAME_LAYERS] = { ETHERNET, IPV4, TCP(SYN_ACK), PAYLOAD(PAYLOAD_LEN) };
	const struct layer tagged[FRAME_LAYERS] = { ETHERNET, VLAN(7), VLAN(8), IPV6, TCP(SYN_ACK),
						    PAYLOAD(PAYLOAD_LEN) };
	struct frame f;

	need_root();
	run_three_segments(*state, plain, &f);
	expect_ip_bytes(*state, PAYLOAD_LEN + 3 * (14 + 40), PAYLOAD_LEN + 3 * 40);
	run_three_segments(*state, tagged, &f);
	expect_ip_bytes(*state, PAYLOAD_LEN + 3 * (14 + 8 + 60), PAYLOAD_LEN + 3 * 60);
}

/* The option goes when the packet is segmented; other hop-by-hop headers stay. */
static void the_jumbo_option_of_a_merged_packet_is_in_no_segment(void **state)
{
	static const struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV6, IP_LENGTH(0),
							   EXTENSION(0, 8), TCP(SYN_ACK),
							   PAYLOAD(PAYLOAD_LEN) };
	struct merged_packet merged = { .gso_size = GSO_SIZE, .gso_segs = 3 };
	struct frame f;
	struct test_packet packet = { .bytes = f.bytes, .merged = &merged };
	static const uint8_t options[] = { IPV6_JUMBO_OPTION, 1 /* PadN */ };

	need_root();
	for (unsigned int i = 0; i < 2; i++) {
		frame_build(&f, layers);
		f.bytes[14 + 40 + 2] = options[i];
		packet.len = f.len;
		merged.wire_len = f.len + 2 * (14 + 40 + 8 + 20);
		assert_int_equal(scene_run_kernel(*state, PROGRAM_TC_EGRESS, &packet), 0);
		expect_one_record(*state, 3, PAYLOAD_LEN + 3 * (14 + 40 + 8 * i + 20));
	}
}

/* What is not TCP, UDP or SCTP has headers of unknown length, however it was parsed. */
static void headers_that_are_not_known_add_nothing(void **state)
{
	const struct layer fast[FRAME_LAYERS] = { ETHERNET, IPV6, PROTO(47), PAYLOAD(PAYLOAD_LEN) };
	const struct layer thorough[FRAME_LAYERS] = { ETHERNET, IPV6, EXTENSION(60, 8), PROTO(47),
						      PAYLOAD(PAYLOAD_LEN) };
	const struct layer tagged[FRAME_LAYERS] = { ETHERNET, VLAN(1), VLAN(2), VLAN(3), IPV4,
						    PROTO(47), PAYLOAD(PAYLOAD_LEN) };
	struct frame f;

	need_root();
	run_three_segments(*state, fast, &f);
	expect_one_record(*state, 3, f.len);
	run_three_segments(*state, thorough, &f);
	expect_one_record(*state, 3, f.len);
	run_three_segments(*state, tagged, &f);
	expect_one_record(*state, 3, f.len);
}

#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scene(a_merged_packet_is_counted_as_on_the_host),
		in_scene(segments_that_the_kernel_has_not_counted_are_worked_out),
		in_scene(segments_have_an_ip_header_each),
		in_scene(headers_behind_extension_headers_are_repeated),
		in_scene(the_jumbo_option_of_a_merged_packet_is_in_no_segment),
		in_scene(headers_that_are_not_known_add_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
