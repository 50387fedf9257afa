/* SPDX-License-Identifier: BSD-2-Clause */
/* The live view of flows that have owners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../user/engine/slot_key.h"
#include "../../user/owners/owner_names.h"
#include "../../user/top/label.h"
#include "../terminal_scene.h"

static void scene_start_owners(struct scene *scene)
{
	scene_start(scene);
	engine_destroy(scene->engine);
	stage_destroy(scene->stage);
	group_by_add(&scene->options.group, GROUP_PROCESS);
	group_by_add(&scene->options.group, GROUP_CONTAINER);
	scene->options.processes = true;
	scene_start_engines(scene);
	scene->document.owner_names = owner_names_create();
}

static void count_of(struct scene *scene, struct flow_slot slot, uint32_t pid, const char *name)
{
	struct flow_record record = { .slot = slot };
	const struct flow_slot *given = &record.slot;

	record.slot.bytes = 100;
	record.slot.packets = 1;
	if (pid)
		record.extra.owner = owner_make((struct owner_names *)scene->document.owner_names,
						pid, name, "web");
	assert_int_equal(engine_merge(scene->engine, &given, 1), 0);
}

static void scene_end_owners(struct scene *scene)
{
	owner_names_destroy((struct owner_names *)scene->document.owner_names);
	scene_end(scene);
}

static void wish_for(struct scene *scene, enum grouping grouping)
{
	scene->view.wish.grouping = grouping;
	assert_int_equal(stage_set_wish(scene->stage, scene->view.wish), 0);
	scene_arrange(scene);
}

/* Two connections of one process, one of another, one of nobody; and what is no IP. */
static void count_some(struct scene *scene)
{
	for (uint64_t pane = 0; pane < 3; pane++) {
		count_of(scene, scene_flow(1, 1000), 7, "a");
		count_of(scene, scene_reply(1, 1000), 7, "a");
		count_of(scene, scene_flow(1, 1001), 7, "a");
		count_of(scene, scene_flow(1, 1002), 8, "b\033c");
		count_of(scene, scene_flow(2, 1003), 0, "");
		count_of(scene, (struct flow_slot){ .src_port = htons(0x806) }, 0, "");
		scene_end_pane(scene, pane);
	}
}

static void expect_row(const struct scene *scene, const char *label, uint64_t bytes)
{
	struct labeler labeler = view_labeler(&scene->view);
	uint64_t found = 0;

	for (size_t i = 0; i < scene->snapshot->row_count; i++) {
		const struct row *row = &scene->snapshot->rows[i];
		char text[LABEL_MAX];

		if (!strcmp(label_process(&labeler, &row->key, text), label))
			found += row_amount(row, COVER_TOTAL).bytes;
	}
	assert_int_equal(found, bytes);
}

static void processes_have_all_their_flows_and_nobody_the_rest(void **state)
{
	struct scene scene;

	(void)state;
	scene_start_owners(&scene);
	count_some(&scene);
	wish_for(&scene, GROUPING_PROCESSES);
	assert_int_equal(scene.snapshot->row_count, 3);
	expect_row(&scene, "7/a", 900);
	expect_row(&scene, "8/b\\x1bc", 300);
	expect_row(&scene, "-", 600);
	wish_for(&scene, GROUPING_CONTAINERS);
	assert_int_equal(scene.snapshot->row_count, 2);
	scene_end_owners(&scene);
}

static void a_conversation_has_its_process_and_both_ways(void **state)
{
	struct scene scene;

	(void)state;
	scene_start_owners(&scene);
	count_some(&scene);
	wish_for(&scene, GROUPING_CONVERSATIONS);
	assert_int_equal(scene.snapshot->row_count, 5);
	expect_row(&scene, "7/a", 900);
	wish_for(&scene, GROUPING_FLOWS);
	assert_int_equal(scene.snapshot->row_count, 6);
	expect_row(&scene, "7/a", 900);
	wish_for(&scene, GROUPING_HOSTS);
	expect_row(&scene, "-", 300 + 2 * 1500);
	scene_end_owners(&scene);
}

static void a_search_finds_processes(void **state)
{
	struct scene scene;

	(void)state;
	scene_start_owners(&scene);
	count_some(&scene);
	strcpy(scene.view.search, "8/b");
	wish_for(&scene, GROUPING_CONVERSATIONS);
	assert_int_equal(scene.view.shown, 1);
	strcpy(scene.view.search, "web tcp");
	wish_for(&scene, GROUPING_CONVERSATIONS);
	assert_int_equal(scene.view.shown, 3);
	scene_end_owners(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_have_all_their_flows_and_nobody_the_rest),
		cmocka_unit_test(a_conversation_has_its_process_and_both_ways),
		cmocka_unit_test(a_search_finds_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
