/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../user/top/format.h"

static void check_number(double value, const char *wanted)
{
	char buffer[FORMAT_MAX];

	assert_string_equal(format_number(value, buffer), wanted);
}

static void numbers_have_three_digits_and_at_most_five_characters(void **state)
{
	char buffer[FORMAT_MAX];

	(void)state;
	check_number(0, "0");
	check_number(7, "7");
	check_number(999, "999");
	check_number(1.5, "1.50");
	check_number(23.45, "23.4");
	check_number(1000, "1.00k");
	check_number(12345, "12.3k");
	check_number(123456, "123k");
	check_number(999499, "999k");
	check_number(999500, "1.00M");
	check_number(18446744073709551615.0, "18.4E");
	for (double value = 0.001; value < 1e20; value *= 1.07)
		assert_true(strlen(format_number(value, buffer)) <= 5);
}

static void what_is_there_is_never_zero(void **state)
{
	(void)state;
	check_number(0.0001, "0.01");
	check_number(0.25, "0.25");
}

static void hundred_percent_means_all(void **state)
{
	char buffer[FORMAT_MAX];

	(void)state;
	assert_string_equal(format_share(5, 5, buffer), "100 %");
	assert_string_equal(format_share(9999999, 10000000, buffer), "99.99 %");
	assert_string_equal(format_share(UINT64_MAX - 1, UINT64_MAX, buffer), "99.99 %");
	assert_string_equal(format_share(1, 10000000, buffer), "0.01 %");
	assert_string_equal(format_share(0, 10, buffer), "0 %");
	assert_string_equal(format_share(0, 0, buffer), "100 %");
}

static void times_are_in_the_unit_one_would_say(void **state)
{
	char buffer[FORMAT_MAX];

	(void)state;
	assert_string_equal(format_length(40000000000, buffer), "40s");
	assert_string_equal(format_length(250000000, buffer), "250ms");
	assert_string_equal(format_length(600000000000, buffer), "10m");
	assert_string_equal(format_length(6003000123, buffer), "6s");
	assert_string_equal(format_length(1500000001, buffer), "1.5s");
	assert_string_equal(format_elapsed(59000000000, buffer), "0:59");
	assert_string_equal(format_elapsed(3723000000000, buffer), "1:02:03");
	assert_string_equal(format_elapsed(176523000000000, buffer), "2d 01:02:03");
	assert_string_equal(format_age(99900000000, buffer), "99s");
	assert_string_equal(format_age(100000000000, buffer), "1m");
	assert_string_equal(format_age(6000000000000, buffer), "1h");
	assert_string_equal(format_age(400000000000000, buffer), "4d");
	assert_string_equal(format_latency(850000, buffer), "850 us");
	assert_string_equal(format_latency(1200000, buffer), "1.2 ms");
	assert_string_equal(format_latency(15000000, buffer), "15 ms");
}

static void counts_have_their_digits_in_groups(void **state)
{
	char buffer[FORMAT_MAX];

	(void)state;
	assert_string_equal(format_count(1, buffer), "1");
	assert_string_equal(format_count(1234567, buffer), "1 234 567");
	assert_string_equal(format_count(UINT64_MAX, buffer), "18 446 744 073 709 551 615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_three_digits_and_at_most_five_characters),
		cmocka_unit_test(what_is_there_is_never_zero),
		cmocka_unit_test(hundred_percent_means_all),
		cmocka_unit_test(times_are_in_the_unit_one_would_say),
		cmocka_unit_test(counts_have_their_digits_in_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
