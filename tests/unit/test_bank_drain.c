/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bank whose drain is stopped after any instruction: nothing of it is lost, and nothing is
 * counted twice. The one who drains is a child that is stepped through it; what it would leave
 * behind is looked at after each step that wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_bank.h"
#include "../user/kernel/bank_drain.h"

#define SLOTS    128
#define LINKS    2
#define FLOWS    60  /* some in the slots, some spilled */
#define SEQUENCE 7

struct scene {
	struct bank_geometry geometry;
	struct bank_view bank;   /* shared with the child */
	uint8_t *before, *stopped;
	size_t size;
	struct link_outcomes links[2 * LINKS];
};

struct sum {
	uint64_t records, packets, bytes;
	uint64_t keys; /* each flow's number, added up */
};

static uint8_t *memory_make(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void count_flow(const struct scene *scene, uint32_t number)
{
	struct section_header *section = (struct section_header *)scene->bank.memory;
	struct packet_size size = packet_size_single(100 + number);
	struct flow_key key = { .src = { 0, 0, 0xffff0000, number }, .flags = FLOW_IP };
	struct accounted a = { .key = &key, .size = &size, .hash = number % 20, .now_ms = 3 };

	key.flags |= number % 2 ? FLOW_OUT : 0;
	a.has_extra = bank_has_extra(&scene->geometry);
	a.has_ip_bytes = a.has_extra;
	a.ip_bytes = number;
	account_flow(section, &scene->geometry, &a);
}

static void scene_open(struct scene *scene, bool has_extra)
{
	const struct bank_shape shape = { SLOTS, 1, LINKS, has_extra, false };
	const struct packet_size size = packet_size_single(60);

	scene->geometry = bank_geometry_make(&shape);
	scene->size = bank_size_bytes(&scene->geometry);
	scene->bank = (struct bank_view){ &scene->geometry, memory_make(scene->size) };
	scene->before = memory_make(scene->size);
	scene->stopped = memory_make(scene->size);
	bank_stamp(&scene->bank, &(struct bank_begin){ .ticks = 4711 }, SEQUENCE);
	for (uint32_t i = 0; i < FLOWS; i++)
		count_flow(scene, i);
	for (uint32_t i = 0; i < 2 * LINKS; i++) {
		const struct tallied tallied = { (struct section_header *)scene->bank.memory,
						 &scene->geometry, i };

		account_malformed(&tallied, &size, MALFORMED_IPV4_VERSION);
	}
	assert_true(((struct section_header *)scene->bank.memory)->spill_used > 0);
	memcpy(scene->before, scene->bank.memory, scene->size);
}

static void scene_close(struct scene *scene)
{
	munmap(scene->bank.memory, scene->size);
	munmap(scene->before, scene->size);
	munmap(scene->stopped, scene->size);
}

static int add_up(void *context, const struct flow_slot *const *records, size_t count)
{
	struct sum *sum = context;

	for (size_t i = 0; i < count; i++) {
		sum->records++;
		sum->packets += records[i]->packets;
		sum->bytes += records[i]->bytes;
		sum->keys += records[i]->src[3];
	}
	return 0;
}

static struct sum read_sum(struct scene *scene, uint8_t *memory, struct bank_counts *counts)
{
	const struct bank_view view = { &scene->geometry, memory };
	struct sum sum = { 0 };

	counts->links = scene->links;
	assert_int_equal(bank_read(&view, add_up, &sum, counts), 0);
	return sum;
}

static void expect_all(const struct sum *sum, const struct bank_counts *counts)
{
	assert_int_equal(sum->packets, FLOWS);
	assert_int_equal(sum->keys, FLOWS * (FLOWS - 1) / 2);
	assert_int_equal(sum->bytes, FLOWS * 100 + FLOWS * (FLOWS - 1) / 2);
	assert_int_equal(counts->total.outcome[PACKET_FLOW].packets, FLOWS);
	assert_int_equal(counts->total.outcome[PACKET_MALFORMED].packets, 2 * LINKS);
	assert_int_equal(counts->links[0].outcome[PACKET_FLOW].packets, FLOWS / 2);
	assert_int_equal(counts->links[1].outcome[PACKET_FLOW].packets, FLOWS / 2);
}

/* Memory that cannot be written: whoever is stopped while reading has changed nothing. */
static void reading_writes_nothing_and_can_be_repeated(void **state)
{
	struct bank_counts counts;
	struct scene scene;
	struct sum sum;

	(void)state;
	scene_open(&scene, false);
	assert_int_equal(mprotect(scene.bank.memory, scene.size, PROT_READ), 0);
	for (int i = 0; i < 2; i++) {
		sum = read_sum(&scene, scene.bank.memory, &counts);
		expect_all(&sum, &counts);
	}
	scene_close(&scene);
}

static void expect_clean(const uint8_t *memory, size_t size)
{
	struct section_header header;

	memcpy(&header, memory, sizeof(header));
	header.begin_ticks = 0;
	for (size_t i = 0; i < sizeof(header); i++)
		assert_int_equal(((const uint8_t *)&header)[i], 0);
	for (size_t i = sizeof(header); i < size; i++) {
		if (memory[i])
			fail_msg("byte %zu is not clean", i);
	}
}

/*
 * What the next one finds: a bank that is marked clean and is; or one of that sequence, which was
 * read already, and which clearing once more makes clean, so that a pane counted into it later has
 * nothing but its own.
 */
static void expect_recovers(struct scene *scene)
{
	const struct bank_view view = { &scene->geometry, scene->stopped };

	memcpy(scene->stopped, scene->bank.memory, scene->size);
	if (bank_sequence(&view) == 0) {
		expect_clean(scene->stopped, scene->size);
		return;
	}
	assert_int_equal(bank_sequence(&view), SEQUENCE);
	bank_clear(&view);
	assert_int_equal(bank_sequence(&view), 0);
	expect_clean(scene->stopped, scene->size);
}

static pid_t child_start(const struct scene *scene)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child)
		return child;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(2);
	raise(SIGSTOP);
	bank_clear(&scene->bank);
	_exit(0);
}

/* One instruction further; false once the child has ended. */
static bool child_step(pid_t child, int *status)
{
	if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL))
		return false;
	return waitpid(child, status, 0) == child && WIFSTOPPED(*status);
}

static void clear_stopped_everywhere(bool has_extra)
{
	uint32_t steps = 0, writes = 0;
	struct scene scene;
	int status;
	pid_t child;

	scene_open(&scene, has_extra);
	child = child_start(&scene);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSTOPPED(status)) {
		print_message("skipped: no process may be traced here\n");
		skip();
	}
	for (; child_step(child, &status); steps++) {
		if (!memcmp(scene.before, scene.bank.memory, scene.size))
			continue;
		memcpy(scene.before, scene.bank.memory, scene.size);
		expect_recovers(&scene);
		writes++;
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(steps > 500 && writes > FLOWS);
	expect_clean(scene.bank.memory, scene.size);
	scene_close(&scene);
}

static void clearing_can_be_stopped_after_any_instruction(void **state)
{
	(void)state;
	clear_stopped_everywhere(false);
	clear_stopped_everywhere(true);
}

/* Clear but for the stamp: as it is found between that and the flip. */
static void a_stamped_bank_that_was_never_counted_into_has_nothing(void **state)
{
	struct bank_counts counts;
	struct scene scene;
	struct sum sum;

	(void)state;
	scene_open(&scene, false);
	bank_clear(&scene.bank);
	bank_stamp(&scene.bank, &(struct bank_begin){ .ticks = 4712 }, SEQUENCE + 1);
	sum = read_sum(&scene, scene.bank.memory, &counts);
	assert_int_equal(bank_sequence(&scene.bank), SEQUENCE + 1);
	assert_int_equal(sum.records, 0);
	assert_int_equal(counts.total.outcome[PACKET_MALFORMED].packets, 0);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_writes_nothing_and_can_be_repeated),
		cmocka_unit_test(clearing_can_be_stopped_after_any_instruction),
		cmocka_unit_test(a_stamped_bank_that_was_never_counted_into_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
