/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#include "capture_builder.h"
#include "../../user/sources/packet_filter.h"

#define LINKTYPE_ETHERNET 1
#define LINKTYPE_COOKED   113
#define LINKTYPE_RAW      101
#define LINKTYPE_LOOP     108

static struct packet_filter *opened(const char *expression)
{
	const struct packet_filter_config config = { .expression = expression };
	struct packet_filter *filter;
	struct filter_error error;

	if (packet_filter_open(&config, &filter, &error))
		fail_msg("%s: %s", expression, error.text);
	return filter;
}

static struct filter_error refused(const char *expression, bool is_live)
{
	const struct packet_filter_config config = { .expression = expression,
						     .is_live = is_live };
	struct packet_filter *filter;
	struct filter_error error;

	assert_int_equal(packet_filter_open(&config, &filter, &error), -EINVAL);
	assert_null(filter);
	return error;
}

/* Of a pcap file of that link type, with one packet: what the filter says of it. */
static int answer_on(const char *expression, uint32_t link_type)
{
	struct packet_filter *filter = opened(expression);
	struct builder b = { 0 };
	struct capture_packet packet;
	struct capture *capture;
	int answer;

	put_pcap_header(&b, PCAP_MICRO, link_type);
	put_pcap_packet(&b, (struct built_packet){ 1, 0, 60, 60, 0 });
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	answer = packet_filter_suits(filter, capture);
	if (!answer)
		answer = packet_filter_match(filter, &packet);
	close_built(&b, capture);
	packet_filter_close(filter);
	return answer;
}

static void what_is_wrong_for_every_link_shows_before_anything_is_read(void **state)
{
	(void)state;
	assert_int_equal(refused("tcp prot 80", false).column, 4);
	assert_string_equal(refused("ip proto nonsense", false).text, "unknown ip proto 'nonsense'");
}

static void direction_is_asked_of_those_who_tell_it(void **state)
{
	(void)state;
	assert_int_equal(answer_on("inbound", LINKTYPE_COOKED), 1);
	assert_int_equal(answer_on("outbound", LINKTYPE_COOKED), 0);
	assert_int_equal(answer_on("inbound", LINKTYPE_ETHERNET), -EINVAL);
}

/* As tcpdump: no packet is both, but the compiler does not see that on a loopback. */
static void contradictions_are_judged_by_the_capture_own_link(void **state)
{
	(void)state;
	assert_int_equal(answer_on("tcp and udp", LINKTYPE_ETHERNET), -EINVAL);
	assert_int_equal(answer_on("tcp and udp", LINKTYPE_LOOP), 0);
}

static void live_refusal_says_how_direction_is_chosen(void **state)
{
	const struct packet_filter_config config = { .expression = "inbound", .is_live = true };
	struct packet_filter *filter;
	struct filter_error error;

	(void)state;
	assert_int_equal(packet_filter_open(&config, &filter, &error), 0);
	assert_int_equal(packet_filter_suits_link(filter, LINK_ETHERNET), -EINVAL);
	assert_non_null(strstr(packet_filter_reason(filter), "--direction"));
	packet_filter_close(filter);
}

static void refusal_is_told_once_for_each_link(void **state)
{
	struct packet_filter *filter = opened("ether host 1:2:3:4:5:6");
	const uint8_t bytes[60] = { 0 };
	struct capture_packet packet = { .data = bytes, .caplen = 60, .len = 60,
					 .link = LINK_RAW };
	struct packet_refusal refusal;

	(void)state;
	assert_false(packet_filter_take_refusal(filter, &refusal));
	for (int i = 0; i < 3; i++)
		assert_int_equal(packet_filter_match(filter, &packet), 0);
	assert_true(packet_filter_take_refusal(filter, &refusal));
	assert_string_equal(refusal.link, "Raw IP");
	assert_true(refusal.error.text[0]);
	assert_false(packet_filter_take_refusal(filter, &refusal));
	assert_int_equal(packet_filter_match(filter, &packet), 0);
	assert_false(packet_filter_take_refusal(filter, &refusal));
	packet_filter_close(filter);
}

static void one_interface_with_a_meaning_is_enough(void **state)
{
	struct packet_filter *filter = opened("ether host 1:2:3:4:5:6");
	struct builder b = { 0 };
	struct capture_packet packet;
	struct packet_refusal refusal;
	struct capture *capture;

	(void)state;
	put_section(&b);
	put_interface(&b, LINKTYPE_RAW);
	put_interface(&b, LINKTYPE_ETHERNET);
	put_enhanced(&b, 1, 0, (struct built_packet){ .caplen = 60, .len = 60 });
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	assert_int_equal(packet_filter_suits(filter, capture), 0);
	assert_false(packet_filter_take_refusal(filter, &refusal));
	close_built(&b, capture);
	packet_filter_close(filter);
}

static void bytes_past_the_snapshot_length_are_not_there(void **state)
{
	struct packet_filter *filter = opened("ether[50] = 0");
	struct capture_packet packet;
	struct builder b = { 0 };
	struct capture *capture;
	const uint32_t snaplen = 40;

	(void)state;
	put_pcap_header(&b, PCAP_MICRO, LINKTYPE_ETHERNET);
	memcpy(b.bytes + 16, &snaplen, sizeof(snaplen));
	put_pcap_packet(&b, (struct built_packet){ 1, 0, 60, 60, 0 });
	capture = open_built(&b);
	assert_int_equal(next_packets(capture, &packet, 1), 1);
	assert_int_equal(packet_filter_match(filter, &packet), 1);
	assert_int_equal(capture_snaplen(capture), 40);
	packet_filter_set_snaplen(filter, capture_snaplen(capture));
	assert_int_equal(packet_filter_match(filter, &packet), 0);
	close_built(&b, capture);
	packet_filter_close(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_for_every_link_shows_before_anything_is_read),
		cmocka_unit_test(direction_is_asked_of_those_who_tell_it),
		cmocka_unit_test(contradictions_are_judged_by_the_capture_own_link),
		cmocka_unit_test(live_refusal_says_how_direction_is_chosen),
		cmocka_unit_test(refusal_is_told_once_for_each_link),
		cmocka_unit_test(one_interface_with_a_meaning_is_enough),
		cmocka_unit_test(bytes_past_the_snapshot_length_are_not_there),
	};

	return cmocka_run_group_tests_name("packet_filter", tests, NULL, NULL);
}
