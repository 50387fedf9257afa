/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol of user/pin/README.md as a model, killed after every step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"

#define SLOTS 3
#define PANES_MAX 64

struct model_bank {
	uint64_t sequence;
	uint64_t slot[SLOTS];
};

struct model {
	struct model_bank bank[2];
	int active;
	uint64_t logged[PANES_MAX]; /* by sequence; the log's whole records */
	bool is_logged[PANES_MAX];
	uint64_t written[PANES_MAX]; /* by sequence; documents in the file */
	unsigned int documents;      /* logged as written */
	unsigned int in_file;        /* with what was written behind the offset */
	uint64_t counted;
	uint64_t seed;
	int steps_left; /* until the kill */
	jmp_buf killed;
	bool commits_late; /* the mistake that the model must find */
};

/* Traffic goes on between any two steps, and after any of them the owner may die. */
static void step(struct model *m)
{
	uint32_t packets = random_below(&m->seed, 4);

	m->bank[m->active].slot[random_below(&m->seed, SLOTS)] += packets;
	m->counted += packets;
	if (m->steps_left-- == 0)
		longjmp(m->killed, 1);
}

static void clear(struct model *m, struct model_bank *bank)
{
	for (int i = 0; i < SLOTS; i++) {
		bank->slot[i] = 0;
		step(m);
	}
	bank->sequence = 0;
	step(m);
}

static void log_append(struct model *m, const struct model_bank *bank)
{
	uint64_t sum = 0;

	for (int i = 0; i < SLOTS; i++) {
		sum += bank->slot[i];
		step(m);
	}
	m->logged[bank->sequence] = sum;
	step(m); /* a record in part: its checksum is missing */
	m->is_logged[bank->sequence] = true;
	step(m);
}

static void take(struct model *m, struct model_bank *bank)
{
	struct model_bank copy = *bank;

	if (m->commits_late) {
		clear(m, bank);
		log_append(m, &copy);
		return;
	}
	log_append(m, bank);
	clear(m, bank);
}

static void write_documents(struct model *m)
{
	m->in_file = m->documents; /* cut at the offset */
	step(m);
	while (m->documents + 1 < PANES_MAX && m->is_logged[m->documents + 1]) {
		m->written[m->in_file + 1] = m->logged[m->in_file + 1];
		m->in_file++;
		step(m);
		m->documents = m->in_file;
		step(m);
	}
}

static void take_over(struct model *m)
{
	struct model_bank *idle = &m->bank[!m->active];

	if (idle->sequence > m->bank[m->active].sequence ||
	    (idle->sequence && m->is_logged[idle->sequence]))
		clear(m, idle);
	else if (idle->sequence)
		take(m, idle);
	write_documents(m);
}

static void turn(struct model *m)
{
	struct model_bank *idle = &m->bank[!m->active], *old = &m->bank[m->active];

	idle->sequence = old->sequence + 1;
	step(m);
	m->active = !m->active;
	step(m);
	take(m, old);
	write_documents(m);
}

/* Owners die after `lives` steps each, then one lives. Whether the documents equal the packets. */
static bool is_exact_after(struct model *m, uint64_t seed, int first_life, int lives)
{
	volatile int life = 0;
	uint64_t sum = 0;

	m->seed = seed;
	m->bank[0].sequence = 1;
	if (setjmp(m->killed))
		life++;
	m->steps_left = life == 0 ? first_life : (int)random_below(&m->seed, 40);
	if (life >= lives)
		m->steps_left = INT32_MAX;
	take_over(m);
	while (m->steps_left >= 0 && m->bank[m->active].sequence < PANES_MAX - 4) {
		turn(m);
		if (life >= lives)
			break;
	}
	for (unsigned int i = 1; i <= m->in_file; i++)
		sum += m->written[i];
	for (int i = 0; i < SLOTS; i++)
		sum += m->bank[m->active].slot[i];
	return sum == m->counted && m->in_file == m->documents;
}

static void a_kill_after_any_step_loses_nothing(void **state)
{
	(void)state;
	for (int first_life = 0; first_life < 120; first_life++) {
		struct model m = { 0 };

		assert_true(is_exact_after(&m, 1 + (uint64_t)first_life, first_life, 1));
	}
}

static void kills_in_thousands_of_orders_lose_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		struct model m = { 0 };

		assert_true(is_exact_after(&m, seed * 0x9e3779b97f4a7c15, (int)(seed % 40),
					   1 + (int)(seed % 12)));
	}
}

static void clearing_before_the_log_is_found_out(void **state)
{
	unsigned int inexact = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct model m = { .commits_late = true };

		inexact += !is_exact_after(&m, seed * 0x9e3779b97f4a7c15, (int)(seed % 40), 4);
	}
	assert_true(inexact > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_after_any_step_loses_nothing),
		cmocka_unit_test(kills_in_thousands_of_orders_lose_nothing),
		cmocka_unit_test(clearing_before_the_log_is_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
