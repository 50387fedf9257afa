/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "sink_place.h"

static void opening_leaves_an_existing_document_alone(void **state)
{
	struct place *place = *state;

	put_file("flows.json", "old");
	open_sink(place, "flows.json");
	assert_file("flows.json", "old");
	assert_int_equal(count_entries(), 1);
}

static void document_replaces_the_one_before(void **state)
{
	struct place *place = *state;

	put_file("flows.json", "old");
	open_sink(place, "flows.json");
	assert_int_equal(write_once(place), 0);
	place->scene.transmission = *sink_stats(place->sink);
	assert_int_equal(write_once(place), 0);
	close_sink(place);
	write_document(&place->scene, true);
	assert_int_equal(count_lines("flows.json"),
			 count_text(place->scene.text.bytes, "\n"));
	assert_int_equal(count_entries(), 1);
}

static void document_takes_over_the_mode_or_that_of_the_umask(void **state)
{
	struct place *place = *state;

	put_file("old.json", "");
	assert_int_equal(chmod("old.json", 0604), 0);
	open_sink(place, "old.json");
	assert_int_equal(write_once(place), 0);
	close_sink(place);
	assert_int_equal(mode_of("old.json"), 0604);
	umask(027);
	open_sink(place, "new.json");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(mode_of("new.json"), 0640);
}

static void document_behind_a_link_is_replaced_and_the_link_stays(void **state)
{
	struct place *place = *state;
	struct stat status;

	assert_int_equal(mkdir("real", 0755), 0);
	assert_int_equal(symlink("real/flows.json", "middle.json"), 0);
	assert_int_equal(symlink("middle.json", "flows.json"), 0);
	open_sink(place, "flows.json");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(lstat("flows.json", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(lstat("real/flows.json", &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(unlink("real/flows.json"), 0);
}

static void link_to_itself_is_refused(void **state)
{
	struct place *place = *state;

	assert_int_equal(symlink("loop.json", "loop.json"), 0);
	assert_int_equal(try_sink(place, "loop.json", 1), -ELOOP);
	assert_null(place->sink);
}

static void document_must_be_a_regular_file(void **state)
{
	struct place *place = *state;

	assert_int_equal(symlink("/dev/null", "null.json"), 0);
	assert_int_equal(try_sink(place, "null.json", 1), -EINVAL);
	assert_non_null(strstr(place->reason, "regular file"));
	assert_int_equal(mkdir("folder.json", 0755), 0);
	assert_int_equal(try_sink(place, "folder.json", 1), -EISDIR);
}

static void missing_directory_is_told_at_once(void **state)
{
	struct place *place = *state;

	assert_int_equal(try_sink(place, "no/flows.json", 1), -ENOENT);
	assert_int_equal(try_sink(place, "no/flows.ndjson", 1), -ENOENT);
}

static void unknown_name_and_two_windows_in_a_document_are_refused(void **state)
{
	struct place *place = *state;

	assert_int_equal(try_sink(place, "flows.txt", 1), -EINVAL);
	assert_non_null(place->reason);
	assert_int_equal(try_sink(place, "flows.json", 2), -EINVAL);
	assert_non_null(place->reason);
	assert_int_equal(try_sink(place, "flows.ndjson", 2), 0);
}

struct reading {
	_Atomic bool stop;
	size_t reads;
	size_t halves;
};

static void *read_again_and_again(void *context)
{
	struct reading *reading = context;

	while (!reading->stop) {
		char *content = read_file("flows.json");
		size_t length = strlen(content);

		reading->reads++;
		if (content[0] != '{' || length < 3 || strcmp(content + length - 3, "\n}\n"))
			reading->halves++;
		free(content);
	}
	return NULL;
}

static void reader_never_sees_half_a_document(void **state)
{
	struct place *place = *state;
	struct reading reading = { 0 };
	struct flow_result *flows = use_flows(&place->scene, 3000);
	pthread_t thread;
	int i;

	open_sink(place, "flows.json");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_again_and_again, &reading), 0);
	for (i = 0; i < 50; i++) {
		place->scene.result.flow_count = i % 2 ? 3000 : 1;
		assert_int_equal(write_once(place), 0);
	}
	reading.stop = true;
	pthread_join(thread, NULL);
	assert_true(reading.reads > 0);
	assert_int_equal(reading.halves, 0);
	free(flows);
}

static void figures_count_documents_and_failures(void **state)
{
	struct place *place = *state;

	open_sink(place, "flows.json");
	assert_int_equal(write_once(place), 0);
	assert_int_equal(sink_stats(place->sink)->written, 1);
	assert_true(sink_stats(place->sink)->last_ns > 0);
	assert_true(sink_stats(place->sink)->opened_ns > 0);
	assert_int_equal(sink_stats(place->sink)->errors, 0);
}

static void full_disk_leaves_the_document_before(void **state)
{
	with_small_disk(*state, "flows.json");
	assert_int_equal(count_lines("flows.json") > 1, 1);
	leave_small_disk(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_PLACE(opening_leaves_an_existing_document_alone),
		TEST_IN_PLACE(document_replaces_the_one_before),
		TEST_IN_PLACE(document_takes_over_the_mode_or_that_of_the_umask),
		TEST_IN_PLACE(document_behind_a_link_is_replaced_and_the_link_stays),
		TEST_IN_PLACE(link_to_itself_is_refused),
		TEST_IN_PLACE(document_must_be_a_regular_file),
		TEST_IN_PLACE(missing_directory_is_told_at_once),
		TEST_IN_PLACE(unknown_name_and_two_windows_in_a_document_are_refused),
		TEST_IN_PLACE(reader_never_sees_half_a_document),
		TEST_IN_PLACE(figures_count_documents_and_failures),
		TEST_IN_PLACE(full_disk_leaves_the_document_before),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
