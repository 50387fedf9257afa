/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipfix_scene.h"

/* What came by TCP until now, cut into messages. */
static void collect_stream(struct collector *collector, int fd)
{
	static uint8_t bytes[1 << 16];
	ssize_t length = recv(fd, bytes, sizeof(bytes), 0);
	size_t message;

	assert_true(length > 0);
	for (size_t at = 0; at < (size_t)length; at += message) {
		message = number_at(bytes + at + 2, 2);
		assert_in_range(message, 16, (size_t)length - at);
		read_message(collector, bytes + at, message);
	}
}

static int listen_by_tcp(struct collector *collector)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(collector->name, sizeof(collector->name), "ipfix+tcp://127.0.0.1:%d",
		 ntohs(address.sin_port));
	return fd;
}

/* RFC 7011, 8.4 and 10.4: a connection is a transport session of its own. */
static void new_connection_has_its_templates_and_sequence(void **state)
{
	struct collector *collector = *state;
	int listener = listen_by_tcp(collector), fd;

	for (int i = 1; i <= 2; i++) {
		memset(collector->layouts, 0, sizeof(collector->layouts));
		collector->records = 0;
		send_window(collector);
		fd = accept(listener, NULL, NULL);
		assert_true(fd >= 0);
		collect_stream(collector, fd);
		send_window(collector);
		collect_stream(collector, fd);
		assert_int_equal(collector->records, 4);
		assert_int_equal(collector->templates, 6 * i);
		close(fd);
	}
	close(listener);
	assert_int_equal(collector->packets, 4 * 30);
}

static void collector_that_is_away_costs_windows_and_is_told_once(void **state)
{
	struct collector *collector = *state;
	const struct sink_config config = { .name = collector->name, .window_count = 1,
					    .hangup_fd = -1 };
	const char *reason = NULL;
	struct carrier_news news;

	close(listen_by_tcp(collector));
	assert_int_equal(sink_open(&config, &collector->sink, &reason), 0);
	sink_take_news(collector->sink, &news);
	assert_non_null(strstr(news.lines, "its collector is away"));
	assert_true(sink_write(collector->sink, &collector->scene.context,
			       &collector->scene.result) < 0);
	assert_int_equal(sink_stats(collector->sink)->errors, 1);
	sink_take_news(collector->sink, &news);
	assert_string_equal(news.lines, "");
}

static void target_is_a_host_and_perhaps_a_port(void **state)
{
	static const char *const refused[] = {
		"ipfix://", "ipfix://h:0", "ipfix://h:65536", "ipfix://h:x", "ipfix://[::1",
		"ipfix+tcp://h/db", "ipfix://?domain=1", "ipfix://h?", "ipfix://h?domain=",
		"ipfix://h?domain=4294967296", "ipfix://h?domain=-1", "ipfix://h?domain=1x",
		"ipfix://h?domain", "ipfix://h?accounting=maybe", "ipfix://h?domain=1&",
		"ipfix://u@h", "http://h",
	};
	struct ipfix_target target;
	char longest[512];

	(void)state;
	assert_null(ipfix_target_parse("ipfix://collector", &target));
	assert_string_equal(target.endpoint.host, "collector");
	assert_string_equal(target.endpoint.port, "4739");
	assert_true(!target.has_domain && target.has_accounting);
	assert_null(ipfix_target_parse("ipfix+tcp://[2001:db8::1]:9", &target));
	assert_string_equal(target.endpoint.host, "2001:db8::1");
	assert_string_equal(target.endpoint.port, "9");
	assert_null(ipfix_target_parse("ipfix://[::1]?accounting=no&domain=4294967295", &target));
	assert_string_equal(target.endpoint.port, "4739");
	assert_true(target.has_domain && !target.has_accounting);
	assert_int_equal(target.domain, 4294967295u);
	assert_null(ipfix_target_parse("ipfix://h:1?domain=0&accounting=yes", &target));
	assert_string_equal(target.endpoint.port, "1");
	assert_true(target.has_domain && target.has_accounting && !target.domain);
	snprintf(longest, sizeof(longest), "ipfix://%0253d.x:65535", 0);
	assert_null(ipfix_target_parse(longest, &target));
	assert_int_equal(strlen(target.endpoint.host), 255);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_non_null(ipfix_target_parse(refused[i], &target));
}

static void name_append(struct collector *collector, const char *options)
{
	size_t length = strlen(collector->name);

	snprintf(collector->name + length, sizeof(collector->name) - length, "%s", options);
}

static void domain_is_that_of_the_target_in_messages_and_options(void **state)
{
	struct collector *collector = *state;

	name_append(collector, "?domain=77");
	send_window(collector);
	assert_int_equal(collector->domain, 77);
	assert_int_equal(collector->last_option[149], 77);
}

/* Runs that count something else are others to the collector, behind one address. */
static void domain_is_else_made_of_what_is_counted(void **state)
{
	struct collector *collector = *state;
	uint32_t first;

	send_window(collector);
	first = collector->domain;
	assert_true(first != 0);
	assert_int_equal(collector->last_option[149], first);
	collector->scene.context.filter = "udp";
	send_window(collector);
	assert_int_equal(collector->domain, first); /* of the output */
	sink_close(collector->sink, NULL);
	collector->sink = NULL;
	collector->records = 0;
	send_window(collector);
	assert_true(collector->domain != first);
}

static void accounting_can_be_left_out(void **state)
{
	struct collector *collector = *state;

	name_append(collector, "?accounting=no");
	send_window(collector);
	send_window(collector);
	assert_int_equal(collector->templates, 5);
	assert_int_equal(collector->records, 2);
	assert_int_equal(collector->options, 0);
}

static void one_window_alone_goes_to_a_collector(void **state)
{
	struct output_name parsed;

	(void)state;
	assert_null(output_name_parse("ipfix://h", 1, &parsed));
	assert_non_null(output_name_parse("ipfix+tcp://h", 2, &parsed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_connection_has_its_templates_and_sequence),
		TEST(collector_that_is_away_costs_windows_and_is_told_once),
		cmocka_unit_test(target_is_a_host_and_perhaps_a_port),
		TEST(domain_is_that_of_the_target_in_messages_and_options),
		TEST(domain_is_else_made_of_what_is_counted),
		TEST(accounting_can_be_left_out),
		cmocka_unit_test(one_window_alone_goes_to_a_collector),
	};

	return cmocka_run_group_tests_name("ipfix_session", tests, NULL, NULL);
}
