/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results with conversations are those of their halves, which another engine counts as flows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/conversation.h"
#include "../../user/engine/engine.h"
#include "../../user/engine/group.h"
#include "../random.h"

#define SECOND      1000000000ull
#define PANES       40
#define RECORDS     300
#define HALVES_MAX  4096
#define WINDOWS 4

struct kept {
	struct flow_result flows[HALVES_MAX];
	size_t count;
};

struct run {
	struct engine *conversations, *halves;
	struct window_spec specs[WINDOWS];
	struct group_masks masks;
	struct kept kept[WINDOWS]; /* what the engine of halves told last */
	size_t top;
	size_t compared, rows, replies;
};

static int keep(void *context, const struct window_result *result)
{
	struct run *run = context;
	struct kept *kept = &run->kept[result->window_number];

	assert_in_range(result->flow_count, 0, HALVES_MAX);
	if (result->flow_count)
		memcpy(kept->flows, result->flows, result->flow_count * sizeof(kept->flows[0]));
	kept->count = result->flow_count;
	return 0;
}

static const struct flow_result *half_of(const struct kept *kept, struct flow_key key, bool is_back)
{
	if (is_back)
		key.flags |= FLOW_OUT;
	for (size_t i = 0; i < kept->count; i++) {
		if (!memcmp(&kept->flows[i].key, &key, sizeof(key)))
			return &kept->flows[i];
	}
	return NULL;
}

static void check_half(const struct flow_result *told, const struct flow_result *half)
{
	if (!half) {
		assert_int_equal(told->packets, 0);
		assert_int_equal(told->bytes, 0);
		return;
	}
	assert_memory_equal(&told->sum, &half->sum, sizeof(told->sum));
}

static uint64_t bytes_of(const struct window_result *result, size_t i)
{
	return result->flows[i].bytes + result->reverses[i].bytes;
}

static int compare(void *context, const struct window_result *result)
{
	struct run *run = context;
	const struct kept *kept = &run->kept[result->window_number];
	uint64_t bytes = 0;

	assert_non_null(result->reverses);
	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_key *key = &result->flows[i].key;

		check_half(&result->flows[i], half_of(kept, *key, false));
		check_half(&result->reverses[i], half_of(kept, *key, true));
		assert_true(!i || bytes_of(result, i - 1) >= bytes_of(result, i));
		bytes += bytes_of(result, i);
		run->replies += result->reverses[i].packets != 0;
	}
	assert_int_equal(result->flow_count + result->flows_omitted, result->total.flows);
	if (!run->top)
		assert_int_equal(bytes, result->counts.outcome[PACKET_FLOW].bytes);
	else
		assert_in_range(result->flow_count, 0, run->top);
	run->rows += result->flow_count;
	run->compared++;
	return 0;
}

static void run_start(struct run *run, const char *fields)
{
	struct engine_config config = { .windows = run->specs, .window_count = WINDOWS,
					.pane_ns = SECOND, .emit = keep, .emit_context = run };
	struct group_by group;
	const char *reason;

	assert_int_equal(group_by_parse(fields, &group, &reason), 0);
	group_masks_make(&group, &run->masks);
	run->specs[0] = (struct window_spec){ WINDOW_TUMBLING, 5 * SECOND, 5 * SECOND, 0 };
	run->specs[1] = (struct window_spec){ WINDOW_SLIDING, 4 * SECOND, SECOND, 0 };
	run->specs[2] = (struct window_spec){ WINDOW_SLIDING, 12 * SECOND, 3 * SECOND, 0 };
	run->specs[3] = (struct window_spec){ WINDOW_LANDMARK, 6 * SECOND, 6 * SECOND, 0 };
	run->halves = engine_create(&config);
	config.biflow = true;
	config.row_masks = run->masks;
	config.emit = compare;
	config.top = run->top;
	run->conversations = engine_create(&config);
	assert_non_null(run->halves);
	assert_non_null(run->conversations);
}

static struct flow_slot packet(uint64_t *seed)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = random_below(seed, 2) ? 6 : 17 };
	bool is_back = random_below(seed, 2);
	uint16_t client = (uint16_t)(2000 + random_below(seed, 20));
	uint16_t server = random_below(seed, 2) ? 443 : 8080;

	slot.src[2] = slot.dst[2] = htonl(0xffff);
	slot.src[3] = htonl(0x0a000000 + (is_back ? 9 : random_below(seed, 20)));
	slot.dst[3] = htonl(0x0a000000 + (is_back ? random_below(seed, 20) : 9));
	slot.src_port = htons(is_back ? server : client);
	slot.dst_port = htons(is_back ? client : server);
	if (random_below(seed, 3))
		slot.flags |= FLOW_OUT;
	slot.packets = 1 + random_below(seed, 3);
	slot.bytes = slot.packets * (60 + random_below(seed, 1000));
	slot.min_len = slot.max_len = (uint16_t)(slot.bytes / slot.packets);
	slot.first_ms = slot.last_ms = (uint16_t)random_below(seed, 1000);
	return slot;
}

/* What the engine does, done before it. */
static struct flow_slot half_by_hand(const struct run *run, struct flow_slot slot)
{
	struct flow_key key = { .zero = { 0 } };
	enum half half;

	memcpy(key.words, slot.words, FLOW_KEY_FULL_WORDS * sizeof(key.words[0]));
	half = conversation_orient(&key, 0);
	flow_key_reduce(&key, &run->masks);
	key.flags |= half == HALF_REVERSE ? FLOW_OUT : 0;
	memcpy(slot.words, key.words, FLOW_KEY_FULL_WORDS * sizeof(key.words[0]));
	return slot;
}

static void run_panes(struct run *run)
{
	uint64_t seed = 11;

	for (uint64_t index = 0; index < PANES; index++) {
		struct pane pane = { .index = index, .begin_ns = index * SECOND,
				     .end_ns = (index + 1) * SECOND };

		for (int i = 0; i < RECORDS; i++) {
			struct flow_slot slot = packet(&seed), half = half_by_hand(run, slot);
			const struct flow_slot *record = &slot, *half_record = &half;

			assert_int_equal(engine_merge(run->conversations, &record, 1), 0);
			assert_int_equal(engine_merge(run->halves, &half_record, 1), 0);
		}
		assert_int_equal(engine_end_pane(run->halves, &pane), 0);
		assert_int_equal(engine_end_pane(run->conversations, &pane), 0);
	}
	assert_int_equal(engine_finish(run->halves), 0);
	assert_int_equal(engine_finish(run->conversations), 0);
}

static void check_run(const char *fields, size_t top)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->top = top;
	run_start(run, fields);
	run_panes(run);
	assert_in_range(run->compared, 50, 1000);
	assert_true(run->rows > 100 && run->replies > run->rows / 10);
	engine_destroy(run->halves);
	engine_destroy(run->conversations);
	free(run);
}

static void conversations_have_the_sums_of_their_halves(void **state)
{
	(void)state;
	check_run("src,dst,src_port,dst_port,proto", 0);
}

static void groups_of_conversations_too(void **state)
{
	(void)state;
	check_run("dst,dst_port,proto", 0);
}

static void the_greatest_of_both_halves_are_listed(void **state)
{
	(void)state;
	check_run("src,dst,src_port,dst_port,proto", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_have_the_sums_of_their_halves),
		cmocka_unit_test(groups_of_conversations_too),
		cmocka_unit_test(the_greatest_of_both_halves_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
