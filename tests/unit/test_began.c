/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "../../user/engine/began.h"
#include "../../user/engine/service.h"
#include "../../user/engine/slot_key.h"

/* From 10.0.0.HOST, port 40000, to 10.0.0.1, port 8080: by its key, 10.0.0.1 began. */
static struct flow_slot call(uint32_t host, uint8_t marks)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = IPPROTO_TCP, .marks = marks };

	slot.src[2] = slot.dst[2] = htonl(0xffff);
	slot.src[3] = htonl(0x0a000000 + host);
	slot.dst[3] = htonl(0x0a000001);
	slot.src_port = htons(40000);
	slot.dst_port = htons(8080);
	return slot;
}

static struct flow_slot answer(uint32_t host, uint8_t marks)
{
	struct flow_slot slot = call(host, marks);

	slot.dst[3] = slot.src[3];
	slot.src[3] = htonl(0x0a000001);
	slot.src_port = htons(8080);
	slot.dst_port = htons(40000);
	return slot;
}

/* Whether the client is taken to have begun. */
static bool client_began(struct began *began, struct flow_slot slot)
{
	struct flow_key key;

	began_mark(began, &slot);
	key = flow_slot_key(&slot);
	conversation_orient(&key, slot.marks);
	return key.src_port == htons(40000);
}

static void without_a_handshake_the_key_decides(void **state)
{
	struct began *began = began_create();

	(void)state;
	assert_non_null(began);
	assert_false(client_began(began, call(9, 0)));
	assert_false(client_began(began, answer(9, 0)));
	began_destroy(began);
}

static void a_handshake_decides_for_later_panes_too(void **state)
{
	struct began *began = began_create();

	(void)state;
	assert_non_null(began);
	assert_true(client_began(began, call(9, FLOW_SYN)));
	for (int pane = 0; pane < 100; pane++) {
		began_end_pane(began);
		assert_true(client_began(began, call(9, 0)));
		assert_true(client_began(began, answer(9, 0)));
		assert_false(client_began(began, call(8, 0)));
	}
	began_destroy(began);
}

static void the_answer_alone_tells_it(void **state)
{
	struct began *began = began_create();

	(void)state;
	assert_non_null(began);
	assert_true(client_began(began, answer(9, FLOW_SYN_ACK)));
	assert_true(client_began(began, call(9, 0)));
	began_destroy(began);
}

static void a_connection_that_begins_otherwise_takes_it_back(void **state)
{
	struct began *began = began_create();

	(void)state;
	assert_non_null(began);
	assert_true(client_began(began, call(9, FLOW_SYN)));
	assert_false(client_began(began, answer(9, FLOW_SYN)));
	assert_false(client_began(began, call(9, 0)));
	began_destroy(began);
}

static void a_well_known_port_gives_way_to_a_handshake(void **state)
{
	struct flow_slot slot = answer(9, FLOW_SYN);
	struct flow_key key;

	(void)state;
	slot.src_port = htons(20); /* active FTP: the server calls */
	key = flow_slot_key(&slot);
	assert_int_equal(conversation_orient(&key, slot.marks), HALF_FORWARD);
	assert_int_equal(key.src_port, htons(20));
}

static void only_tcp_has_handshakes(void **state)
{
	struct began *began = began_create();
	struct flow_slot slot = call(9, FLOW_SYN);
	struct flow_key key;

	(void)state;
	assert_non_null(began);
	slot.ip_proto = IPPROTO_UDP;
	assert_true(began_is_idle(began, &slot));
	began_mark(began, &slot);
	key = flow_slot_key(&slot);
	assert_int_equal(conversation_orient(&key, slot.marks), HALF_REVERSE);
	began_destroy(began);
}

/* By their keys the lower address began both, and was called in the second. */
static void later_panes_know_who_was_called(void **state)
{
	struct began *began = began_create();
	struct flow_slot there = answer(9, FLOW_SYN), back = call(9, 0);
	struct flow_key key;

	(void)state;
	assert_non_null(began);
	began_mark(began, &there);
	began_end_pane(began);
	there.marks = 0;
	began_mark(began, &there);
	began_mark(began, &back);
	assert_int_equal(there.marks, FLOW_SYN);
	assert_int_equal(back.marks, FLOW_SYN_ACK);
	key = flow_slot_key(&back);
	assert_int_equal(service_of_flow(&key, back.marks), htons(40000));
	began_destroy(began);
}

/* More than are remembered: those that rest go, those that go on are still known. */
static void memory_is_bounded_and_keeps_who_is_active(void **state)
{
	struct began *began = began_create();

	(void)state;
	assert_non_null(began);
	for (uint32_t host = 2; host < 1000000; host++) {
		if (host % 1000 == 0)
			began_end_pane(began);
		assert_true(client_began(began, call(host, FLOW_SYN)));
		if (host % 100 == 0)
			assert_true(client_began(began, call(2, 0)));
	}
	assert_true(client_began(began, call(999999, 0)));
	assert_true(client_began(began, call(2, 0)));
	assert_false(client_began(began, call(3, 0)));
	began_destroy(began);
}

/* Looking for who may be forgotten at each of them would take hours. */
static void a_flood_within_one_pane_costs_no_search_each(void **state)
{
	struct began *began = began_create();

	(void)state;
	assert_non_null(began);
	for (uint32_t host = 2; host < 500000; host++)
		began_mark(began, &(struct flow_slot[]){ call(host, FLOW_SYN) }[0]);
	assert_true(client_began(began, call(2, 0)));
	assert_false(client_began(began, call(499999, 0)));
	for (int i = 0; i < 2; i++)
		began_end_pane(began);
	assert_true(client_began(began, call(499999, FLOW_SYN)));
	assert_true(client_began(began, call(499999, 0)));
	began_destroy(began);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_handshake_the_key_decides),
		cmocka_unit_test(a_handshake_decides_for_later_panes_too),
		cmocka_unit_test(the_answer_alone_tells_it),
		cmocka_unit_test(a_connection_that_begins_otherwise_takes_it_back),
		cmocka_unit_test(a_well_known_port_gives_way_to_a_handshake),
		cmocka_unit_test(only_tcp_has_handshakes),
		cmocka_unit_test(later_panes_know_who_was_called),
		cmocka_unit_test(memory_is_bounded_and_keeps_who_is_active),
		cmocka_unit_test(a_flood_within_one_pane_costs_no_search_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
