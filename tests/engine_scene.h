/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine that is fed by hand, and the results that it gave.
 */
#ifndef WEIR_ENGINE_SCENE_H
#define WEIR_ENGINE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../user/engine/engine.h"
#include "../user/engine/landmark_window.h"

#define SECOND      1000000000ull
#define RESULTS_MAX 64
#define LISTED_MAX  8

struct kept {
	struct window_result result;
	struct flow_result flows[LISTED_MAX];
};

struct run {
	struct engine *engine;
	struct window_spec specs[4];
	struct kept kept[RESULTS_MAX];
	size_t count;
	int answer; /* of emit */
};

static inline int keep(void *context, const struct window_result *result)
{
	struct run *run = context;
	struct kept *kept = &run->kept[run->count++];

	assert_true(run->count <= RESULTS_MAX);
	kept->result = *result;
	for (size_t i = 0; i < result->flow_count && i < LISTED_MAX; i++)
		kept->flows[i] = result->flows[i];
	return run->answer;
}

static inline struct window_spec tumbling(uint64_t seconds)
{
	return (struct window_spec){ WINDOW_TUMBLING, seconds * SECOND, seconds * SECOND, 0 };
}

static inline struct window_spec sliding(uint64_t seconds, uint64_t slide)
{
	return (struct window_spec){ WINDOW_SLIDING, seconds * SECOND, slide * SECOND, 0 };
}

static inline struct window_spec session(uint64_t gap)
{
	return (struct window_spec){ WINDOW_SESSION, 0, 0, gap * SECOND };
}

static inline void run_start(struct run *run, struct engine_config config)
{
	config.windows = run->specs;
	config.window_count = config.window_count ? config.window_count : 1;
	config.pane_ns = SECOND;
	config.emit = keep;
	config.emit_context = run;
	run->engine = engine_create(&config);
	assert_non_null(run->engine);
}

static inline void packet_add(struct run *run, unsigned int flow, unsigned int len, unsigned int ms)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 17, .bytes = len, .packets = 1 };
	const struct flow_slot *record = &slot;

	slot.src_port = (uint16_t)flow;
	slot.min_len = slot.max_len = (uint16_t)len;
	slot.first_ms = slot.last_ms = (uint16_t)ms;
	assert_int_equal(engine_merge(run->engine, &record, 1), 0);
}

static inline int pane_end_after(struct run *run, uint64_t index, uint64_t length_ns)
{
	struct pane pane = { .index = index, .begin_ns = index * SECOND };

	pane.end_ns = pane.begin_ns + length_ns;
	return engine_end_pane(run->engine, &pane);
}

static inline int pane_end(struct run *run, uint64_t index)
{
	return pane_end_after(run, index, SECOND);
}

#endif
