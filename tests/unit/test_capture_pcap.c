/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture_builder.h"

#define ETHERNET 1

static const struct built_packet two_packets[] = {
	{ 1500000000, 123456, 60, 60, 1 },
	{ 1500000001, 5, 40, 1514, 2 },
};

static void build_two(struct builder *b, uint32_t magic, bool swapped)
{
	*b = (struct builder){ .swapped = swapped };
	put_pcap_header(b, magic, ETHERNET);
	put_pcap_packet(b, two_packets[0]);
	put_pcap_packet(b, two_packets[1]);
}

static void expect_two(struct builder *b, uint64_t fraction_ns)
{
	struct capture_packet packets[8];
	struct capture *capture = open_built(b);

	assert_int_equal(next_packets(capture, packets, 8), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct built_packet *built = &two_packets[i];

		assert_int_equal(packets[i].time_ns, built->seconds * 1000000000ull +
							     built->fraction * fraction_ns);
		assert_int_equal(packets[i].caplen, built->caplen);
		assert_int_equal(packets[i].len, built->len);
		assert_int_equal(packets[i].link, LINK_ETHERNET);
		assert_int_equal(packets[i].data[0], built->fill);
		assert_int_equal(packets[i].data[built->caplen - 1], built->fill);
	}
	assert_int_equal(next_packets(capture, packets, 8), 0);
	close_built(b, capture);
}

static void both_byte_orders_and_both_units_give_the_same_packets(void **state)
{
	struct builder b;

	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		build_two(&b, PCAP_MICRO, swapped);
		expect_two(&b, 1000);
		build_two(&b, PCAP_NANO, swapped);
		expect_two(&b, 1);
	}
}

static void records_of_old_red_hat_systems_are_longer(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	(void)state;
	put_pcap_header(&b, PCAP_REDHAT, ETHERNET);
	for (uint8_t fill = 1; fill <= 2; fill++) {
		put_pcap_packet(&b, (struct built_packet){ 7, 0, 0, 60, 0 });
		memcpy(b.bytes + b.size - 8, &(uint32_t){ 4 }, 4);
		put_fill(&b, 0xee, 8);
		put_fill(&b, fill, 4);
	}
	capture = open_built(&b);
	for (uint8_t fill = 1; fill <= 2; fill++) {
		assert_int_equal(next_packets(capture, &packet, 1), 1);
		assert_int_equal(packet.data[0], fill);
	}
	assert_int_equal(next_packets(capture, &packet, 1), 0);
	close_built(&b, capture);
}

static void a_fraction_of_a_second_or_more_is_added(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	(void)state;
	put_pcap_header(&b, PCAP_MICRO, ETHERNET);
	put_pcap_packet(&b, (struct built_packet){ 0xffffffff, 0xffffffff, 0, 60, 0 });
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	assert_true(packet.time_ns == 4294967295ull * 1000000000 + 4294967295ull * 1000);
	close_built(&b, capture);
}

/* Writes a record with these two length fields in a file of version 2.MINOR. */
static struct capture_packet read_versioned(uint16_t minor, uint32_t first, uint32_t second)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	put_pcap_header(&b, PCAP_MICRO, ETHERNET);
	memcpy(b.bytes + 6, &minor, sizeof(minor));
	put_pcap_packet(&b, (struct built_packet){ 1, 0, 0, second, 0 });
	memcpy(b.bytes + b.size - 8, &first, 4);
	put_fill(&b, 9, first < second ? first : second);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	close_built(&b, capture);
	return packet;
}

static void old_versions_have_their_lengths_the_other_way_round(void **state)
{
	(void)state;
	assert_int_equal(read_versioned(2, 100, 60).caplen, 60);
	assert_int_equal(read_versioned(2, 100, 60).len, 100);
	assert_int_equal(read_versioned(3, 100, 60).caplen, 60);
	assert_int_equal(read_versioned(3, 60, 100).caplen, 60);
	assert_int_equal(read_versioned(4, 60, 100).len, 100);
}

static void a_file_cut_anywhere_gives_the_packets_before_the_cut_and_says_so(void **state)
{
	struct builder b;
	size_t first_end = 24 + 16 + 60, size;

	(void)state;
	build_two(&b, PCAP_MICRO, false);
	for (size = 1; size < b.size; size++) {
		struct capture_packet packets[8];
		struct capture *capture = open_bytes(&b, b.bytes, size);
		int count = next_packets(capture, packets, 8);

		if (size >= first_end) {
			assert_int_equal(count, 1);
			count = next_packets(capture, packets, 8);
		}
		if (size == 24 || size == first_end) {
			assert_int_equal(count, 0);
		} else {
			assert_int_equal(count, -EBADMSG);
			assert_non_null(strstr(capture_reason(capture), "cut short at byte"));
			assert_int_equal(next_packets(capture, packets, 8), -EBADMSG);
		}
		close_built(&b, capture);
	}
}

static void expect_refused(struct builder *b, const char *reason)
{
	struct capture_packet packet;
	struct capture *capture = open_built(b);

	assert_int_equal(next_packets(capture, &packet, 1), -EBADMSG);
	assert_string_equal(capture_reason(capture), reason);
	close_built(b, capture);
}

static void what_is_no_capture_is_refused_with_its_reason(void **state)
{
	struct builder b = { 0 };

	(void)state;
	expect_refused(&b, "it is empty");
	put_fill(&b, 'x', 100);
	expect_refused(&b, "it is neither pcap nor pcapng");
	b.size = 0;
	put_pcap_header(&b, PCAP_MICRO, 189);
	expect_refused(&b, "link type 189 (USB_LINUX) is not supported");
	b.size = 0;
	put_pcap_header(&b, PCAP_MICRO, 100);
	expect_refused(&b, "link type 100 (ATM_RFC1483) is not supported");
	b.size = 0;
	put_pcap_header(&b, PCAP_MICRO, 60000);
	expect_refused(&b, "link type 60000 is not supported");
	b.size = 0;
	put_pcap_header(&b, PCAP_MICRO, ETHERNET);
	b.bytes[4] = 9;
	expect_refused(&b, "pcap version 9.4");
}

static void a_record_longer_than_any_packet_is_damage(void **state)
{
	struct builder b;
	struct capture_packet packets[8];
	struct capture *capture;

	(void)state;
	build_two(&b, PCAP_MICRO, false);
	memcpy(b.bytes + 24 + 16 + 60 + 8, &(uint32_t){ 262145 }, 4);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, packets, 8), 1);
	assert_int_equal(next_packets(capture, packets, 8), -EBADMSG);
	assert_string_equal(capture_reason(capture), "record of 262145 bytes at byte 100");
	close_built(&b, capture);
}

static void bits_above_the_link_type_are_ignored(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;

	(void)state;
	put_pcap_header(&b, PCAP_MICRO, 0x14000000 | 101);
	put_pcap_packet(&b, two_packets[0]);
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	assert_int_equal(packet.link, LINK_RAW);
	close_built(&b, capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_byte_orders_and_both_units_give_the_same_packets),
		cmocka_unit_test(records_of_old_red_hat_systems_are_longer),
		cmocka_unit_test(a_fraction_of_a_second_or_more_is_added),
		cmocka_unit_test(old_versions_have_their_lengths_the_other_way_round),
		cmocka_unit_test(a_file_cut_anywhere_gives_the_packets_before_the_cut_and_says_so),
		cmocka_unit_test(what_is_no_capture_is_refused_with_its_reason),
		cmocka_unit_test(a_record_longer_than_any_packet_is_damage),
		cmocka_unit_test(bits_above_the_link_type_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
