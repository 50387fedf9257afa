/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A collector of IPFIX by UDP on the loopback, with a decoder of its own, and an output that sends
 * the scene's window to it. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_IPFIX_SCENE_H
#define WEIR_TESTS_IPFIX_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../user/outputs/ipfix.h"
#include "../user/outputs/output_name.h"
#include "../user/outputs/sink.h"
#include "json_scene.h"

#define FIELDS_MAX 64
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
	uint32_t domain;
};

static inline uint64_t number_at(const uint8_t *at, size_t length)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | at[i];
	return number;
}

static inline const uint8_t *read_template(struct collector *collector, const uint8_t *at, bool is_options)
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

static inline const uint8_t *read_record(struct collector *collector, const struct layout *layout,
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

static inline void read_set(struct collector *collector, const uint8_t *set, size_t length)
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

static inline void read_message(struct collector *collector, const uint8_t *message, size_t length)
{
	assert_true(length >= 16);
	assert_int_equal(number_at(message, 2), 10);
	assert_int_equal(number_at(message + 2, 2), length);
	assert_int_equal(number_at(message + 8, 4), collector->records);
	collector->domain = (uint32_t)number_at(message + 12, 4);
	for (size_t at = 16, set; at < length; at += set) {
		set = number_at(message + at + 2, 2);
		assert_in_range(set, 5, length - at);
		read_set(collector, message + at, set);
	}
	collector->messages++;
	if (length > collector->longest)
		collector->longest = length;
}

static inline void collect(struct collector *collector)
{
	static uint8_t message[65536];
	ssize_t length;

	while ((length = recv(collector->fd, message, sizeof(message), MSG_DONTWAIT)) > 0)
		read_message(collector, message, (size_t)length);
}

static inline int collector_make(void **state)
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

static inline int collector_drop(void **state)
{
	struct collector *collector = *state;

	sink_close(collector->sink, NULL);
	text_fini(&collector->scene.text);
	close(collector->fd);
	free(collector);
	return 0;
}

static inline void send_window(struct collector *collector)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, collector_make, collector_drop)

#endif
