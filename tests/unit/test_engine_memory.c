/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory runs out at every allocation in turn: the engine says so, and nothing is lost but the
 * flows it had no room for. The C library's functions are interposed (glibc manual, "Replacing
 * malloc"), so that a sanitizer, which does the same, leaves nothing to test here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../user/engine/engine.h"

#define SECOND 1000000000ull
#define PANES  12
#define FLOWS  9000
#define EACH   100

#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static struct {
	bool is_counting;
	long allocations; /* made while counting */
	long fails_at;    /* the number of the one that fails; 0 is none */
	long held;
} heap;

static bool heap_allows(void)
{
	if (!heap.is_counting)
		return true;
	heap.allocations++;
	return heap.allocations != heap.fails_at;
}

static void *heap_note(void *memory)
{
	heap.held += heap.is_counting && memory;
	return memory;
}

void *malloc(size_t size)
{
	return heap_allows() ? heap_note(__libc_malloc(size)) : NULL;
}

void *calloc(size_t count, size_t size)
{
	return heap_allows() ? heap_note(__libc_calloc(count, size)) : NULL;
}

void *realloc(void *memory, size_t size)
{
	if (!heap_allows())
		return NULL;
	return memory ? __libc_realloc(memory, size) : heap_note(__libc_malloc(size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return heap_allows() ? heap_note(__libc_memalign(alignment, size)) : NULL;
}

void free(void *memory)
{
	heap.held -= heap.is_counting && memory;
	__libc_free(memory);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	void *pages;

	if (!heap_allows()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	pages = (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
	heap.held += heap.is_counting && pages != MAP_FAILED;
	return pages;
}

int munmap(void *pages, size_t length)
{
	heap.held -= heap.is_counting;
	return (int)syscall(SYS_munmap, pages, length);
}

/* What was merged, and what the tumbling windows told of it. */
struct run {
	uint64_t merged_packets;
	uint64_t told_packets;
	unsigned int told_windows;
};

/* Whatever there was no memory for, each result adds up. */
static int told_check(void *context, const struct window_result *result)
{
	const struct tally *outcome = result->counts.outcome;
	struct run *run = context;
	uint64_t packets = result->evicted.packets, bytes = result->evicted.bytes;

	for (size_t i = 0; i < result->flow_count; i++) {
		packets += result->flows[i].packets;
		bytes += result->flows[i].bytes;
	}
	assert_int_equal(packets, outcome[PACKET_FLOW].packets);
	assert_int_equal(bytes, outcome[PACKET_FLOW].bytes);
	assert_int_equal(packets, result->total.packets);
	assert_int_equal(bytes, result->total.bytes);
	assert_true(packets + outcome[PACKET_UNATTRIBUTED].packets <= run->merged_packets);
	if (result->window_number == 0) {
		run->told_packets += packets + outcome[PACKET_UNATTRIBUTED].packets;
		run->told_windows++;
	}
	return 0;
}

static int pane_run(struct engine *engine, unsigned int number, struct run *run)
{
	struct pane pane = { .index = number, .begin_ns = number * SECOND };
	int err = 0, merge_err;

	for (uint32_t flow = 0; number < PANES - 6 && flow < FLOWS; flow += 1 + number % 3) {
		struct flow_slot slot = { .bytes = 60, .packets = 1, .max_len = 60 };
		const struct flow_slot *record = &slot;

		slot.src[3] = flow * (1 + number % 2);
		merge_err = engine_merge(engine, &record, 1);
		run->merged_packets++;
		err = err ? err : merge_err;
	}
	pane.end_ns = pane.begin_ns + SECOND;
	merge_err = engine_end_pane(engine, &pane);
	return err ? err : merge_err;
}

/* A whole run; 0, or the first failure, -ENOMEM also where the engine was not made. */
static int windows_run(void)
{
	const struct window_spec specs[] = {
		{ WINDOW_TUMBLING, 2 * SECOND, 2 * SECOND, 0 },
		{ WINDOW_SLIDING, 3 * SECOND, SECOND, 0 },
		{ WINDOW_SLIDING, 4 * SECOND, 2 * SECOND, 0 },
		{ WINDOW_SESSION, 0, 0, 2 * SECOND },
	};
	struct run run = { 0 };
	struct engine_config config = {
		.windows = specs, .window_count = 4, .pane_ns = SECOND, .max_flows = 8000,
		.emit = told_check, .emit_context = &run,
	};
	struct engine *engine = engine_create(&config);
	int first_err = engine ? 0 : -ENOMEM, err;

	for (unsigned int i = 0; engine && i < PANES; i++) {
		err = pane_run(engine, i, &run);
		first_err = first_err ? first_err : err;
	}
	if (engine) {
		assert_int_equal(engine_flow_count(engine), 0);
		err = engine_finish(engine);
		first_err = first_err ? first_err : err;
	}
	engine_destroy(engine);
	/* Nothing is lost but windows that could not be told at all. */
	if (run.told_windows == PANES / 2)
		assert_int_equal(run.told_packets, run.merged_packets);
	return first_err;
}

static int windows_run_failing_at(long number)
{
	int err;

	heap.allocations = heap.held = 0;
	heap.fails_at = number;
	heap.is_counting = true;
	err = windows_run();
	heap.is_counting = false;
	return err;
}

static void every_allocation_may_fail(void **state)
{
	long allocations;

	(void)state;
	assert_int_equal(windows_run_failing_at(0), 0);
	allocations = heap.allocations;
	assert_int_equal(heap.held, 0);
	assert_true(allocations > 50);
	/* The first ones each; of the many that keep sums, every seventh. */
	for (long number = 1; number <= allocations; number += number < EACH ? 1 : 7) {
		int err = windows_run_failing_at(number);

		/* A smaller index that there is no memory for is done without. */
		assert_true(err == -ENOMEM || err == 0);
		assert_int_equal(heap.held, 0);
	}
}

#else

static void every_allocation_may_fail(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
