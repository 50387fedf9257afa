/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's rows by service, of TCP connections that are told by ports, marks, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../../user/engine/engine.h"
#include "../../user/engine/group.h"
#include "../../user/engine/service.h"

#define SECOND   1000000000ull
#define ROWS_MAX 16

struct rows {
	struct group_by group;
	struct flow_result row[ROWS_MAX], back[ROWS_MAX];
	uint16_t service[ROWS_MAX];
	size_t count;
};

static int keep(void *context, const struct window_result *result)
{
	struct rows *rows = context;

	assert_in_range(result->flow_count, 0, ROWS_MAX);
	rows->count = result->flow_count;
	for (size_t i = 0; i < rows->count; i++) {
		rows->row[i] = result->flows[i];
		if (result->reverses)
			rows->back[i] = result->reverses[i];
		rows->service[i] = ntohs(service_of_row(&rows->group, result, &result->flows[i]));
	}
	return 0;
}

static struct engine *engine_of(struct rows *rows, const char *fields, bool biflow)
{
	static const struct window_spec spec = { WINDOW_TUMBLING, SECOND, SECOND, 0 };
	struct engine_config config = { .windows = &spec, .window_count = 1, .pane_ns = SECOND,
					.biflow = biflow, .emit = keep, .emit_context = rows };
	const char *reason;
	struct engine *engine;

	*rows = (struct rows){ .count = 0 };
	assert_int_equal(group_by_parse(fields, &rows->group, &reason), 0);
	config.service = service_rule_of(&rows->group);
	group_masks_make(&rows->group, &config.row_masks);
	engine = engine_create(&config);
	assert_non_null(engine);
	return engine;
}

static struct flow_slot record(uint8_t ip_proto, uint8_t src, unsigned int src_port, uint8_t dst,
			       unsigned int dst_port)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = ip_proto, .packets = 1,
				  .bytes = 100, .min_len = 100, .max_len = 100 };

	slot.src[2] = slot.dst[2] = htonl(0xffff);
	slot.src[3] = htonl(0x0a000000u + src);
	slot.dst[3] = htonl(0x0a000000u + dst);
	slot.src_port = htons((uint16_t)src_port);
	slot.dst_port = htons((uint16_t)dst_port);
	return slot;
}

static void merge(struct engine *engine, struct flow_slot slot)
{
	const struct flow_slot *const records[] = { &slot };

	assert_int_equal(engine_merge(engine, records, 1), 0);
}

static void end_pane(struct engine *engine, uint64_t index)
{
	const struct pane pane = { .index = index, .begin_ns = index * SECOND,
				   .end_ns = (index + 1) * SECOND };

	assert_int_equal(engine_end_pane(engine, &pane), 0);
}

static void clients_of_a_service_are_one_row(void **state)
{
	struct rows rows;
	struct engine *engine = engine_of(&rows, "service", false);

	(void)state;
	for (uint8_t client = 2; client < 9; client++) {
		merge(engine, record(IPPROTO_TCP, client, 40000u + client, 1, 443));
		merge(engine, record(IPPROTO_TCP, 1, 443, client, 40000u + client));
	}
	merge(engine, record(IPPROTO_UDP, 2, 50000, 1, 443));
	end_pane(engine, 0);
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.service[0], 443);
	assert_int_equal(rows.row[0].key.ip_proto, IPPROTO_TCP);
	assert_int_equal(rows.row[0].packets, 14);
	assert_int_equal(rows.row[1].key.ip_proto, IPPROTO_UDP);
	engine_destroy(engine);
}

/* Rows that look the same are one: of what has no ports the protocol is not told. */
static void what_has_no_service_is_one_row(void **state)
{
	struct rows rows;
	struct engine *engine = engine_of(&rows, "service", false);
	struct flow_slot fragment = record(IPPROTO_UDP, 2, 0, 1, 0);

	(void)state;
	fragment.flags |= FLOW_NO_PORTS;
	merge(engine, fragment);
	merge(engine, record(IPPROTO_ICMP, 2, 8 << 8, 1, 0));
	merge(engine, record(IPPROTO_GRE, 2, 0, 1, 0));
	end_pane(engine, 0);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.service[0], 0);
	assert_int_equal(rows.row[0].packets, 3);
	engine_destroy(engine);
}

static void a_handshake_tells_the_service_of_later_panes(void **state)
{
	struct rows rows;
	struct engine *engine = engine_of(&rows, "src,service", false);
	struct flow_slot syn = record(IPPROTO_TCP, 1, 33000, 9, 50000);

	(void)state;
	syn.marks = FLOW_SYN;
	merge(engine, syn);
	end_pane(engine, 0);
	end_pane(engine, 1);
	merge(engine, record(IPPROTO_TCP, 1, 33000, 9, 50000));
	merge(engine, record(IPPROTO_TCP, 9, 50000, 1, 33000));
	end_pane(engine, 2);
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.service[0], 50000);
	assert_int_equal(rows.service[1], 50000);
	engine_destroy(engine);
}

/* Each place that the service may have in a key tells the same. */
static void check_place(const char *fields, bool biflow)
{
	struct rows rows;
	struct engine *engine = engine_of(&rows, fields, biflow);
	struct flow_slot answer = record(IPPROTO_TCP, 1, 50000, 9, 33000);

	answer.marks = FLOW_SYN_ACK;
	merge(engine, answer);
	merge(engine, record(IPPROTO_TCP, 9, 33000, 1, 50000));
	end_pane(engine, 0);
	assert_int_equal(rows.count, biflow ? 1 : 2);
	for (size_t i = 0; i < rows.count; i++)
		assert_int_equal(rows.service[i], 50000);
	if (biflow)
		assert_int_equal(rows.back[0].packets, 1);
	engine_destroy(engine);
}

static void every_group_by_tells_the_same_service(void **state)
{
	(void)state;
	for (int biflow = 0; biflow < 2; biflow++) {
		check_place("src,service", biflow);
		check_place("src,src_port,service", biflow);
		check_place("dst,dst_port,service", biflow);
		check_place("service,proto,dst", biflow);
	}
	check_place("src,dst,src_port,dst_port,proto,service", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_of_a_service_are_one_row),
		cmocka_unit_test(what_has_no_service_is_one_row),
		cmocka_unit_test(a_handshake_tells_the_service_of_later_panes),
		cmocka_unit_test(every_group_by_tells_the_same_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
