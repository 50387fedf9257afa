/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions of conversations, against sessions made of all packets by hand. */
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

#define SECOND        1000000000ull
#define MS            1000000ull
#define PANES         120
#define CONVERSATIONS 40
#define SESSIONS_MAX  (PANES * CONVERSATIONS)
#define GAP_NS        (3 * SECOND)

/* What one half carried in a pane; packets 0: nothing. */
struct part {
	uint64_t bytes, packets, first_ns, last_ns;
};

struct session {
	uint16_t client;
	uint64_t start_ns, end_ns, bytes[HALF_COUNT];
	bool is_told;
};

struct run {
	struct part parts[PANES][CONVERSATIONS][HALF_COUNT];
	struct session sessions[SESSIONS_MAX];
	size_t count, told, two_ways;
	uint64_t bytes;
	struct window_spec specs[2];
};

static void session_add(struct session *session, const struct part parts[HALF_COUNT])
{
	for (int half = 0; half < HALF_COUNT; half++) {
		if (!parts[half].packets)
			continue;
		session->bytes[half] += parts[half].bytes;
		if (parts[half].first_ns < session->start_ns)
			session->start_ns = parts[half].first_ns;
		if (parts[half].last_ns > session->end_ns)
			session->end_ns = parts[half].last_ns;
	}
}

/* A pane's packets of one flow are together, as they are in its record. */
static void sessions_expect(struct run *run)
{
	for (uint16_t c = 0; c < CONVERSATIONS; c++) {
		struct session *open = NULL;

		for (size_t pane = 0; pane < PANES; pane++) {
			struct session now = { .client = c, .start_ns = UINT64_MAX };

			session_add(&now, run->parts[pane][c]);
			if (now.start_ns == UINT64_MAX)
				continue;
			if (!open || now.start_ns >= open->end_ns + GAP_NS) {
				open = &run->sessions[run->count++];
				*open = now;
			} else {
				session_add(open, run->parts[pane][c]);
			}
		}
	}
}

static struct session *session_of(struct run *run, const struct flow_result *flow)
{
	for (size_t i = 0; i < run->count; i++) {
		struct session *session = &run->sessions[i];

		if (flow->key.src_port == htons((uint16_t)(2000 + session->client)) &&
		    flow->start_ns == session->start_ns)
			return session;
	}
	return NULL;
}

static int check(void *context, const struct window_result *result)
{
	struct run *run = context;

	if (result->window_number)
		return 0;
	assert_non_null(result->reverses);
	assert_int_equal(result->total.flows, result->flow_count);
	for (size_t i = 0; i < result->flow_count; i++) {
		struct session *session = session_of(run, &result->flows[i]);

		assert_non_null(session);
		assert_false(session->is_told);
		session->is_told = true;
		assert_int_equal(result->flows[i].end_ns, session->end_ns);
		assert_int_equal(result->flows[i].bytes, session->bytes[HALF_FORWARD]);
		assert_int_equal(result->reverses[i].bytes, session->bytes[HALF_REVERSE]);
		run->bytes += session->bytes[HALF_FORWARD] + session->bytes[HALF_REVERSE];
		run->two_ways += session->bytes[HALF_FORWARD] && session->bytes[HALF_REVERSE];
		run->told++;
	}
	return 0;
}

static struct flow_slot slot_of(uint16_t conversation, int half, const struct part *part,
				uint64_t begin_ns)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17 };
	uint16_t client = (uint16_t)(2000 + conversation);

	slot.src[2] = slot.dst[2] = htonl(0xffff);
	slot.src[3] = htonl(0x0a000000 + (half == HALF_REVERSE));
	slot.dst[3] = htonl(0x0a000000 + (half == HALF_FORWARD));
	slot.src_port = htons(half == HALF_FORWARD ? client : 53);
	slot.dst_port = htons(half == HALF_FORWARD ? 53 : client);
	slot.bytes = part->bytes;
	slot.packets = (uint32_t)part->packets;
	slot.min_len = slot.max_len = 100;
	slot.first_ms = (uint16_t)((part->first_ns - begin_ns) / MS);
	slot.last_ms = (uint16_t)((part->last_ns - begin_ns) / MS);
	return slot;
}

static struct part part_random(uint64_t *seed, uint64_t begin_ns)
{
	uint64_t packets = random_below(seed, 4) ? 0 : 1 + random_below(seed, 3);
	uint64_t first = random_below(seed, 1000), more = random_below(seed, 1000);

	return (struct part){ 100 * packets, packets, begin_ns + first * MS,
			      begin_ns + (first > more ? first : more) * MS };
}

static void pane_merge(struct run *run, struct engine *engine, uint64_t pane, uint64_t *seed)
{
	for (uint16_t c = 0; c < CONVERSATIONS; c++) {
		for (int half = 0; half < HALF_COUNT; half++) {
			struct part part = part_random(seed, pane * SECOND);
			struct flow_slot slot = slot_of(c, half, &part, pane * SECOND);
			const struct flow_slot *record = &slot;

			run->parts[pane][c][half] = part;
			if (part.packets)
				assert_int_equal(engine_merge(engine, &record, 1), 0);
		}
	}
}

/* A second window gives up flows while sessions end: what is looked up may be on its way out. */
static void check_run(bool is_replay)
{
	struct run *run = calloc(1, sizeof(*run));
	struct engine_config config = { .windows = run->specs, .window_count = 2,
					.pane_ns = SECOND, .emit = check, .emit_context = run,
					.biflow = true, .replay = is_replay };
	uint64_t seed = 41, again = 41;
	struct group_by group;
	struct engine *engine;
	const char *reason;

	assert_non_null(run);
	run->specs[0] = (struct window_spec){ WINDOW_SESSION, 0, 0, GAP_NS };
	run->specs[1] = (struct window_spec){ WINDOW_TUMBLING, 2 * SECOND, 2 * SECOND, 0 };
	assert_int_equal(group_by_parse("src,dst,src_port,dst_port,proto", &group, &reason), 0);
	group_masks_make(&group, &config.row_masks);
	for (size_t pane = 0; pane < PANES; pane++) {
		for (size_t c = 0; c < CONVERSATIONS; c++) {
			for (int half = 0; half < HALF_COUNT; half++)
				run->parts[pane][c][half] = part_random(&again, pane * SECOND);
		}
	}
	sessions_expect(run);
	engine = engine_create(&config);
	assert_non_null(engine);
	for (uint64_t index = 0; index < PANES; index++) {
		const struct pane pane = { .index = index, .begin_ns = index * SECOND,
					   .end_ns = (index + 1) * SECOND };

		pane_merge(run, engine, index, &seed);
		assert_int_equal(engine_end_pane(engine, &pane), 0);
	}
	assert_int_equal(engine_finish(engine), 0);
	assert_int_equal(run->told, run->count);
	assert_true(run->count > 200 && run->two_ways > 50);
	engine_destroy(engine);
	free(run);
}

static void sessions_are_of_both_directions(void **state)
{
	(void)state;
	check_run(false);
}

static void sessions_of_a_replay_too(void **state)
{
	(void)state;
	check_run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_of_both_directions),
		cmocka_unit_test(sessions_of_a_replay_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
