/* SPDX-License-Identifier: BSD-2-Clause */
/* A day of windows of one second: the page's size, how long it takes, and the memory behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <malloc.h>
#include <cmocka.h>

#include "json_scene.h"
#include "../user/base/clock.h"
#include "../user/page/page.h"

#define DAY      86400u
#define FLOWS    40u    /* of a window, */
#define HOSTS    5000u  /* from so many hosts in all */
#define DRAWINGS 9u
#define PAGE_MAX 1000000u
#define DRAW_NS  50000000u

struct day {
	struct scene scene;
	struct history *history;
	struct flow_result flows[FLOWS];
};

static void day_add(struct day *day, uint64_t number)
{
	static const struct window_spec second = { WINDOW_TUMBLING, SECOND, SECOND, 0 };
	struct window_result *result = &day->scene.result;
	struct flow_sum sum = { .min_len = 60, .max_len = 1514 };

	for (uint64_t i = 0; i < FLOWS; i++) {
		struct flow_result *flow = &day->flows[i];
		uint32_t host = i < FLOWS / 2 ? (uint32_t)i : (uint32_t)(number * FLOWS + i * i) % HOSTS;

		flow->key.src[3] = htonl(0x0a000000 + host);
		flow->key.dst_port = htons((uint16_t)(host % 200 + 1));
		flow->bytes = 1000 + (number * (i + 7) * 7919) % 100000;
		flow->packets = flow->bytes / 1000;
		sum.bytes += flow->bytes;
		sum.packets += flow->packets;
	}
	sum.bytes_max = (double)sum.bytes;
	result->spec = &second;
	result->start_ns = number * SECOND;
	result->end_ns = result->start_ns + SECOND;
	result->total.sum = sum;
	result->total.flows = result->flow_count = FLOWS;
	result->flows = day->flows;
	result->counts = (struct outcome_counts){ 0 };
	result->counts.outcome[PACKET_FLOW] = (struct tally){ sum.packets, sum.bytes };
	assert_int_equal(history_add(day->history, &day->scene.context, result), 0);
}

/* The quickest of some: the machine has other things to do. */
static uint64_t draw_ns(struct day *day)
{
	const struct page_look look = { .renew_ms = 2000 };
	uint64_t least_ns = UINT64_MAX;

	for (size_t i = 0; i < DRAWINGS; i++) {
		uint64_t start_ns = clock_monotonic_ns(), took_ns;

		day->scene.text.length = 0;
		assert_int_equal(page_render(&day->scene.text, day->history, &look), 0);
		took_ns = clock_monotonic_ns() - start_ns;
		least_ns = took_ns < least_ns ? took_ns : least_ns;
	}
	return least_ns;
}

static size_t held_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void day_of_seconds_is_small_quick_and_flat(void **state)
{
	static struct day day;
	uint64_t start_ns = clock_monotonic_ns(), took_ns, drawn_ns;
	size_t most[2] = { 0 }; /* held in each half: steps come, and are joined */

	(void)state;
	scene_init(&day.scene);
	day.history = history_create();
	assert_non_null(day.history);
	for (size_t i = 0; i < FLOWS; i++)
		scene_init_flow(&day.flows[i]);
	for (uint64_t number = 0; number < DAY; number++) {
		size_t *half = &most[number >= DAY / 2], held;

		day_add(&day, number);
		held = held_bytes();
		*half = held > *half ? held : *half;
	}
	took_ns = clock_monotonic_ns() - start_ns;
	assert_in_range(most[1], most[0] / 2, most[0] * 21 / 20);
	drawn_ns = draw_ns(&day);
	printf("a day of %u windows: %zu bytes, drawn in %.2f ms; %.1f us a window of %u flows, "
	       "%.2f MB held at most\n", DAY, day.scene.text.length, (double)drawn_ns / 1e6,
	       (double)took_ns / 1e3 / DAY, FLOWS, (double)most[1] / 1e6);
	assert_in_range(day.scene.text.length, PAGE_MAX / 20, PAGE_MAX);
	assert_in_range(drawn_ns, 1, DRAW_NS);
	history_destroy(day.history);
	text_fini(&day.scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(day_of_seconds_is_small_quick_and_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
