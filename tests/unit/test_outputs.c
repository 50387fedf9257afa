/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "../../user/base/clock.h"
#include "../../user/base/report.h"
#include "../../user/outputs/outputs.h"
#include "../../user/outputs/shared_result.h"
#include "capture.h"
#include "sink_place.h"

#define WINDOW_FLOWS 1000
#define WINDOW_BYTES (WINDOW_FLOWS * sizeof(struct flow_result))

static struct outputs *open_outputs(const struct outputs_config *config)
{
	struct outputs *outputs;

	report_set_level(REPORT_QUIET);
	assert_int_equal(outputs_open(config, &outputs), 0);
	return outputs;
}

static void emit_windows(struct place *place, struct outputs *outputs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		place->scene.result.start_ns = i;
		outputs_emit(outputs, &place->scene.context, &place->scene.result);
	}
}

/* Each output writes in its own time. */
static void wait_for_lines(const char *name, size_t lines)
{
	while (count_lines(name) < lines)
		usleep(5000);
}

static void every_output_gets_every_window(void **state)
{
	static const char *const names[] = { "a.ndjson", "b.ndjson", "c.json" };
	const struct outputs_config config = { .names = names, .count = 3, .window_count = 1 };
	struct place *place = *state;
	struct outputs *outputs = open_outputs(&config);

	emit_windows(place, outputs, 100);
	assert_true(outputs_close(outputs));
	assert_int_equal(count_lines("a.ndjson"), 100);
	assert_int_equal(count_lines("b.ndjson"), 100);
	assert_true(count_lines("c.json") > 1);
	assert_int_equal(count_entries(), 3);
}

static void names_that_change_between_windows_are_told_as_they_were(void **state)
{
	static const char *const names[] = { "a.ndjson" };
	const struct outputs_config config = { .names = names, .count = 1, .window_count = 1 };
	const char *links[FLOW_LINKS_MAX] = { "before0" };
	char later[] = "later0";
	struct place *place = *state;
	struct outputs *outputs = open_outputs(&config);
	char *content;

	place->scene.context.link_names = links;
	emit_windows(place, outputs, 1);
	links[0] = later;
	emit_windows(place, outputs, 1);
	memset(later, 'x', sizeof(later) - 1);
	assert_true(outputs_close(outputs));
	content = read_file("a.ndjson");
	assert_int_equal(count_text(content, "before0"), 1);
	assert_int_equal(count_text(content, "later0"), 1);
	free(content);
}

/* As the agent cuts a result to -n: places of measures are still those of the longer list. */
static void extra_measures_stay_with_their_flows(void **state)
{
	static const struct extra_sum extras[] = { { .zero_windows = 1 }, { .zero_windows = 2 },
						   { .zero_windows = 3 } };
	struct place *place = *state;
	struct scene *scene = &place->scene;
	struct flow_result *flows = use_flows(scene, 2);
	struct shared_context *strings = NULL;
	struct shared_result *shared;

	flows[0].extra = 2;
	flows[1].extra = 1;
	scene->result.extras = extras;
	scene->result.extra_sets = 1;
	shared = shared_result_create(&scene->context, &scene->result, &strings);
	assert_non_null(shared);
	for (size_t i = 0; i < 2; i++) {
		const struct flow_result *flow = &shared->result.flows[i];

		assert_int_equal(shared->result.extras[flow->extra].zero_windows, 3 - i);
	}
	shared_result_destroy(shared);
	shared_context_release(strings);
	free(flows);
}

/* Live, a pipe that nobody reads costs its own output windows, and the others none. */
static void output_that_takes_nothing_loses_its_own_windows(void **state)
{
	static const char *const names[] = { "pipe.ndjson", "file.ndjson" };
	const struct outputs_config config = { .names = names, .count = 2, .window_count = 1,
					       .max_bytes = 4 * WINDOW_BYTES };
	struct place *place = *state;
	struct flow_result *flows = use_flows(&place->scene, WINDOW_FLOWS);
	struct outputs *outputs;
	uint64_t longest_ns = 0;

	assert_int_equal(mkfifo("pipe.ndjson", 0600), 0);
	outputs = open_outputs(&config);
	for (size_t i = 0; i < 50; i++) {
		uint64_t begin_ns = clock_monotonic_ns(), spent_ns;

		emit_windows(place, outputs, 1);
		spent_ns = clock_monotonic_ns() - begin_ns;
		longest_ns = spent_ns > longest_ns ? spent_ns : longest_ns;
		wait_for_lines("file.ndjson", i + 1);
	}
	assert_true(longest_ns < 100000000);
	assert_false(outputs_close(outputs));
	assert_int_equal(count_lines("file.ndjson"), 50);
	free(flows);
}

struct reader {
	const char *name;
	size_t lines;
	uint64_t pause_us;
};

static void *read_slowly(void *context)
{
	struct reader *reader = context;
	int fd = open(reader->name, O_RDONLY);
	char chunk[16384];
	ssize_t count;

	while ((count = read(fd, chunk, sizeof(chunk))) > 0) {
		for (ssize_t i = 0; i < count; i++)
			reader->lines += chunk[i] == '\n';
		usleep((useconds_t)reader->pause_us);
	}
	close(fd);
	return NULL;
}

static void replay_waits_for_a_slow_reader(void **state)
{
	static const char *const names[] = { "pipe.ndjson" };
	const struct outputs_config config = { .names = names, .count = 1, .window_count = 1,
					       .is_replay = true,
					       .max_bytes = 3 * WINDOW_BYTES };
	struct place *place = *state;
	struct flow_result *flows = use_flows(&place->scene, WINDOW_FLOWS);
	struct reader reader = { .name = "pipe.ndjson", .pause_us = 500 };
	struct outputs *outputs;
	pthread_t thread;

	assert_int_equal(mkfifo("pipe.ndjson", 0600), 0);
	outputs = open_outputs(&config);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	emit_windows(place, outputs, 30);
	assert_true(outputs_close(outputs));
	pthread_join(thread, NULL);
	assert_int_equal(reader.lines, 30);
	free(flows);
}

static void replay_gives_up_an_output_that_failed(void **state)
{
	static const char *const names[] = { "full.ndjson", "file.ndjson" };
	const struct outputs_config config = { .names = names, .count = 2, .window_count = 1,
					       .is_replay = true,
					       .max_bytes = 2 * WINDOW_BYTES };
	struct place *place = *state;
	struct flow_result *flows = use_flows(&place->scene, WINDOW_FLOWS);
	struct outputs *outputs;

	assert_int_equal(symlink("/dev/full", "full.ndjson"), 0);
	outputs = open_outputs(&config);
	emit_windows(place, outputs, 20);
	assert_false(outputs_close(outputs));
	assert_int_equal(count_lines("file.ndjson"), 20);
	free(flows);
}

/* Of the output opened last. Earlier tests may have left children that nobody waits for. */
static pid_t writer_process(void)
{
	FILE *file = fopen("/proc/thread-self/children", "r");
	int pid = 0;

	assert_non_null(file);
	while (fscanf(file, "%d", &pid) == 1)
		continue;
	fclose(file);
	assert_true(pid > 0);
	return pid;
}

/* Also where nothing is to be written any more, so that closing alone notices. */
static void writer_that_is_killed_is_told(void **state)
{
	static const char *const names[] = { "a.ndjson" };
	const struct outputs_config config = { .names = names, .count = 1, .window_count = 1 };
	struct place *place = *state;
	struct outputs *outputs = open_outputs(&config);
	struct capture capture;
	const char *told;

	emit_windows(place, outputs, 1);
	wait_for_lines("a.ndjson", 1);
	assert_int_equal(kill(writer_process(), SIGKILL), 0);
	capture_start(&capture);
	assert_false(outputs_close(outputs));
	told = capture_end(&capture);
	assert_non_null(strstr(told, "write a.ndjson: the process that writes it was killed"));
	assert_int_equal(count_lines("a.ndjson"), 1);
}

/* One larger than all the memory that outputs may take. */
static void one_window_always_has_a_place(void **state)
{
	static const char *const names[] = { "a.ndjson" };
	const struct outputs_config config = { .names = names, .count = 1, .window_count = 1,
					       .max_bytes = 1000 };
	struct place *place = *state;
	struct flow_result *flows = use_flows(&place->scene, WINDOW_FLOWS);
	struct outputs *outputs = open_outputs(&config);

	emit_windows(place, outputs, 1);
	assert_true(outputs_close(outputs));
	assert_int_equal(count_lines("a.ndjson"), 1);
	free(flows);
}

static void renamed_file_is_written_on_until_it_is_reopened(void **state)
{
	static const char *const names[] = { "a.ndjson" };
	const struct outputs_config config = { .names = names, .count = 1, .window_count = 1,
					       .is_replay = true, .max_bytes = 1 };
	struct place *place = *state;
	struct outputs *outputs = open_outputs(&config);

	emit_windows(place, outputs, 1);
	assert_int_equal(rename("a.ndjson", "b.ndjson"), 0);
	emit_windows(place, outputs, 2);
	wait_for_lines("b.ndjson", 3);
	outputs_reopen(outputs);
	emit_windows(place, outputs, 1);
	assert_true(outputs_close(outputs));
	assert_int_equal(count_lines("b.ndjson"), 3);
	assert_int_equal(count_lines("a.ndjson"), 1);
}

static void state_goes_to_those_that_show_it(void **state)
{
	static const char *const names[] = { "a.ndjson", "b.json" };
	const struct outputs_config config = { .names = names, .count = 2, .window_count = 1 };
	struct place *place = *state;
	struct outputs *outputs = open_outputs(&config);

	outputs_emit_state(outputs, &place->scene.context, &place->scene.result);
	assert_true(outputs_close(outputs));
	assert_int_not_equal(access("a.ndjson", F_OK), 0);
	assert_true(count_lines("b.json") > 1);
}

/* Whether a report comes to tell so many steps, before anything else is added to it. */
static bool report_comes_to_tell(const char *name, size_t steps)
{
	for (int tries = 0; tries < 2000; tries++) {
		char *content = access(name, F_OK) ? NULL : read_file(name);
		bool tells = content && count_text(content, "data-x=") == steps;

		free(content);
		if (tells)
			return true;
		usleep(5000);
	}
	return false;
}

static void report_tells_the_last_window_where_none_comes_behind_it(void **state)
{
	static const char *const names[] = { "a.html" };
	const struct outputs_config config = { .names = names, .count = 1, .window_count = 1 };
	struct place *place = *state;
	struct outputs *outputs = open_outputs(&config);

	emit_windows(place, outputs, 1);
	assert_true(report_comes_to_tell("a.html", 1));
	emit_windows(place, outputs, 2);
	assert_true(report_comes_to_tell("a.html", 3));
	assert_true(outputs_close(outputs));
	assert_true(report_comes_to_tell("a.html", 3));
}

static void output_that_cannot_be_opened_leaves_nothing_of_the_others(void **state)
{
	static const char *const names[] = { "a.ndjson", "no/b.ndjson" };
	const struct outputs_config config = { .names = names, .count = 2, .window_count = 1 };
	struct outputs *outputs;

	(void)state;
	report_set_level(REPORT_QUIET);
	assert_int_equal(outputs_open(&config, &outputs), -ENOENT);
	assert_null(outputs);
	assert_int_equal(count_entries(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_PLACE(every_output_gets_every_window),
		TEST_IN_PLACE(names_that_change_between_windows_are_told_as_they_were),
		TEST_IN_PLACE(extra_measures_stay_with_their_flows),
		TEST_IN_PLACE(output_that_takes_nothing_loses_its_own_windows),
		TEST_IN_PLACE(replay_waits_for_a_slow_reader),
		TEST_IN_PLACE(replay_gives_up_an_output_that_failed),
		TEST_IN_PLACE(writer_that_is_killed_is_told),
		TEST_IN_PLACE(one_window_always_has_a_place),
		TEST_IN_PLACE(renamed_file_is_written_on_until_it_is_reopened),
		TEST_IN_PLACE(state_goes_to_those_that_show_it),
		TEST_IN_PLACE(report_tells_the_last_window_where_none_comes_behind_it),
		TEST_IN_PLACE(output_that_cannot_be_opened_leaves_nothing_of_the_others),
	};

	return cmocka_run_group_tests_name("outputs", tests, NULL, NULL);
}
