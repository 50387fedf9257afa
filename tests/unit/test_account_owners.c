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
		cmocka_unit_test(past_half_of_the_room_they_are_mixed_and_said_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
