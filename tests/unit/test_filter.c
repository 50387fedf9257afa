/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../user/filter/load.h"

#define DLT_LOOPBACK 0
#define DLT_ETHERNET 1

static const struct filter_link ethernet = { .type = DLT_ETHERNET };
static const struct filter_link live = { .type = DLT_ETHERNET, .is_live = true };

static struct filter *compiled(const char *expression, const struct filter_link *link)
{
	struct filter_error error;
	struct filter *filter;

	assert_int_equal(filter_compile(expression, link, &filter, &error), 0);
	return filter;
}

static bool is_matched(const char *expression, const uint8_t *frame, uint32_t captured,
		       uint32_t wire_len)
{
	struct filter *filter = compiled(expression, &ethernet);
	bool matched = filter_matches(filter, frame, captured, wire_len);

	filter_close(filter);
	return matched;
}

static struct filter_error refused(const char *expression, const struct filter_link *link)
{
	struct filter_error error;
	struct filter *filter;

	assert_int_equal(filter_compile(expression, link, &filter, &error), -EINVAL);
	assert_null(filter);
	return error;
}

static void empty_expression_matches_all(void **state)
{
	uint8_t frame[60] = { 0 };

	(void)state;
	assert_true(is_matched("", frame, sizeof(frame), sizeof(frame)));
}

static void length_is_that_on_the_wire(void **state)
{
	uint8_t frame[60] = { 0 };

	(void)state;
	assert_true(is_matched("len = 1500", frame, sizeof(frame), 1500));
}

static void load_past_the_captured_part_rejects(void **state)
{
	uint8_t frame[61] = { 0 };

	(void)state;
	assert_true(is_matched("ether[60] = 0", frame, 61, 61));
	assert_false(is_matched("ether[60] = 0", frame, 60, 61));
	assert_false(is_matched("not ether[60] = 1", frame, 60, 61));
}

static void tag_in_the_frame_shifts_what_follows(void **state)
{
	uint8_t frame[60] = { [12] = 0x81, [15] = 5, [16] = 0x08, [18] = 0x45 };

	(void)state;
	assert_true(is_matched("vlan 5 and ip", frame, sizeof(frame), sizeof(frame)));
	assert_false(is_matched("ip", frame, sizeof(frame), sizeof(frame)));
}

/* The address family 2 as the other byte order writes it. */
static void loopback_header_of_the_other_byte_order_is_read(void **state)
{
	static const uint8_t foreign[] = { 0, 0, 0, 2, 0x45 };
	struct filter_link link = { .type = DLT_LOOPBACK, .is_swapped = true };
	struct filter *filter = compiled("ip", &link);

	(void)state;
	assert_true(filter_matches(filter, foreign, sizeof(foreign), sizeof(foreign)));
	filter_close(filter);
}

static void broadcast_takes_the_netmask_given(void **state)
{
	uint8_t frame[60] = { [12] = 0x08, [14] = 0x45, [30] = 10, [33] = 255 };
	struct filter_link link = { .type = DLT_ETHERNET, .netmask = 0xffffff00u };
	struct filter *filter = compiled("ip broadcast", &link);

	(void)state;
	assert_true(filter_matches(filter, frame, sizeof(frame), sizeof(frame)));
	filter_close(filter);
}

static void refusal_has_the_words_of_libpcap(void **state)
{
	(void)state;
	assert_string_equal(refused("ether proto lldp", &ethernet).text,
			    "unknown ether proto 'lldp'");
	assert_string_equal(refused("tcp and udp", &ethernet).text,
			    "expression rejects all packets");
}

static void caret_points_to_what_is_wrong(void **state)
{
	static const struct {
		const char *expression;
		int column;
	} cases[] = {
		{ "tcp prot 443", 4 },
		{ "tcp port 443 adn udp", 13 },
		{ "tcp port", 8 },
		{ "(tcp or udp", 11 },
		{ "tcp or udp)", 10 },
		{ "ip and ether proto lldp", 19 },
		{ "tcp[13 & 2 != 0", 11 },
		{ "tcp and udp", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter_error error = refused(cases[i].expression, &ethernet);

		if (error.column != cases[i].column)
			print_message("%s: %d\n", cases[i].expression, error.column);
		assert_int_equal(error.column, cases[i].column);
	}
}

static void direction_in_an_expression_is_refused(void **state)
{
	(void)state;
	assert_non_null(strstr(refused("tcp and inbound", &live).text, "--direction"));
	assert_string_equal(refused("inbound", &ethernet).text,
			    "inbound/outbound not supported on Ethernet when reading savefiles");
}

static void loop_over_headers_is_refused_live(void **state)
{
	struct filter_target target = { FILTER_XDP, -1 };
	struct filter *filter = compiled("ip6 protochain 6", &live);
	struct filter_error error;

	(void)state;
	assert_int_equal(filter_load(filter, &target, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "protochain"));
	filter_close(filter);
}

static void a_hook_takes_filters_of_its_own_link(void **state)
{
	struct filter_link link = { .type = DLT_LOOPBACK, .is_live = true };
	struct filter_target target = { FILTER_TC, -1 };
	struct filter *filter = compiled("ip", &link);
	struct filter_error error;

	(void)state;
	assert_int_equal(filter_load(filter, &target, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "another link"));
	target.hook = FILTER_TC_IP;
	assert_int_equal(filter_load(filter, &target, &error), -EOPNOTSUPP);
	filter_close(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_expression_matches_all),
		cmocka_unit_test(length_is_that_on_the_wire),
		cmocka_unit_test(load_past_the_captured_part_rejects),
		cmocka_unit_test(tag_in_the_frame_shifts_what_follows),
		cmocka_unit_test(loopback_header_of_the_other_byte_order_is_read),
		cmocka_unit_test(broadcast_takes_the_netmask_given),
		cmocka_unit_test(refusal_has_the_words_of_libpcap),
		cmocka_unit_test(caret_points_to_what_is_wrong),
		cmocka_unit_test(direction_in_an_expression_is_refused),
		cmocka_unit_test(loop_over_headers_is_refused_live),
		cmocka_unit_test(a_hook_takes_filters_of_its_own_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
