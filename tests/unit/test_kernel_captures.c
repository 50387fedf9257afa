/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real frames, where the captures are there: the kernel counts them as the host does. Each file
 * is a pane.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glob.h>

#include "kernel_scene.h"
#include "privilege.h"
#include "../user/sources/capture.h"

#define CAPTURES   "../shared/captures/*.pcap*"
#define BATCH      64
#define FRAMES_MIN 10000

/* Counts the Ethernet frames of a batch by all programs; how many there were. */
static uint64_t count_frames(struct scene *scene, const struct capture_packet *packets, int count)
{
	uint64_t frames = 0;

	for (int i = 0; i < count; i++) {
		if (packets[i].link != LINK_ETHERNET)
			continue;
		scene_count_all(scene, packets[i].data, packets[i].caplen);
		frames += packets[i].caplen >= TEST_RUN_MIN && packets[i].caplen <= TEST_RUN_MAX;
	}
	return frames;
}

/* All that can be read of the file: some captures are damaged on purpose. */
static uint64_t count_capture(struct scene *scene, const char *name)
{
	struct capture_packet packets[BATCH];
	struct capture *capture;
	uint64_t frames = 0;
	int count = 0;

	if (capture_open(name, &capture) == 0)
		count = capture_next(capture, packets, BATCH);
	while (count > 0 || count == -EAGAIN) {
		frames += count_frames(scene, packets, count);
		count = capture_next(capture, packets, BATCH);
	}
	capture_close(capture);
	return frames;
}

static void expect_the_same_of_all(struct scene_options options)
{
	uint64_t frames = 0;
	struct scene scene;
	glob_t names;

	need_root();
	if (glob(CAPTURES, 0, NULL, &names)) {
		if (is_ci())
			fail_msg("no " CAPTURES);
		print_message("skipped: no " CAPTURES "\n");
		skip();
	}
	options.slots = 65536;
	scene_open(&scene, options);
	for (size_t i = 0; i < names.gl_pathc; i++) {
		frames += count_capture(&scene, names.gl_pathv[i]);
		scene_expect_same(&scene);
	}
	print_message("%llu frames of %zu captures\n", (unsigned long long)frames, names.gl_pathc);
	assert_true(frames >= FRAMES_MIN);
	scene_close(&scene);
	globfree(&names);
}

static void every_captured_frame_is_the_same_in_the_kernel(void **state)
{
	(void)state;
	expect_the_same_of_all((struct scene_options){ 0 });
}

static void what_is_inside_every_captured_frame_is_the_same_in_the_kernel(void **state)
{
	(void)state;
	expect_the_same_of_all((struct scene_options){ .has_extra = true, .has_tunnels = true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_captured_frame_is_the_same_in_the_kernel),
		cmocka_unit_test(what_is_inside_every_captured_frame_is_the_same_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
