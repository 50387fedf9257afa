/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows of more keys than there is room for: what a report tells of the largest, against sums of
 * all rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "json_scene.h"
#include "../user/page/history.h"
#include "../user/page/sieve.h"

static const struct window_spec second = { WINDOW_TUMBLING, SECOND, SECOND, 0 };

#define ROWS  200000u
#define HOSTS 180000u

struct crowd {
	struct scene scene;
	struct flow_result *flows, *reverses;
	uint64_t *sent;         /* by host, in the newest window */
	uint64_t *sent_before;  /* in all others */
	struct history *history;
	uint64_t random;
};

static uint32_t below(struct crowd *crowd, uint32_t most)
{
	crowd->random ^= crowd->random << 13;
	crowd->random ^= crowd->random >> 7;
	crowd->random ^= crowd->random << 17;
	return (uint32_t)(crowd->random % most);
}

static void crowd_init(struct crowd *crowd)
{
	memset(crowd, 0, sizeof(*crowd));
	crowd->random = 0x9e3779b97f4a7c15;
	scene_init(&crowd->scene);
	crowd->flows = calloc(ROWS, sizeof(*crowd->flows));
	crowd->reverses = calloc(ROWS, sizeof(*crowd->reverses));
	crowd->sent = calloc(HOSTS, sizeof(*crowd->sent));
	crowd->sent_before = calloc(HOSTS, sizeof(*crowd->sent_before));
	crowd->history = history_create();
	assert_true(crowd->flows && crowd->reverses && crowd->sent && crowd->sent_before &&
		    crowd->history);
}

static void crowd_fini(struct crowd *crowd)
{
	free(crowd->flows);
	free(crowd->reverses);
	free(crowd->sent);
	free(crowd->sent_before);
	history_destroy(crowd->history);
	text_fini(&crowd->scene.text);
}

/* Few hosts send much, if there is a share of these; the others all the same, nearly. */
static uint32_t host_of_row(struct crowd *crowd, uint32_t large_share)
{
	return below(crowd, 100) < large_share ? below(crowd, 100) * 1001 : below(crowd, HOSTS);
}

static void row_make(struct crowd *crowd, uint32_t i, uint32_t large_share, bool both_ways)
{
	struct flow_result *flow = &crowd->flows[i], *reverse = &crowd->reverses[i];
	uint32_t src = host_of_row(crowd, large_share), dst = host_of_row(crowd, large_share);

	scene_init_flow(flow);
	flow->key.src[3] = htonl(0x0a000000 + src);
	flow->key.dst[3] = htonl(0x0a000000 + dst);
	flow->key.src_port = (__be16)below(crowd, 65536);
	flow->bytes = 64 + below(crowd, 1000);
	flow->packets = 1;
	*reverse = *flow;
	reverse->bytes = 64 + below(crowd, 9000);
	reverse->packets = both_ways && below(crowd, 2);
	crowd->sent[src] += flow->bytes;
	if (reverse->packets)
		crowd->sent[dst] += reverse->bytes;
}

static void crowd_add(struct crowd *crowd, uint64_t number, uint32_t large_share, bool both_ways)
{
	struct window_result *result = &crowd->scene.result;

	for (uint32_t i = 0; i < HOSTS; i++)
		crowd->sent_before[i] += crowd->sent[i];
	memset(crowd->sent, 0, HOSTS * sizeof(*crowd->sent));
	for (uint32_t i = 0; i < ROWS; i++)
		row_make(crowd, i, large_share, both_ways);
	result->spec = &second;
	result->start_ns = number * SECOND;
	result->end_ns = result->start_ns + SECOND;
	result->flows = crowd->flows;
	result->reverses = both_ways ? crowd->reverses : NULL;
	result->flow_count = ROWS;
	assert_int_equal(history_add(crowd->history, &crowd->scene.context, result), 0);
}

static int descending(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? 1 : one > other ? -1 : 0;
}

static uint32_t host_of_key(const struct flow_key *key)
{
	return ntohl(key->src[3]) - 0x0a000000;
}

/* Of senders, in the newest step: those told, each with all its bytes. */
static void assert_told(const struct crowd *crowd)
{
	const struct step *step = &crowd->history->steps[crowd->history->step_count - 1];
	const struct step_list *list = &step->lists[DIMENSION_SENDER];

	assert_int_equal(list->count, STEP_KEYS);
	for (size_t i = 0; i < list->count; i++)
		assert_int_equal(list->keys[i].bytes, crowd->sent[host_of_key(&list->keys[i].key)]);
}

/* These are the largest, in order. */
static void assert_largest(const struct crowd *crowd)
{
	const struct step *step = &crowd->history->steps[crowd->history->step_count - 1];
	const struct step_list *list = &step->lists[DIMENSION_SENDER];
	uint64_t *sorted = calloc(HOSTS, sizeof(*sorted));

	assert_non_null(sorted);
	memcpy(sorted, crowd->sent, HOSTS * sizeof(*sorted));
	qsort(sorted, HOSTS, sizeof(*sorted), descending);
	for (size_t i = 0; i < list->count; i++)
		assert_int_equal(list->keys[i].bytes, sorted[i]);
	free(sorted);
}

/* Of the run: what is not marked has all its bytes, what is has no more than that. */
static void assert_run(const struct crowd *crowd)
{
	const struct heavy *heavy = &crowd->history->heavy[DIMENSION_SENDER];

	assert_true(heavy->count > STEP_KEYS);
	for (uint32_t i = 0; i < heavy->count; i++) {
		const struct heavy_entry *entry = &heavy->entries[i];
		uint32_t host = host_of_key(&entry->key);
		uint64_t bytes = crowd->sent[host] + crowd->sent_before[host];

		if (entry->is_late)
			assert_true(heavy_bytes(entry) <= bytes);
		else
			assert_int_equal(heavy_bytes(entry), bytes);
	}
}

static void check(uint32_t large_share, bool both_ways)
{
	struct crowd crowd;

	crowd_init(&crowd);
	for (uint64_t i = 0; i < 4; i++) {
		crowd_add(&crowd, i, large_share, both_ways);
		assert_told(&crowd);
		if (large_share)
			assert_largest(&crowd);
		assert_run(&crowd);
	}
	assert_true(crowd.history->heavy[DIMENSION_CONVERSATION].has_forgotten);
	crowd_fini(&crowd);
}

static void largest_of_a_crowd_are_told_exactly(void **state)
{
	(void)state;
	check(20, false);
}

static void conversations_of_a_crowd_too(void **state)
{
	(void)state;
	check(20, true);
}

/* Hardly anyone stands out: who is told may be any, what is told is exact. */
static void a_crowd_of_equals_is_told_exactly(void **state)
{
	(void)state;
	check(0, false);
	check(0, true);
}

static void nothing_is_forgotten_where_there_is_room(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd);
	crowd_add(&crowd, 0, 100, true);
	crowd_add(&crowd, 1, 100, true);
	assert_false(crowd.history->heavy[DIMENSION_SENDER].has_forgotten);
	assert_int_equal(crowd.history->heavy[DIMENSION_SENDER].count, 100);
	assert_largest(&crowd);
	assert_run(&crowd);
	crowd_fini(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_of_a_crowd_are_told_exactly),
		cmocka_unit_test(conversations_of_a_crowd_too),
		cmocka_unit_test(a_crowd_of_equals_is_told_exactly),
		cmocka_unit_test(nothing_is_forgotten_where_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
