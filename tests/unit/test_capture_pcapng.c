/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture_builder.h"

#define ETHERNET      1
#define RAW           101
#define OPTION_NAME   2
#define OPTION_RESOL  9
#define OPTION_OFFSET 14

static const struct built_packet small = { .caplen = 5, .len = 60, .fill = 7 };

/* The time of a packet of an interface with this resolution and offset. */
static uint64_t time_with(uint8_t resolution, int64_t offset_s, uint64_t ticks)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	put_section(&b);
	begin_interface(&b, ETHERNET, 0);
	put_option(&b, OPTION_RESOL, &resolution, 1);
	put_option(&b, OPTION_OFFSET, &offset_s, 8);
	end_block(&b);
	put_enhanced(&b, 0, ticks, small);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	close_built(&b, capture);
	return packet.time_ns;
}

static void times_have_the_resolution_and_offset_of_their_interface(void **state)
{
	(void)state;
	assert_int_equal(time_with(6, 0, 1500000000123456), 1500000000123456000);
	assert_int_equal(time_with(9, 0, 1500000000123456789), 1500000000123456789);
	assert_int_equal(time_with(12, 0, 1500000), 1500);
	assert_int_equal(time_with(0, 0, 3), 3000000000);
	assert_int_equal(time_with(0x80 | 10, 0, 512), 500000000);
	assert_int_equal(time_with(9, 100, 5), 100000000005);
	assert_int_equal(time_with(9, -1, 1500000000), 500000000);
}

static void times_that_no_clock_can_show_are_clamped(void **state)
{
	(void)state;
	assert_true(time_with(0, 0, UINT64_MAX) == CAPTURE_TIME_MAX);
	assert_true(time_with(9, 0, UINT64_MAX) == CAPTURE_TIME_MAX);
	assert_true(time_with(9, INT64_MAX, UINT64_MAX) == CAPTURE_TIME_MAX);
	assert_true(time_with(9, INT64_MIN, UINT64_MAX) == 0);
	assert_true(time_with(127, 0, UINT64_MAX) == 0);
	assert_true(time_with(0x80 | 127, 0, UINT64_MAX) == 0);
}

static void interfaces_of_different_links_are_told_apart(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[4];
	struct capture *capture;

	(void)state;
	put_section(&b);
	put_interface(&b, ETHERNET);
	put_interface(&b, RAW);
	put_enhanced(&b, 1, 10, small);
	put_enhanced(&b, 0, 20, small);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 4), 2);
	assert_int_equal(packets[0].link, LINK_RAW);
	assert_int_equal(packets[1].link, LINK_ETHERNET);
	assert_int_equal(packets[1].caplen, small.caplen);
	assert_int_equal(packets[1].len, small.len);
	assert_int_equal(packets[1].data[4], small.fill);
	close_built(&b, capture);
}

static void each_section_has_its_byte_order_and_its_interfaces(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[4];
	struct capture *capture;

	(void)state;
	put_section(&b);
	put_interface(&b, ETHERNET);
	put_enhanced(&b, 0, 10, small);
	b.swapped = true;
	put_section(&b);
	put_interface(&b, RAW);
	put_enhanced(&b, 0, 1ull << 32, small);
	put_enhanced(&b, 1, 20, small);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 4), 2);
	assert_int_equal(packets[1].link, LINK_RAW);
	assert_int_equal(packets[1].time_ns, (1ull << 32) * 1000);
	assert_int_equal(next_packets(capture, packets, 4), -EBADMSG);
	assert_non_null(strstr(capture_reason(capture), "interface 1, which is not declared"));
	close_built(&b, capture);
}

static void a_simple_packet_has_no_time_and_is_cut_to_the_snap_length(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	(void)state;
	put_section(&b);
	begin_interface(&b, ETHERNET, 8);
	end_block(&b);
	begin_block(&b, 3);
	put32(&b, 60);
	put_fill(&b, 1, 8);
	end_block(&b);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	assert_true(packet.timeless);
	assert_int_equal(packet.caplen, 8);
	assert_int_equal(packet.len, 60);
	close_built(&b, capture);
}

static void the_obsolete_packet_block_is_read(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	(void)state;
	put_section(&b);
	put_interface(&b, ETHERNET);
	begin_block(&b, 2);
	put16(&b, 0);
	put16(&b, 0xffff);
	put32(&b, 0);
	put32(&b, 42);
	put32(&b, 5);
	put32(&b, 60);
	put_fill(&b, 3, 5);
	end_block(&b);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	assert_int_equal(packet.time_ns, 42000);
	assert_int_equal(packet.data[0], 3);
	close_built(&b, capture);
}

static void put_named(struct builder *b, const char *name)
{
	begin_interface(b, ETHERNET, 0);
	put_option(b, OPTION_NAME, name, (uint16_t)strlen(name));
	end_block(b);
}

static void interfaces_of_one_name_are_one_and_those_without_have_none(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[4];
	struct capture *capture;
	const char *const *names;

	(void)state;
	put_section(&b);
	put_named(&b, "eth0");
	put_interface(&b, ETHERNET);
	put_named(&b, "eth01");
	put_named(&b, "eth0");
	for (uint32_t interface = 0; interface < 4; interface++)
		put_enhanced(&b, interface, 10, small);
	capture = open_built(&b);
	names = capture_interface_names(capture);
	assert_int_equal(next_packets(capture, packets, 4), 4);
	assert_string_equal(names[packets[0].interface], "eth0");
	assert_null(names[packets[1].interface]);
	assert_string_equal(names[packets[2].interface], "eth01");
	assert_int_equal(packets[3].interface, packets[0].interface);
	close_built(&b, capture);
}

static void more_names_than_can_be_told_apart_are_left_out(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[32];
	struct capture *capture;

	(void)state;
	put_section(&b);
	for (uint32_t i = 0; i < 20; i++) {
		char name[8];

		snprintf(name, sizeof(name), "eth%u", i);
		put_named(&b, name);
		put_enhanced(&b, i, 10, small);
	}
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 32), 20);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(packets[i].interface, i + 1 < CAPTURE_NAMES_MAX ? i + 1 : 0);
	close_built(&b, capture);
}

static void blocks_of_other_kinds_are_skipped(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[4];
	struct capture *capture;

	(void)state;
	put_section(&b);
	begin_block(&b, 0xbad);
	put_fill(&b, 1, 1000);
	end_block(&b);
	put_interface(&b, ETHERNET);
	put_enhanced(&b, 0, 1, small);
	begin_block(&b, 5);
	put_fill(&b, 1, 16);
	end_block(&b);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 4), 1);
	assert_int_equal(next_packets(capture, packets, 4), 0);
	close_built(&b, capture);
}

static void packets_of_a_link_type_without_parser_are_handed_out_as_such(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[4];
	struct capture *capture;

	(void)state;
	put_section(&b);
	put_interface(&b, ETHERNET);
	put_interface(&b, 189);
	put_enhanced(&b, 0, 1, small);
	put_enhanced(&b, 1, 2, small);
	put_enhanced(&b, 0, 3, small);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 1), 1);
	assert_null(capture_unsupported(capture));
	assert_int_equal(next_packets(capture, packets, 4), 2);
	assert_int_equal(packets[0].link, LINK_UNKNOWN);
	assert_int_equal(packets[0].time_ns, 2000);
	assert_int_equal(packets[0].caplen, small.caplen);
	assert_int_equal(packets[1].link, LINK_ETHERNET);
	assert_string_equal(capture_unsupported(capture), "link type 189 (USB_LINUX)");
	close_built(&b, capture);
}

/* Overwrites 32 bits at a place counted from the end of one section, interface and packet. */
static void expect_damage(size_t from_end, uint32_t value)
{
	struct builder b = { 0 };
	struct capture_packet packets[4];
	struct capture *capture;

	put_section(&b);
	put_interface(&b, ETHERNET);
	put_enhanced(&b, 0, 1, small);
	memcpy(b.bytes + b.size - from_end, &value, sizeof(value));
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 4), -EBADMSG);
	assert_true(strlen(capture_reason(capture)) > 0);
	close_built(&b, capture);
}

static void lengths_that_cannot_be_are_damage(void **state)
{
	const size_t block = 32 + 8, lengths = block - 4;

	(void)state;
	expect_damage(4, block + 4);
	expect_damage(lengths, 0);
	expect_damage(lengths, 13);
	expect_damage(lengths, 0xfffffffc);
	expect_damage(block - 20, 9);
	expect_damage(block - 20, 0xffffffff);
}

static void a_file_cut_anywhere_gives_the_packets_before_the_cut(void **state)
{
	struct builder b = { 0 };
	size_t first_end;

	(void)state;
	put_section(&b);
	put_interface(&b, ETHERNET);
	put_enhanced(&b, 0, 1, small);
	first_end = b.size;
	put_enhanced(&b, 0, 2, small);
	for (size_t size = 1; size < b.size; size++) {
		struct capture_packet packets[4];
		struct capture *capture = open_bytes(&b, b.bytes, size);
		int count = next_packets(capture, packets, 4);

		if (size >= first_end) {
			assert_int_equal(count, 1);
			count = next_packets(capture, packets, 4);
		}
		assert_true(count == 0 || count == -EBADMSG);
		assert_int_equal(count == 0, size == 28 || size == 28 + 20 || size == first_end);
		close_built(&b, capture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_the_resolution_and_offset_of_their_interface),
		cmocka_unit_test(times_that_no_clock_can_show_are_clamped),
		cmocka_unit_test(interfaces_of_different_links_are_told_apart),
		cmocka_unit_test(each_section_has_its_byte_order_and_its_interfaces),
		cmocka_unit_test(a_simple_packet_has_no_time_and_is_cut_to_the_snap_length),
		cmocka_unit_test(the_obsolete_packet_block_is_read),
		cmocka_unit_test(interfaces_of_one_name_are_one_and_those_without_have_none),
		cmocka_unit_test(more_names_than_can_be_told_apart_are_left_out),
		cmocka_unit_test(blocks_of_other_kinds_are_skipped),
		cmocka_unit_test(packets_of_a_link_type_without_parser_are_handed_out_as_such),
		cmocka_unit_test(lengths_that_cannot_be_are_damage),
		cmocka_unit_test(a_file_cut_anywhere_gives_the_packets_before_the_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
