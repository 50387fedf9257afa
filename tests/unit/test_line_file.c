/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "sink_place.h"

static void lines_are_appended(void **state)
{
	struct place *place = *state;

	put_file("flows.ndjson", "{\"mine\": 1}\n");
	open_sink(place, "flows.ndjson");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(write_once(place), 0);
	close_sink(place);
	assert_int_equal(count_lines("flows.ndjson"), 3);
	assert_int_equal(try_sink(place, "flows.ndjson", 1), 0);
	assert_int_equal(write_once(place), 0);
	assert_int_equal(count_lines("flows.ndjson"), 4);
}

static void half_document_of_a_crash_is_removed(void **state)
{
	struct place *place = *state;

	put_file("flows.ndjson", "{\"mine\": 1}\n{\"schema\": \"weir/1\", \"host\": \"a}\\\"}");
	open_sink(place, "flows.ndjson");
	assert_file("flows.ndjson", "{\"mine\": 1}\n");
}

static void only_line_is_removed_where_it_is_half_a_document(void **state)
{
	struct place *place = *state;

	put_file("flows.ndjson", "{\"schema\": \"weir/1\", \"total\": {}");
	open_sink(place, "flows.ndjson");
	assert_file("flows.ndjson", "");
}

static void whole_document_without_line_feed_is_kept(void **state)
{
	struct place *place = *state;
	char *content;

	put_file("flows.ndjson", "{\"schema\": \"weir/1\", \"total\": {}}");
	open_sink(place, "flows.ndjson");
	assert_int_equal(write_once(place), 0);
	content = read_file("flows.ndjson");
	assert_non_null(strstr(content, "\"total\": {}}\n{\"schema\": \"weir/1\", \"host\""));
	free(content);
}

static void unfinished_line_of_somebody_else_is_kept(void **state)
{
	struct place *place = *state;

	put_file("flows.ndjson", "{\"schema\": \"other\", ");
	open_sink(place, "flows.ndjson");
	assert_file("flows.ndjson", "{\"schema\": \"other\", ");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(count_lines("flows.ndjson"), 2);
}

static void line_file_belongs_to_one_sink(void **state)
{
	struct place *place = *state;
	struct sink *first;

	open_sink(place, "flows.ndjson");
	first = place->sink;
	assert_int_equal(try_sink(place, "./flows.ndjson", 1), -EBUSY);
	place->sink = first;
	close_sink(place);
	assert_int_equal(try_sink(place, "./flows.ndjson", 1), 0);
}

static void full_disk_leaves_whole_lines(void **state)
{
	with_small_disk(*state, "flows.ndjson");
	assert_int_equal(count_lines("flows.ndjson"), 2);
	leave_small_disk(*state);
}

/* Standard output as it was before the sink took it over. */
struct redirection {
	int saved;
};

static void redirect_output(struct redirection *redirection, int fd)
{
	fflush(stdout);
	redirection->saved = dup(STDOUT_FILENO);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	close(fd);
}

static void restore_output(struct redirection *redirection)
{
	dup2(redirection->saved, STDOUT_FILENO);
	close(redirection->saved);
}

static void gone_reader_of_standard_output_is_an_error(void **state)
{
	struct place *place = *state;
	struct redirection redirection;
	int ends[2];
	int err;

	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	redirect_output(&redirection, ends[1]);
	open_sink(place, "-");
	err = write_once(place);
	restore_output(&redirection);
	assert_int_equal(err, -EPIPE);
	assert_int_equal(sink_stats(place->sink)->errors, 1);
}

static void full_device_is_an_error(void **state)
{
	struct place *place = *state;

	assert_int_equal(symlink("/dev/full", "full.ndjson"), 0);
	open_sink(place, "full.ndjson");
	assert_int_equal(write_once(place), -ENOSPC);
	assert_int_equal(write_once(place), -ENOSPC);
	assert_int_equal(sink_stats(place->sink)->errors, 2);
}

static void *drain_slowly(void *context)
{
	int fd = *(int *)context;
	char chunk[1000];
	size_t total = 0;
	ssize_t count;

	while ((count = read(fd, chunk, sizeof(chunk))) > 0)
		total += (size_t)count;
	return (void *)total;
}

static void full_pipe_that_does_not_block_is_waited_for(void **state)
{
	struct place *place = *state;
	struct flow_result *flows = use_flows(&place->scene, 1000);
	struct redirection redirection;
	pthread_t thread;
	void *total;
	int ends[2];
	int err;

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, drain_slowly, &ends[0]), 0);
	redirect_output(&redirection, ends[1]);
	open_sink(place, "-");
	place->scene.transmission = *sink_stats(place->sink);
	err = write_once(place);
	restore_output(&redirection);
	pthread_join(thread, &total);
	close(ends[0]);
	assert_int_equal(err, 0);
	assert_true((size_t)total > 1000 * sizeof(struct flow_result));
	free(flows);
}

static void standard_output_to_a_file_is_not_appended_elsewhere(void **state)
{
	struct place *place = *state;
	struct redirection redirection;
	int fd = open("out", O_WRONLY | O_CREAT, 0644);
	int err;

	assert_true(fd >= 0);
	redirect_output(&redirection, fd);
	open_sink(place, "-");
	err = write_once(place) | write_once(place);
	close_sink(place);
	restore_output(&redirection);
	assert_int_equal(err, 0);
	assert_int_equal(count_lines("out"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_PLACE(lines_are_appended),
		TEST_IN_PLACE(half_document_of_a_crash_is_removed),
		TEST_IN_PLACE(only_line_is_removed_where_it_is_half_a_document),
		TEST_IN_PLACE(whole_document_without_line_feed_is_kept),
		TEST_IN_PLACE(unfinished_line_of_somebody_else_is_kept),
		TEST_IN_PLACE(line_file_belongs_to_one_sink),
		TEST_IN_PLACE(full_disk_leaves_whole_lines),
		TEST_IN_PLACE(gone_reader_of_standard_output_is_an_error),
		TEST_IN_PLACE(full_device_is_an_error),
		TEST_IN_PLACE(full_pipe_that_does_not_block_is_waited_for),
		TEST_IN_PLACE(standard_output_to_a_file_is_not_appended_elsewhere),
	};

	return cmocka_run_group_tests_name("line file", tests, NULL, NULL);
}
