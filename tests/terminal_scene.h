/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scene of the tests of the live view: a real engine whose panes go to a stage, as weir top
 * has it, but in one thread. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_TERMINAL_SCENE_H
#define WEIR_TESTS_TERMINAL_SCENE_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../user/engine/engine.h"
#include "../user/top/screen.h"
#include "../user/top/stage_snapshot.h"
#include "../user/top/view_arrange.h"

#define SECOND 1000000000ull

struct scene {
	struct options options;
	struct window_spec pane_window;
	struct document_context document;
	struct stage *stage;
	struct engine *engine;
	struct pane_flows *told;   /* by the engine, of the pane that ends */
	struct view view;
	struct snapshot *snapshot; /* what the view shows */
};

static const char *const scene_links[FLOW_LINKS_MAX] = { "eth0", "bad\033[31m" };

static int scene_emit(void *context, const struct window_result *result)
{
	struct scene *scene = context;

	scene->told = pane_flows_create(result);
	assert_non_null(scene->told);
	return 0;
}

static inline void scene_start_engines(struct scene *scene)
{
	const struct engine_config config = { .windows = &scene->pane_window, .window_count = 1,
					      .pane_ns = SECOND, .emit = scene_emit,
					      .extra_sets = scene->options.extra_sets,
					      .has_owners = scene->options.processes,
					      .emit_context = scene };
	const struct stage_config stage = { .group = &scene->options.group, .pane_ns = SECOND,
					    .has_directions = true,
					    .extra_sets = scene->options.extra_sets,
					    .has_owners = scene->options.processes };

	scene->stage = stage_create(&stage, scene->view.wish);
	scene->engine = engine_create(&config);
	assert_non_null(scene->stage);
	assert_non_null(scene->engine);
}

static inline void scene_start(struct scene *scene)
{
	static const char *const names[] = { "eth0" };

	memset(scene, 0, sizeof(*scene));
	scene->pane_window = (struct window_spec){ WINDOW_TUMBLING, SECOND, SECOND, 0 };
	scene->options.pane_ns = SECOND;
	scene->options.slots = 65536;
	group_by_init(&scene->options.group);
	scene->options.counted = scene->options.group;
	scene->document = (struct document_context){
		.host = "edge-1", .source_kind = "interface", .source_names = names,
		.source_name_count = 1, .direction = "both", .group = &scene->options.group,
		.link_names = scene_links };
	view_init(&scene->view, &scene->options, &scene->document);
	scene_start_engines(scene);
}

static inline void scene_end(struct scene *scene)
{
	snapshot_free(scene->snapshot);
	view_fini(&scene->view);
	engine_destroy(scene->engine);
	stage_destroy(scene->stage);
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

/* What comes back, out of the interface. */
static inline struct flow_slot scene_reply(uint32_t host, uint16_t port)
{
	struct flow_slot slot = scene_flow(host, port);

	slot.dst[3] = htonl(0x0a000000 + host);
	slot.src[3] = htonl(0xc0000201);
	slot.dst_port = htons(port);
	slot.src_port = htons(443);
	slot.flags |= FLOW_OUT;
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
	scene->told->pane = pane;
	stage_add_pane(scene->stage, scene->told);
}

/* The newest rows, in order. */
static inline void scene_arrange(struct scene *scene)
{
	struct snapshot *before = scene->snapshot;

	scene->snapshot = stage_snapshot(scene->stage);
	assert_non_null(scene->snapshot);
	assert_int_equal(view_arrange(&scene->view, scene->snapshot), 0);
	snapshot_free(before);
}

static inline void scene_group(struct scene *scene, enum grouping grouping,
			       enum direction direction)
{
	scene->view.wish = (struct wish){ grouping, direction };
	assert_int_equal(stage_set_wish(scene->stage, scene->view.wish), 0);
	scene_arrange(scene);
}

#endif
