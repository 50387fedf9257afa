/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../user/outputs/ipfix.h"
#include "../user/outputs/output_name.h"
#include "../user/outputs/sink.h"
#include "json_scene.h"

#define FIELDS_MAX 64
#define MANY       5000
#define REVERSE    29305u

struct field {
	uint32_t pen;
	uint16_t number, length;
};

struct layout {
	struct field fields[FIELDS_MAX];
	size_t count;
	size_t scopes;
};

/* A collector: what its messages said, by a decoder of its own. */
struct collector {
	struct scene scene;
	struct sink *sink;
	int fd;
	char name[64];
	struct layout layouts[16];
	uint64_t messages, records, options, templates, packets, bytes, back_packets, back_octets;
	size_t longest;
	uint64_t last[512];      /* values of the newest record of data, by element */
	uint64_t last_option[512];
	uint8_t dst[16];
	uint16_t last_set;
};

static uint64_t number_at(const uint8_t *at, size_t length)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | at[i];
	return number;
}

static const uint8_t *read_template(struct collector *collector, const uint8_t *at, bool is_options)
{
	size_t id = number_at(at, 2), count = number_at(at + 2, 2);
	struct layout *layout = &collector->layouts[id - 256];

	assert_in_range(id, 256, 256 + 15);
	assert_in_range(count, 1, FIELDS_MAX);
	at += 4;
	*layout = (struct layout){ .count = count };
	if (is_options) {
		layout->scopes = number_at(at, 2);
		assert_int_equal(layout->scopes, 1);
		at += 2;
	}
	for (size_t i = 0; i < count; i++, at += 4) {
		layout->fields[i].number = number_at(at, 2) & 0x7fff;
		layout->fields[i].length = (uint16_t)number_at(at + 2, 2);
		if (at[0] & 0x80) {
			layout->fields[i].pen = (uint32_t)number_at(at + 4, 4);
			assert_int_equal(layout->fields[i].pen, REVERSE);
			at += 4;
		}
	}
	collector->templates++;
	return at;
}

static const uint8_t *read_record(struct collector *collector, const struct layout *layout,
				  const uint8_t *at)
{
	uint64_t *values = layout->scopes ? collector->last_option : collector->last;

	assert_true(layout->count > 0); /* its template came before */
	memset(values, 0, sizeof(collector->last));
	for (size_t i = 0; i < layout->count; i++) {
		const struct field *field = &layout->fields[i];

		if (field->length <= 8 && !field->pen)
			values[field->number] = number_at(at, field->length);
		if (field->pen && field->number == 2)
			collector->back_packets += number_at(at, field->length);
		if (field->pen && field->number == 1)
			collector->back_octets += number_at(at, field->length);
		if (field->number == 28)
			memcpy(collector->dst, at, 16);
		at += field->length;
	}
	collector->records++;
	collector->options += layout->scopes;
	if (!layout->scopes) {
		collector->packets += values[2];
		collector->bytes += values[352];
	}
	return at;
}

static void read_set(struct collector *collector, const uint8_t *set, size_t length)
{
	size_t id = number_at(set, 2);
	const uint8_t *at = set + 4;

	while (at < set + length) {
		if (id < 256)
			at = read_template(collector, at, id == 3);
		else
			at = read_record(collector, &collector->layouts[id - 256], at);
		assert_true(at <= set + length);
	}
	if (id >= 256 && !collector->layouts[id - 256].scopes)
		collector->last_set = (uint16_t)id;
}

static void read_message(struct collector *collector, const uint8_t *message, size_t length)
{
	assert_true(length >= 16);
	assert_int_equal(number_at(message, 2), 10);
	assert_int_equal(number_at(message + 2, 2), length);
	assert_int_equal(number_at(message + 8, 4), collector->records);
	for (size_t at = 16, set; at < length; at += set) {
		set = number_at(message + at + 2, 2);
		assert_in_range(set, 5, length - at);
		read_set(collector, message + at, set);
	}
	collector->messages++;
	if (length > collector->longest)
		collector->longest = length;
}

static void collect(struct collector *collector)
{
	static uint8_t message[65536];
	ssize_t length;

	while ((length = recv(collector->fd, message, sizeof(message), MSG_DONTWAIT)) > 0)
		read_message(collector, message, (size_t)length);
}

static int collector_make(void **state)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int buffer = 4 << 20;

	scene_init(&collector->scene);
	collector->scene.result.spec = &tumbling;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	collector->fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(setsockopt(collector->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
				    sizeof(buffer)) &&
			 setsockopt(collector->fd, SOL_SOCKET, SO_RCVBUF, &buffer,
				    sizeof(buffer)), 0);
	assert_int_equal(bind(collector->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(collector->fd, (struct sockaddr *)&address, &size), 0);
	snprintf(collector->name, sizeof(collector->name), "ipfix://127.0.0.1:%d",
		 ntohs(address.sin_port));
	*state = collector;
	return 0;
}

static int collector_drop(void **state)
{
	struct collector *collector = *state;

	sink_close(collector->sink, NULL);
	text_fini(&collector->scene.text);
	close(collector->fd);
	free(collector);
	return 0;
}

static void send_window(struct collector *collector)
{
	const struct sink_config config = { .name = collector->name, .window_count = 1,
					    .hangup_fd = -1 };
	const char *reason = NULL;

	if (!collector->sink)
		assert_int_equal(sink_open(&config, &collector->sink, &reason), 0);
	assert_int_equal(sink_write(collector->sink, &collector->scene.context,
				    &collector->scene.result), 0);
	collect(collector);
}

static void flow_is_a_record_of_the_ipv4_template(void **state)
{
	struct collector *collector = *state;

	send_window(collector);
	assert_int_equal(collector->templates, 6);
	assert_int_equal(collector->records, 2);
	assert_int_equal(collector->options, 1);
	assert_int_equal(collector->last_set, 256);
	assert_int_equal(collector->last[2], 30);
	assert_int_equal(collector->last[352], 15000);
	assert_int_equal(collector->last[8], 0x0a000001);
	assert_int_equal(collector->last[12], 0x0a000002);
	assert_int_equal(collector->last[7], 40000);
	assert_int_equal(collector->last[11], 443);
	assert_int_equal(collector->last[4], IPPROTO_TCP);
	assert_int_equal(collector->last[6], 0x1b);
	assert_int_equal(collector->last[61], 0);
	assert_int_equal(collector->last[136], 2);
	assert_int_equal(collector->last[152], EPOCH / 1000000 + 100);
	assert_int_equal(collector->last[153], EPOCH / 1000000 + 9900);
}

static void icmp_has_type_and_code_in_one(void **state)
{
	struct collector *collector = *state;
	struct flow_key *key = &collector->scene.flow.key;

	key->ip_proto = IPPROTO_ICMP;
	key->src_port = htons(3 << 8);
	key->dst_port = htons(1 << 8);
	send_window(collector);
	assert_int_equal(collector->last_set, 257);
	assert_int_equal(collector->last[32], 0x0301);
	assert_int_equal(collector->last[7], 0);
}

static void ipv6_and_tags_are_told(void **state)
{
	struct collector *collector = *state;
	struct flow_key *key = &collector->scene.flow.key;
	uint8_t address[16];

	assert_int_equal(inet_pton(AF_INET6, "2001:db8::2", address), 1);
	memcpy(key->dst, address, sizeof(address));
	key->flags = FLOW_IP | FLOW_IPV6 | FLOW_OUT;
	key->vlan = VLAN_TAG_PRESENT | 100;
	key->inner_vlan = VLAN_TAG_PRESENT | 200;
	send_window(collector);
	assert_int_equal(collector->last_set, 258);
	assert_memory_equal(collector->dst, address, 16);
	assert_int_equal(collector->last[243], 100);
	assert_int_equal(collector->last[245], 200);
	assert_int_equal(collector->last[61], 1);
	assert_int_equal(collector->last[10], 0);
}

static void what_is_not_ip_has_its_ethertype(void **state)
{
	struct collector *collector = *state;
	struct flow_key *key = &collector->scene.flow.key;

	memset(key, 0, sizeof(*key));
	key->src_port = htons(0x0806);
	send_window(collector);
	assert_int_equal(collector->last_set, 260);
	assert_int_equal(collector->last[256], 0x0806);
	assert_int_equal(collector->packets, 30);
}

static void fields_that_the_group_leaves_out_are_not_there(void **state)
{
	struct collector *collector = *state;
	const char *reason = NULL;

	assert_int_equal(group_by_parse("src/24", &collector->scene.group, &reason), 0);
	send_window(collector);
	assert_int_equal(collector->last[9], 24);
	for (size_t i = 0; i < collector->layouts[0].count; i++) {
		uint16_t number = collector->layouts[0].fields[i].number;

		assert_true(number != 12 && number != 7 && number != 4 && number != 61);
	}
}

static void what_came_back_stands_in_reverse_elements(void **state)
{
	struct collector *collector = *state;
	struct flow_result reverse = collector->scene.flow;

	reverse.packets = 7;
	collector->scene.result.reverses = &reverse;
	send_window(collector);
	assert_int_equal(collector->packets, 30);
	assert_int_equal(collector->back_packets, 7);
	assert_int_equal(collector->last[239], 1);
}

/* 0 is a value; without one the element is not there. */
static bool has_element(const struct layout *layout, uint16_t number, uint32_t pen)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->fields[i].number == number && layout->fields[i].pen == pen)
			return true;
	}
	return false;
}

static void octets_are_those_of_ip_packets_of_both_ways(void **state)
{
	struct collector *collector = *state;
	struct flow_result reverse = collector->scene.flow;
	struct extra_sum extras[] = { { .ip_bytes = 11 }, { .ip_bytes = 1ull << 40 } };

	assert_true(ipfix_encoder.extra_sets == 1u << EXTRA_IP);
	reverse.extra = 1;
	collector->scene.result.reverses = &reverse;
	collector->scene.result.extras = extras;
	collector->scene.result.extra_sets = ipfix_encoder.extra_sets;
	send_window(collector);
	assert_int_equal(collector->last[1], 11);
	assert_int_equal(collector->back_octets, 1ull << 40);
	assert_true(has_element(&collector->layouts[3], 1, REVERSE));
	assert_false(has_element(&collector->layouts[4], 1, 0)); /* what is not IP */
	assert_true(has_element(&collector->layouts[4], 352, 0));
}

static void account_tells_what_no_record_has(void **state)
{
	struct collector *collector = *state;
	struct window_result *result = &collector->scene.result;

	result->counts.outcome[PACKET_FLOW] = (struct tally){ 35, 16000 };
	result->counts.outcome[PACKET_UNATTRIBUTED] = (struct tally){ 4, 400 };
	result->flows_omitted = 2;
	result->evicted_flows = 1;
	send_window(collector);
	assert_int_equal(collector->last_option[164], 1 + 4);
	assert_int_equal(collector->last_option[165], 60 + 400);
	assert_int_equal(collector->last_option[166], 3);
	assert_int_equal(collector->last_option[167], 5);
	assert_int_equal(collector->last_option[168], 1000);
}

static void many_flows_fill_messages_in_sequence(void **state)
{
	struct collector *collector = *state;
	struct flow_result *flows = calloc(MANY, sizeof(*flows));

	for (uint32_t i = 0; i < MANY; i++) {
		flows[i] = collector->scene.flow;
		flows[i].key.src_port = htons((uint16_t)i);
		if (i % 3 == 0)
			flows[i].key.flags |= FLOW_IPV6;
	}
	collector->scene.result.flows = flows;
	collector->scene.result.flow_count = MANY;
	collector->scene.result.counts.outcome[PACKET_FLOW] = (struct tally){ 30ull * MANY,
									      15000ull * MANY };
	send_window(collector);
	send_window(collector);
	free(flows);
	assert_int_equal(collector->records, 2 * (MANY + 1));
	assert_int_equal(collector->packets, 2 * 30ull * MANY);
	assert_int_equal(collector->bytes, 2 * 15000ull * MANY);
	assert_int_equal(collector->last_option[167], 0);
	assert_true(collector->messages > 2);
	assert_in_range(collector->longest, 1000, 9000 - 48);
}

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
	static const char *const refused[] = { "ipfix://", "ipfix://h:0", "ipfix://h:65536",
					       "ipfix://h:x", "ipfix://[::1", "ipfix+tcp://h/db" };
	struct endpoint endpoint;

	(void)state;
	assert_null(ipfix_target_parse("ipfix://collector", &endpoint));
	assert_string_equal(endpoint.host, "collector");
	assert_string_equal(endpoint.port, "4739");
	assert_null(ipfix_target_parse("ipfix+tcp://[2001:db8::1]:9", &endpoint));
	assert_string_equal(endpoint.host, "2001:db8::1");
	assert_string_equal(endpoint.port, "9");
	assert_null(ipfix_target_parse("ipfix://[::1]", &endpoint));
	assert_string_equal(endpoint.port, "4739");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_non_null(ipfix_target_parse(refused[i], &endpoint));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, collector_make, collector_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flow_is_a_record_of_the_ipv4_template),
		TEST(icmp_has_type_and_code_in_one),
		TEST(ipv6_and_tags_are_told),
		TEST(what_is_not_ip_has_its_ethertype),
		TEST(fields_that_the_group_leaves_out_are_not_there),
		TEST(what_came_back_stands_in_reverse_elements),
		TEST(octets_are_those_of_ip_packets_of_both_ways),
		TEST(account_tells_what_no_record_has),
		TEST(many_flows_fill_messages_in_sequence),
		TEST(new_connection_has_its_templates_and_sequence),
		TEST(collector_that_is_away_costs_windows_and_is_told_once),
		cmocka_unit_test(target_is_a_host_and_perhaps_a_port),
	};

	return cmocka_run_group_tests_name("ipfix", tests, NULL, NULL);
}
