/* SPDX-License-Identifier: BSD-2-Clause */
/* Merged packets: what is counted for one, against cutting it into its segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../include/merged.h"

/* Headers of TCP over IPv4 and of TCP with options over IPv6, tagged twice. */
#define HEADERS_MIN 54
#define HEADERS_MAX 114

/* The segments of a packet, one after the other. */
static struct packet_size segmented(const struct merged_packet *m)
{
	struct packet_size size = { .min_len = UINT32_MAX };
	uint32_t left = m->len - m->headers_len;

	while (left) {
		uint32_t payload = left < m->gso_size ? left : m->gso_size;
		uint32_t len = m->headers_len + payload;

		size.packets++;
		size.bytes += len;
		size.max_len = len > size.max_len ? len : size.max_len;
		size.min_len = len < size.min_len ? len : size.min_len;
		left -= payload;
	}
	return size;
}

static void expect_size(struct merged_packet m, struct packet_size is)
{
	struct packet_size size = packet_size_merged(&m);

	if (memcmp(&size, &is, sizeof(is)))
		print_error("len %u, headers %u, gso_size %u, gso_segs %u, wire_len %u\n", m.len,
			    m.headers_len, m.gso_size, m.gso_segs, m.wire_len);
	assert_int_equal(size.packets, is.packets);
	assert_int_equal(size.bytes, is.bytes);
	assert_int_equal(size.max_len, is.max_len);
	assert_int_equal(size.min_len, is.min_len);
}

/* On ingress wire_len is the length; on egress the kernel added the headers; segs may be 0. */
static void expect_segments(struct merged_packet m)
{
	struct packet_size is = segmented(&m);

	m.wire_len = m.len;
	m.gso_segs = is.packets;
	expect_size(m, is);
	m.wire_len = is.bytes;
	expect_size(m, is);
	m.gso_segs = 0;
	expect_size(m, is);
	m.wire_len = 0;
	expect_size(m, is);
}

static void a_merged_packet_counts_as_its_segments(void **state)
{
	const uint32_t payloads[] = { 1, 2, 535, 536, 1208, 1428, 1447, 1448, 1460, 8948 };

	(void)state;
	for (uint32_t headers = HEADERS_MIN; headers <= HEADERS_MAX; headers += 4) {
		for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
			struct merged_packet m = { .headers_len = headers,
						   .gso_size = payloads[i] };

			for (uint32_t len = 1; len < 12000; len += 37) {
				m.len = headers + len;
				expect_segments(m);
			}
		}
	}
}

static void a_payload_of_whole_segments_ends_with_a_full_one(void **state)
{
	(void)state;
	for (uint32_t segments = 1; segments <= 45; segments++) {
		struct merged_packet m = { .headers_len = 66, .gso_size = 1448 };

		m.len = 66 + segments * 1448;
		expect_segments(m);
		m.len--;
		expect_segments(m);
		m.len += 2;
		expect_segments(m);
	}
}

static void the_greatest_packets_are_counted_whole(void **state)
{
	(void)state;
	expect_segments((struct merged_packet){ .len = 65535 + 14, .headers_len = 54,
						.gso_size = 1460 });
	expect_segments((struct merged_packet){ .len = 8 * 65535, .headers_len = 74,
						.gso_size = 8948 });
	expect_segments((struct merged_packet){ .len = 65535, .headers_len = 42, .gso_size = 1 });
}

static void a_packet_that_is_not_merged_is_one(void **state)
{
	(void)state;
	expect_size((struct merged_packet){ .len = 1514, .headers_len = 54, .gso_segs = 3 },
		    packet_size_single(1514));
	expect_size((struct merged_packet){ .len = 700, .headers_len = 54, .gso_size = 1448,
					    .gso_segs = 1 }, packet_size_single(700));
	expect_size((struct merged_packet){ .len = 700, .headers_len = 54, .gso_size = 1448 },
		    packet_size_single(700));
}

static void headers_that_are_longer_than_the_packet_count_as_one(void **state)
{
	(void)state;
	expect_size((struct merged_packet){ .len = 60, .headers_len = 74, .gso_size = 1448 },
		    packet_size_single(60));
	expect_size((struct merged_packet){ .len = 60, .headers_len = 60, .gso_size = 1448 },
		    packet_size_single(60));
}

static void where_segments_are_fragments_the_mean_is_told(void **state)
{
	struct packet_size is = { .packets = 3, .bytes = 1000, .max_len = 334, .min_len = 333 };

	(void)state;
	expect_size((struct merged_packet){ .len = 900, .wire_len = 1000, .headers_len = 46,
					    .gso_size = GSO_SIZE_BY_FRAGMENTS, .gso_segs = 3 }, is);
	is = (struct packet_size){ .packets = 2, .bytes = 65595, .max_len = 32798,
				   .min_len = 32797 };
	expect_size((struct merged_packet){ .len = 65549, .headers_len = 46,
					    .gso_size = GSO_SIZE_BY_FRAGMENTS, .gso_segs = 2 }, is);
}

static void where_the_headers_are_not_known_the_kernels_length_counts(void **state)
{
	struct packet_size is = { .packets = 4, .bytes = 6001, .max_len = 1501, .min_len = 1500 };

	(void)state;
	expect_size((struct merged_packet){ .len = 5900, .wire_len = 6001, .gso_size = 1448,
					    .gso_segs = 4 }, is);
	is = (struct packet_size){ .packets = 3, .bytes = 3108, .max_len = 1036, .min_len = 1036 };
	expect_size((struct merged_packet){ .len = 3000, .wire_len = 3108, .gso_size = 1448,
					    .gso_segs = 3 }, is);
}

/* As Linux 6.19 and later compute wire_len on ingress, where their packet begins with IP. */
static void link_headers_that_the_kernel_left_out_are_counted(void **state)
{
	struct packet_size is = { .packets = 3, .bytes = 4542, .max_len = 1514, .min_len = 1514 };

	(void)state;
	expect_size((struct merged_packet){ .len = 4410, .wire_len = 4396 + 2 * 52,
					    .headers_len = 66, .gso_size = 1448, .gso_segs = 3 }, is);
}

/* What a packet says of itself may be wrong; packets and bytes stay those that it says. */
static void lengths_that_contradict_each_other_stay_within_the_bytes(void **state)
{
	(void)state;
	for (uint32_t segments = 2; segments < 100; segments++) {
		struct merged_packet m = { .len = 9000, .headers_len = 54, .gso_size = 1448,
					   .gso_segs = segments };
		struct packet_size size = packet_size_merged(&m);

		assert_int_equal(size.packets, segments);
		assert_int_equal(size.bytes, 9000 + (segments - 1) * 54);
		assert_true(size.min_len <= size.max_len);
		assert_true(size.min_len > 0);
		assert_true((uint64_t)size.min_len * segments <= size.bytes);
		assert_true((uint64_t)size.max_len * segments >= size.bytes);
	}
}

static void no_segment_is_empty(void **state)
{
	struct packet_size is = { .packets = 2, .bytes = 1502, .max_len = 751, .min_len = 751 };

	(void)state;
	expect_size((struct merged_packet){ .len = 1448, .headers_len = 54, .gso_size = 1448,
					    .gso_segs = 2 }, is);
}

static void a_tag_beside_the_packet_is_in_each_segment(void **state)
{
	struct merged_packet m = { .len = 54 + 3000, .headers_len = 54, .gso_size = 1448 };
	struct packet_size size = packet_size_merged(&m), one = packet_size_single(60);

	(void)state;
	packet_size_add_tag(&size);
	assert_int_equal(size.packets, 3);
	assert_int_equal(size.bytes, 3 * 58 + 3000);
	assert_int_equal(size.max_len, 58 + 1448);
	assert_int_equal(size.min_len, 58 + 104);
	packet_size_add_tag(&one);
	assert_int_equal(one.bytes, 64);
	assert_int_equal(one.packets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_merged_packet_counts_as_its_segments),
		cmocka_unit_test(a_payload_of_whole_segments_ends_with_a_full_one),
		cmocka_unit_test(the_greatest_packets_are_counted_whole),
		cmocka_unit_test(a_packet_that_is_not_merged_is_one),
		cmocka_unit_test(headers_that_are_longer_than_the_packet_count_as_one),
		cmocka_unit_test(where_segments_are_fragments_the_mean_is_told),
		cmocka_unit_test(where_the_headers_are_not_known_the_kernels_length_counts),
		cmocka_unit_test(link_headers_that_the_kernel_left_out_are_counted),
		cmocka_unit_test(lengths_that_contradict_each_other_stay_within_the_bytes),
		cmocka_unit_test(no_segment_is_empty),
		cmocka_unit_test(a_tag_beside_the_packet_is_in_each_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
