/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "../../user/outputs/listener_host.h"

static const struct host_names names = { .machine = "edge-1", .given = "edge-1.example.com",
					 .listened = "127.0.0.1" };

/* Asked at this address. */
static bool is_own_at(const char *host, const char *local)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, local, &in.sin_addr) == 1)
		return host_is_own(host, &names, (const struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, local, &in6.sin6_addr), 1);
	return host_is_own(host, &names, (const struct sockaddr *)&in6);
}

static void names_of_this_machine_are_its_own(void **state)
{
	static const char *const own[] = { "localhost", "localhost:9100", "LOCALHOST", "edge-1",
					   "edge-1:80", "edge-1.example.com:9100" };

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_true(is_own_at(own[i], "127.0.0.1"));
}

static void the_address_that_was_called_is_its_own(void **state)
{
	(void)state;
	assert_true(is_own_at("127.0.0.1:9100", "127.0.0.1"));
	assert_true(is_own_at("192.0.2.1", "192.0.2.1"));
	assert_true(is_own_at("192.0.2.1", "::ffff:192.0.2.1"));
	assert_true(is_own_at("[2001:db8::1]:9100", "2001:db8::1"));
	assert_true(is_own_at("[2001:db8:0::1]", "2001:db8::1"));
	assert_false(is_own_at("192.0.2.2", "192.0.2.1"));
	assert_false(is_own_at("[2001:db8::2]", "2001:db8::1"));
}

static void other_names_are_not(void **state)
{
	static const char *const others[] = { "evil.example", "localhost.evil.example", "edge-1.evil",
					      "edge-1:80@evil", "edge-1:80x", "", ":80", "[", "[::1",
					      "[::1]x", "localhost ", "edge-1.", "127.1", "0" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(is_own_at(others[i], "127.0.0.1"));
	assert_false(is_own_at(NULL, "127.0.0.1"));
}

static void metrics_are_of_the_kind_that_is_liked_best(void **state)
{
	static const char prometheus[] =
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		"version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

	(void)state;
	assert_true(accept_is_openmetrics(prometheus));
	assert_true(accept_is_openmetrics("application/openmetrics-text"));
	assert_true(accept_is_openmetrics("text/plain;q=0.5, application/openmetrics-text; q=0.6"));
	assert_false(accept_is_openmetrics("text/plain, application/openmetrics-text;q=0.999"));
	assert_false(accept_is_openmetrics("application/openmetrics-text;q=0"));
	assert_false(accept_is_openmetrics("application/openmetrics-text;version=0.0.1"));
	assert_false(accept_is_openmetrics("*/*"));
	assert_false(accept_is_openmetrics(",;,;q=,"));
	assert_false(accept_is_openmetrics(""));
	assert_false(accept_is_openmetrics(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_this_machine_are_its_own),
		cmocka_unit_test(the_address_that_was_called_is_its_own),
		cmocka_unit_test(other_names_are_not),
		cmocka_unit_test(metrics_are_of_the_kind_that_is_liked_best),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
