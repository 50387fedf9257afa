/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../user/text/endpoint.h"

static void hosts_and_ports_are_taken_apart(void **state)
{
	static const char *const cases[][3] = {
		{ "collector:4739", "collector", "4739" },
		{ "a.b-c_d.example.:1", "a.b-c_d.example.", "1" },
		{ "192.0.2.1:65535", "192.0.2.1", "65535" },
		{ "[::1]:80", "::1", "80" },
		{ "[fe80::1%eth0]:80", "fe80::1%eth0", "80" },
		{ "h:00080", "h", "80" },
		{ "m\xc3\xbcnchen:9", "m\xc3\xbcnchen", "9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint endpoint;

		assert_null(endpoint_parse(cases[i][0], &endpoint));
		assert_string_equal(endpoint.host, cases[i][1]);
		assert_string_equal(endpoint.port, cases[i][2]);
	}
}

static void assert_refused(const char *const *texts, const char *beginning)
{
	for (; *texts; texts++) {
		struct endpoint endpoint;
		const char *reason = endpoint_parse(*texts, &endpoint);

		if (!reason || strncmp(reason, beginning, strlen(beginning)))
			print_message("%s: %s\n", *texts, reason ? reason : "taken");
		assert_non_null(reason);
		assert_int_equal(strncmp(reason, beginning, strlen(beginning)), 0);
	}
}

static void ports_out_of_range_are_refused(void **state)
{
	static const char *const texts[] = { "h:0", "h:65536", "h:99999", "h:-1", "h:+1", "h:",
					     "h:http", "h:80/", "h:80 ", "h: 80", "h:0x50",
					     "h:4294967377", "[::1]:0", "h:000", NULL };

	(void)state;
	assert_refused(texts, "the port is not a number");
}

static void what_is_missing_is_named(void **state)
{
	static const char *const no_host[] = { "", ":80", "[]:80", "[::1", "[", NULL };
	static const char *const no_port[] = { "h", "192.0.2.1", "[::1]", "[::1]80", NULL };

	(void)state;
	assert_refused(no_host, "a host is missing");
	assert_refused(no_port, "a port is missing");
}

static void ipv6_needs_its_brackets(void **state)
{
	static const char *const bare[] = { "::1:80", "2001:db8::1:80", "a:b:80", NULL };
	static const char *const wrong[] = { "[h]:80", "[1.2.3.4]:80", "[::1%]:80", "[:::]:80",
					     NULL };

	(void)state;
	assert_refused(bare, "an IPv6 address stands in brackets");
	assert_refused(wrong, "what is in brackets is no IPv6 address");
}

static void hosts_that_cannot_be_are_refused(void **state)
{
	static const char *const texts[] = { "300.1.1.1:80", "1.2.3:80", "1:80", "a b:80", "a/b:80",
					     "user@h:80", "h]:80", "-h:80", ".h:80", "h\x7f:80",
					     NULL };
	char name[ENDPOINT_HOST_MAX + 8];
	const char *const longest[] = { name, NULL };

	(void)state;
	assert_refused(texts, "the host is neither");
	memset(name, 'a', sizeof(name));
	strcpy(name + ENDPOINT_HOST_MAX, ":80");
	assert_refused(longest, "the host is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_ports_are_taken_apart),
		cmocka_unit_test(ports_out_of_range_are_refused),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(ipv6_needs_its_brackets),
		cmocka_unit_test(hosts_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
