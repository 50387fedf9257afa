/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections one after another with the same addresses and ports: each has a record of its own. */
#include "account_scene.h"

#define SYN 0x02
#define ACK 0x10
#define FIN_ACK 0x11
#define ROOM 8 /* half of which evictions alone may take */

static struct host_bank bank_of_owners(void)
{
	const struct bank_shape shape = { .slots_per_cpu = SLOTS, .cpus = 1, .links = 1,
					  .has_extra = true, .has_owners = true };
	struct bank_geometry g = bank_geometry_make(&shape);
	struct host_bank bank;

	g.spill_slots = ROOM;
	host_bank_create(&bank, &g);
	return bank;
}

static void receive(struct host_bank *bank, uint8_t tcp_flags)
{
	count(bank, (struct given){ .flow = 1, .hash = 1, .len = 60, .tcp_flags = tcp_flags,
				    .has_owners = true });
}

static void send_of(struct host_bank *bank, uint64_t cookie, uint8_t tcp_flags)
{
	count(bank, (struct given){ .flow = 1, .hash = 1, .len = 60, .tcp_flags = tcp_flags,
				    .has_owners = true, .is_sent = true, .cookie = cookie });
}

static const struct flow_record *record_of(const struct host_bank *bank)
{
	return (const struct flow_record *)section_slot(host_bank_section(bank, 0),
							&bank->geometry, 1, true);
}

static uint64_t spilled(const struct host_bank *bank)
{
	return host_bank_section(bank, 0)->spill_used;
}

static void a_syn_parts_what_went_before(void **state)
{
	struct host_bank bank = bank_of_owners();

	(void)state;
	receive(&bank, SYN);
	receive(&bank, ACK);
	receive(&bank, FIN_ACK);
	assert_int_equal(spilled(&bank), 0);
	receive(&bank, SYN);
	assert_int_equal(spilled(&bank), 1);
	assert_int_equal(record_of(&bank)->slot.packets, 1);
	assert_int_equal(record_of(&bank)->extra.cookie, 0);
	host_bank_destroy(&bank);
}

static void a_syn_that_is_sent_again_does_not(void **state)
{
	struct host_bank bank = bank_of_owners();

	(void)state;
	receive(&bank, SYN);
	receive(&bank, SYN);
	assert_int_equal(spilled(&bank), 0);
	assert_int_equal(record_of(&bank)->slot.packets, 2);
	host_bank_destroy(&bank);
}

static void an_answer_to_one_does_whatever_was_there(void **state)
{
	struct host_bank bank = bank_of_owners();

	(void)state;
	receive(&bank, SYN | ACK);
	receive(&bank, SYN | ACK);
	assert_int_equal(spilled(&bank), 1);
	host_bank_destroy(&bank);
}

/* Its SYN was sent by another CPU, whose section that is. */
static void what_another_socket_sends_is_parted_without_a_syn(void **state)
{
	struct host_bank bank = bank_of_owners();

	(void)state;
	send_of(&bank, 7, SYN);
	send_of(&bank, 7, ACK);
	send_of(&bank, 8, ACK);
	send_of(&bank, 8, ACK);
	assert_int_equal(spilled(&bank), 1);
	assert_int_equal(record_of(&bank)->extra.cookie, 8);
	assert_int_equal(record_of(&bank)->slot.packets, 2);
	host_bank_destroy(&bank);
}

static void what_no_socket_sends_stays_where_it_answers(void **state)
{
	struct host_bank bank = bank_of_owners();

	(void)state;
	send_of(&bank, 7, ACK);
	send_of(&bank, 0, ACK);
	assert_int_equal(spilled(&bank), 0);
	assert_int_equal(record_of(&bank)->extra.cookie, 7);
	host_bank_destroy(&bank);
}

/* Sockets that share a port take turns: there is an end to parting, and then nobody has them. */
static void sockets_that_take_turns_are_mixed_in_the_end(void **state)
{
	struct host_bank bank = bank_of_owners();

	(void)state;
	for (int i = 0; i < 20; i++)
		send_of(&bank, 7 + i % 2, 0);
	assert_int_equal(spilled(&bank), ROOM / 2);
	assert_true(record_of(&bank)->extra.cookie == COOKIE_MIXED);
	assert_int_equal(record_of(&bank)->slot.packets, 20 - ROOM / 2);
	host_bank_destroy(&bank);
}

/* Evictions find as much room as without owners, and every packet is counted to its flow. */
static void past_half_of_the_room_they_are_mixed_and_said_to_be(void **state)
{
	struct host_bank bank = bank_of_owners();
	uint64_t packets = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		receive(&bank, SYN);
		receive(&bank, ACK);
	}
	assert_int_equal(spilled(&bank), ROOM / 2);
	assert_true(record_of(&bank)->extra.cookie == COOKIE_MIXED);
	packets = record_of(&bank)->slot.packets + 2 * spilled(&bank);
	assert_int_equal(packets, 20);
	host_bank_destroy(&bank);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_parts_what_went_before),
		cmocka_unit_test(a_syn_that_is_sent_again_does_not),
		cmocka_unit_test(an_answer_to_one_does_whatever_was_there),
		cmocka_unit_test(what_another_socket_sends_is_parted_without_a_syn),
		cmocka_unit_test(what_no_socket_sends_stays_where_it_answers),
		cmocka_unit_test(sockets_that_take_turns_are_mixed_in_the_end),
		cmocka_unit_test(past_half_of_the_room_they_are_mixed_and_said_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
