/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../user/outputs/json.h"
#include "../../user/outputs/json_string.h"
#include "../../user/text/instant.h"
#include "../../user/text/address.h"
#include "../../user/text/number.h"
#include "../../user/text/protocols.h"

static const char *text_end(struct text *text)
{
	text_bytes(text, "", 1);
	assert_int_equal(text->err, 0);
	return text->bytes;
}

static void strings_are_escaped(void **state)
{
	struct text text = { 0 };

	(void)state;
	json_string(&text, "a\"b\\c\n\x01\x7f/\xc3\xa9\xf0\x9f\x8c\x8a\xc2\x9b");
	assert_string_equal(text_end(&text), "\"a\\\"b\\\\c\\u000a\\u0001\\u007f/"
					     "\xc3\xa9\xf0\x9f\x8c\x8a\\u009b\"");
	text_fini(&text);
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	/* stray continuation, overlong, surrogate, above U+10FFFF, cut at the end */
	static const char *const wrong[] = { "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					     "\xe2\x82", "\xff" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct text text = { 0 };
		size_t count;

		json_string(&text, wrong[i]);
		text_end(&text);
		for (count = 0; !strncmp(text.bytes + 1 + 3 * count, "\xef\xbf\xbd", 3); count++)
			;
		assert_int_equal(count, strlen(wrong[i]));
		assert_string_equal(text.bytes + 1 + 3 * count, "\"");
		text_fini(&text);
	}
}

static void assert_decimal(double value, const char *expected)
{
	char buffer[PUT_DECIMAL_MAX + 1];
	char *end = put_decimal(buffer, value);

	assert_true(end - buffer <= PUT_DECIMAL_MAX);
	*end = '\0';
	assert_string_equal(buffer, expected);
}

static void decimals_have_a_point_and_no_trailing_zeros(void **state)
{
	(void)state;
	assert_decimal(0, "0.0");
	assert_decimal(-1, "0.0");
	assert_decimal(NAN, "0.0");
	assert_decimal(INFINITY, "0.0");
	assert_decimal(1500, "1500.0");
	assert_decimal(3.1, "3.1");
	assert_decimal(1 / 3.0, "0.333333333");
	assert_decimal(1e-9, "0.000000001");
	assert_decimal(0.9999999999, "1.0");
	assert_decimal(999999.9999999999, "1000000.0");
	assert_decimal(1234567.891, "1234567.891");
	assert_decimal(1e9, "1000000000.0");
	assert_decimal(123456789012.5, "123456789012.5");
	assert_decimal(1e13, "10000000000000.0");
	assert_decimal(0x1p63, "9223372036854775808.0");
	assert_decimal(0x1p64, "1.8446744073709552e+19");
	assert_decimal(1e300, "1.0000000000000001e+300");
}

static void decimals_keep_nine_digits_or_nine_decimals(void **state)
{
	uint64_t random = 88172645463325252ull;
	int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		char buffer[PUT_DECIMAL_MAX + 1];
		double value;
		double back;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		value = ldexp((double)(random >> 11), -53 - 20 + (int)(random % 100));
		*put_decimal(buffer, value) = '\0';
		assert_non_null(strchr(buffer, '.'));
		back = strtod(buffer, NULL);
		assert_true(fabs(back - value) <= 0.51e-9 ||
			    fabs(back - value) <= value * 1e-12);
	}
}

static void integers_are_written_as_printf_does(void **state)
{
	uint64_t value = 0;
	int bit;

	(void)state;
	for (bit = 0; bit <= 64; bit++) {
		char buffer[PUT_UINT_MAX + 1];
		char expected[PUT_UINT_MAX + 1];

		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)value);
		*put_uint(buffer, value) = '\0';
		assert_string_equal(buffer, expected);
		value = value * 2 + 1;
	}
}

static void assert_ipv6_as_libc(const uint8_t address[16])
{
	char buffer[PUT_IPV6_MAX + 1];
	char expected[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, address, expected, sizeof(expected));
	*put_ipv6(buffer, address) = '\0';
	assert_string_equal(buffer, expected);
}

static void ipv6_is_written_as_inet_ntop_does(void **state)
{
	uint8_t address[16];
	int pattern;
	int i;

	(void)state;
	/* Each field zero or one of three others: all places and lengths of zero runs. */
	for (pattern = 0; pattern < 1 << 16; pattern++) {
		static const uint16_t fields[] = { 0, 0xffff, 0x1, 0xa0b };

		for (i = 0; i < 8; i++) {
			uint16_t field = fields[pattern >> 2 * i & 3];

			address[2 * i] = (uint8_t)(field >> 8);
			address[2 * i + 1] = (uint8_t)field;
		}
		assert_ipv6_as_libc(address);
	}
}

static void ipv4_is_written_as_inet_ntop_does(void **state)
{
	int octet;

	(void)state;
	for (octet = 0; octet < 256; octet++) {
		uint8_t address[4] = { (uint8_t)octet, 0, (uint8_t)(255 - octet), 10 };
		char buffer[PUT_IPV4_MAX + 1];
		char expected[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, address, expected, sizeof(expected));
		*put_ipv4(buffer, address) = '\0';
		assert_string_equal(buffer, expected);
	}
}

static void protocols_have_short_names(void **state)
{
	char name[PROTOCOL_NAME_MAX];
	int number;

	(void)state;
	assert_string_equal(ip_proto_name(6, name, sizeof(name)), "tcp");
	assert_string_equal(ip_proto_name(58, name, sizeof(name)), "icmp6");
	assert_string_equal(ip_proto_name(41, name, sizeof(name)), "ipv6");
	assert_string_equal(ip_proto_name(253, name, sizeof(name)), "ip-253");
	assert_string_equal(ethertype_name(0x0806, name, sizeof(name)), "arp");
	assert_string_equal(ethertype_name(0x0004, name, sizeof(name)), "llc");
	assert_string_equal(ethertype_name(0x88cc, name, sizeof(name)), "ethertype-0x88cc");
	for (number = 0; number < 256; number++)
		assert_true(strlen(ip_proto_name((uint8_t)number, name, sizeof(name))) <
			    sizeof(name) - 1);
}

static void instants_are_told_in_utc_with_all_nanoseconds(void **state)
{
	static const struct {
		uint64_t instant_ns;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000000Z" },
		{ 1763800000000000000u, "2025-11-22T08:26:40.000000000Z" },
		{ 1709164799999999999u, "2024-02-28T23:59:59.999999999Z" },
		{ 1709164800000000001u, "2024-02-29T00:00:00.000000001Z" },
		{ UINT64_MAX, "2554-07-21T23:34:33.709551615Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[PUT_INSTANT_MAX + 1] = "";

		*put_instant_text(text, cases[i].instant_ns) = '\0';
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_told_in_utc_with_all_nanoseconds),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(decimals_have_a_point_and_no_trailing_zeros),
		cmocka_unit_test(decimals_keep_nine_digits_or_nine_decimals),
		cmocka_unit_test(integers_are_written_as_printf_does),
		cmocka_unit_test(ipv6_is_written_as_inet_ntop_does),
		cmocka_unit_test(ipv4_is_written_as_inet_ntop_does),
		cmocka_unit_test(protocols_have_short_names),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
