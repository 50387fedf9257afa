/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scene of the tests of the live view: a real engine whose windows and panes go to a
 * collector, as weir top has it. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_TERMINAL_SCENE_H
#define WEIR_TESTS_TERMINAL_SCENE_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../user/top/collector.h"
#include "../user/top/screen.h"
#include "../user/top/view_group.h"
#include "../user/top/view_arrange.h"

#define SECOND 1000000000ull

struct scene {
	struct options options;
	struct window_spec windows[4]; /* those of the options, and that of one pane */
	struct document_context document;
	struct collector *collector;
	struct engine *engine;
	struct view view;
};

static const char *const scene_links[FLOW_LINKS_MAX] = { "eth0", "bad\033[31m" };

static int scene_emit(void *context, const struct window_result *result)
{
	struct scene *scene = context;

	collector_take_window(scene->collector, result);
	return 0;
}

static inline void scene_start_engine(struct scene *scene)
{
	struct engine_config config = { .windows = scene->windows, .window_count = 4,
					.pane_ns = SECOND, .top = SNAPSHOT_FLOWS_MAX,
					.emit = scene_emit, .emit_context = scene };
	struct collector_config collector = { .options = &scene->options,
					      .windows = scene->windows, .window_count = 3,
					      .pane_window = 3, .has_directions = true };

	scene->collector = collector_create(&collector);
	scene->engine = engine_create(&config);
	assert_non_null(scene->collector);
	assert_non_null(scene->engine);
}

static inline void scene_start(struct scene *scene)
{
	static const uint64_t lengths[] = { 2, 10, 40 };
	static const char *const names[] = { "eth0" };

	memset(scene, 0, sizeof(*scene));
	for (size_t i = 0; i < 3; i++)
		scene->windows[i] = (struct window_spec){ WINDOW_SLIDING, lengths[i] * SECOND,
							  SECOND, 0 };
	scene->windows[3] = (struct window_spec){ WINDOW_TUMBLING, SECOND, SECOND, 0 };
	memcpy(scene->options.windows, scene->windows, sizeof(scene->windows));
	scene->options.window_count = 3;
	scene->options.pane_ns = SECOND;
	scene->options.slots = 65536;
	group_by_init(&scene->options.group);
	scene->document = (struct document_context){
		.host = "edge-1", .source_kind = "interface", .source_names = names,
		.source_name_count = 1, .direction = "both", .group = &scene->options.group,
		.link_names = scene_links };
	scene_start_engine(scene);
	view_init(&scene->view, &scene->options, &scene->document);
}

static inline void scene_end(struct scene *scene)
{
	view_fini(&scene->view);
	engine_destroy(scene->engine);
	collector_destroy(scene->collector);
}

/* A TCP flow from 10.0.x.y, x and y being host's bytes, to 192.0.2.1, port 443. */
static inline struct flow_slot scene_flow(uint32_t host, uint16_t port)
{
	struct flow_slot slot = { .flags = FLOW_IP, .ip_proto = 6, .min_len = 60,
				  .max_len = 1500, .tcp_flags = 0x10 };

	slot.src[2] = slot.dst[2] = htonl(0xffff);
	slot.src[3] = htonl(0x0a000000 + host);
	slot.dst[3] = htonl(0xc0000201);
	slot.src_port = htons(port);
	slot.dst_port = htons(443);
	return slot;
}

static inline void scene_count(struct scene *scene, struct flow_slot slot, uint64_t bytes)
{
	const struct flow_slot *record = &slot;

	slot.bytes = bytes;
	slot.packets = 1;
	assert_int_equal(engine_merge(scene->engine, &record, 1), 0);
}

static inline void scene_end_pane(struct scene *scene, uint64_t index)
{
	struct pane pane = { .index = index, .begin_ns = index * SECOND };

	pane.end_ns = pane.begin_ns + SECOND;
	assert_int_equal(engine_end_pane(scene->engine, &pane), 0);
	collector_take_pane(scene->collector, &pane);
}

static inline void scene_arrange(struct scene *scene, const struct snapshot *snapshot)
{
	assert_non_null(snapshot);
	assert_int_equal(view_group(&scene->view, snapshot), 0);
	assert_int_equal(view_arrange(&scene->view, snapshot), 0);
}

#endif
