/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A replay of a built file, and what came of it.
 */
#ifndef WEIR_REPLAY_SCENE_H
#define WEIR_REPLAY_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture_builder.h"
#include "../user/engine/engine.h"
#include "../user/sources/replay.h"

#define ETHERNET  1
#define RAW       101
#define HOUR      3600u
#define PANES_MAX 16
#define SECOND_NS 1000000000ull

/* A replay of a built file and what came of it. */
struct run {
	struct builder b;
	struct replay_config config;
	struct engine *engine;
	struct replay *replay;
	struct pane panes[PANES_MAX];
	size_t pane_count;
	uint64_t due_ns[PANES_MAX];
	int end;              /* the last step */
	uint64_t flow_packets; /* in all windows */
	uint64_t first_ns, last_ns; /* of the first flow of the last window */
};

static inline int note_window(void *context, const struct window_result *result)
{
	struct run *run = context;

	run->flow_packets += result->total.packets;
	if (result->flow_count) {
		run->first_ns = result->flows[0].first_ns;
		run->last_ns = result->flows[0].last_ns;
	}
	return 0;
}

static inline void take(void *engine, const struct flow_slot *const *records, size_t count)
{
	assert_int_equal(engine_merge(engine, records, count), 0);
}

static inline void run_init(struct run *run)
{
	memset(run, 0, sizeof(*run));
	run->config.pane_ns = SECOND_NS;
	put_pcap_header(&run->b, PCAP_MICRO, ETHERNET);
}

/* A frame of a non-IP flow: the bytes of an Ethernet header and no more. */
static inline void put_frame(struct run *run, uint32_t seconds, uint32_t microseconds)
{
	put_pcap_packet(&run->b, (struct built_packet){ seconds, microseconds, 14, 60, 0x88 });
}

static inline void run_steps(struct run *run)
{
	struct pane pane;

	do {
		run->end = replay_step(run->replay, &pane);
		if (run->end != REPLAY_PANE)
			continue;
		assert_true(run->pane_count < PANES_MAX);
		run->due_ns[run->pane_count] = replay_due_ns(run->replay);
		run->panes[run->pane_count++] = pane;
		assert_int_equal(engine_end_pane(run->engine, &pane), 0);
	} while (run->end > 0);
}

static inline void run_file(struct run *run)
{
	struct window_spec window = {
		.kind = WINDOW_TUMBLING, .length_ns = SECOND_NS, .slide_ns = SECOND_NS,
	};
	struct engine_config engine = {
		.windows = &window, .window_count = 1, .pane_ns = SECOND_NS, .replay = true,
		.emit = note_window, .emit_context = run,
	};

	capture_close(open_built(&run->b));
	run->config.name = run->b.name;
	run->engine = engine_create(&engine);
	assert_non_null(run->engine);
	run->config.taker = (struct record_taker){ .take = take, .context = run->engine };
	assert_int_equal(replay_open(&run->config, &run->replay), 0);
	run_steps(run);
	assert_int_equal(engine_finish(run->engine), 0);
	replay_close(run->replay);
	engine_destroy(run->engine);
	close(run->b.fd);
}

static inline uint64_t pane_packets(const struct pane *pane)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < SIZE_BUCKETS; i++)
		packets += pane->counts.size_histogram[i];
	return packets;
}

static inline void expect_pane(const struct run *run, size_t number, uint64_t index, uint64_t packets)
{
	const struct pane *pane = &run->panes[number];

	assert_true(number < run->pane_count);
	assert_int_equal(pane->index, index);
	assert_int_equal(pane->begin_ns, index * SECOND_NS);
	assert_int_equal(pane->end_ns, (index + 1) * SECOND_NS);
	assert_int_equal(pane_packets(pane), packets);
}

static inline void a_filter_without_meaning_ends_the_replay_before_a_packet_is_counted(void **state)
{
	const struct packet_filter_config filter = { .expression = "inbound" };
	struct filter_error error;
	struct run run;

	(void)state;
	run_init(&run);
	put_frame(&run, 100, 0);
	assert_int_equal(packet_filter_open(&filter, &run.config.filter, &error), 0);
	run_file(&run);
	packet_filter_close(run.config.filter);
	assert_int_equal(run.end, -EINVAL);
	assert_int_equal(run.pane_count, 0);
}

static inline void packets_of_a_link_that_the_filter_means_nothing_on_are_filtered(void **state)
{
	const struct packet_filter_config filter = { .expression = "ether host 1:2:3:4:5:6" };
	const struct built_packet packet = { .caplen = 14, .len = 60 };
	struct filter_error error;
	struct run run;

	(void)state;
	run_init(&run);
	run.b.size = 0;
	put_section(&run.b);
	put_interface(&run.b, ETHERNET);
	put_interface(&run.b, RAW);
	put_enhanced(&run.b, 1, 100000000, packet);
	put_enhanced(&run.b, 0, 100000000, packet);
	assert_int_equal(packet_filter_open(&filter, &run.config.filter, &error), 0);
	run_file(&run);
	packet_filter_close(run.config.filter);
	assert_int_equal(run.end, REPLAY_END);
	expect_pane(&run, 0, 100, 2);
	assert_int_equal(run.panes[0].counts.outcome[PACKET_FILTERED].packets, 2);
}

#endif
