/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a pinned run, its state, and the journals of outputs: whole or not there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../user/outputs/journal.h"
#include "../../user/pin/pin_log_read.h"
#include "../../user/pin/pin_state.h"
#include "random.h"

#define GENERATION 7
#define SECOND_NS  1000000000ull

struct scene {
	struct pin_place place;
	struct pin_log *log;
	struct flow_record records[1000];
	const struct flow_slot *list[1000];
	struct link_outcomes outcomes[4];
	struct pane_link links[2];
	struct netdev_counters counted[2];
	const char *ahead[1];
	uint64_t heard;         /* packets of the records read again */
};

static int scene_open(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const struct pin_log_settings settings = { .place = &scene->place,
						   .generation = GENERATION,
						   .record_size = sizeof(struct flow_record),
						   .longest_ns = 3 * SECOND_NS };
	uint64_t seed = 5;

	strcpy(scene->place.files, "/tmp/weir-pin-log-XXXXXX");
	assert_non_null(mkdtemp(scene->place.files));
	strcpy(scene->place.pinned, scene->place.files);
	scene->place.lock_fd = -1;
	scene->log = pin_log_open(&settings);
	assert_non_null(scene->log);
	for (size_t i = 0; i < 1000; i++) {
		uint8_t *bytes = (uint8_t *)&scene->records[i];

		for (size_t j = 0; j < sizeof(scene->records[i]); j++)
			bytes[j] = (uint8_t)random_below(&seed, 256);
		scene->list[i] = &scene->records[i].slot;
	}
	scene->links[0] = (struct pane_link){ .name = "one", .has_seen = true, .is_cut = true };
	scene->links[1] = (struct pane_link){ .name = "two", .is_gone = true };
	scene->links[1].counts.rx.packets = 99;
	scene->counted[1].rx_bytes = 12345;
	scene->outcomes[3].outcome[PACKET_FILTERED].bytes = 77;
	scene->ahead[0] = "prog 12 (name) at tcx-ingress of one";
	*state = scene;
	return 0;
}

static int scene_close(void **state)
{
	struct scene *scene = *state;
	char command[PATH_MAX + 16];

	pin_log_close(scene->log);
	snprintf(command, sizeof(command), "rm -r %s", scene->place.files);
	assert_int_equal(system(command), 0);
	free(scene);
	return 0;
}

static struct pane pane_at(const struct scene *scene, uint64_t second)
{
	return (struct pane){ .index = second, .begin_ns = second * SECOND_NS,
			      .end_ns = (second + 1) * SECOND_NS, .clock_offset_ns = -5,
			      .ends_grid = true, .late_packets = 3, .dropped_packets = 4,
			      .link_outcomes = scene->outcomes, .link_outcomes_count = 4,
			      .links = scene->links, .link_count = 2,
			      .ahead = scene->ahead, .ahead_count = 1 };
}

static void log_pane(struct scene *scene, uint64_t sequence, size_t records)
{
	const struct pin_commit commit = { .sequence = sequence, .counted = scene->counted };
	struct pane pane = pane_at(scene, sequence);

	assert_int_equal(pin_log_begin(scene->log), 0);
	for (size_t i = 0; i < records; i += 100)
		pin_log_records(scene->log, scene->list + i, records - i < 100 ? records - i : 100);
	assert_int_equal(pin_log_commit(scene->log, &commit, &pane), 0);
}

static int compare_records(void *context, const struct flow_slot *const *records, size_t count)
{
	struct scene *scene = context;

	for (size_t i = 0; i < count; i++) {
		struct flow_record wanted = scene->records[scene->heard++];

		wanted.extra.owner = wanted.extra.cookie = 0;
		assert_memory_equal(records[i], &wanted, sizeof(wanted));
	}
	return 0;
}

static void a_pane_is_read_as_it_was_logged(void **state)
{
	static const size_t counts[] = { 0, 1, 256, 1000 };
	struct scene *scene = *state;
	struct pin_logged logged;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const struct pane *pane = &logged.pane;

		log_pane(scene, i + 1, counts[i]);
		assert_int_equal(pin_log_read(&scene->place, GENERATION, i + 1, &logged), 0);
		scene->heard = 0;
		pin_logged_records(&logged, compare_records, scene);
		assert_int_equal(scene->heard, counts[i]);
		assert_int_equal(pane->end_ns - pane->begin_ns, SECOND_NS);
		assert_int_equal(pane->clock_offset_ns, -5);
		assert_true(pane->ends_grid);
		assert_int_equal(pane->late_packets, 3);
		assert_int_equal(pane->dropped_packets, 4);
		assert_memory_equal(pane->link_outcomes, scene->outcomes, sizeof(scene->outcomes));
		assert_string_equal(pane->links[1].name, "two");
		assert_int_equal(pane->links[1].counts.rx.packets, 99);
		assert_true(pane->links[0].is_cut && pane->links[1].is_gone);
		assert_int_equal(pin_logged_counted(&logged, 1).rx_bytes, 12345);
		assert_string_equal(pane->ahead[0], scene->ahead[0]);
		pin_logged_fini(&logged);
	}
}

static void what_is_not_committed_is_not_there(void **state)
{
	struct scene *scene = *state;
	uint64_t *sequences;
	size_t count;

	log_pane(scene, 1, 10);
	assert_int_equal(pin_log_begin(scene->log), 0);
	pin_log_records(scene->log, scene->list, 10);
	assert_int_equal(pin_log_list(&scene->place, GENERATION, &sequences, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(sequences[0], 1);
	free(sequences);
}

/* Each byte changed in turn: never taken for a pane. */
static void a_damaged_pane_is_refused(void **state)
{
	struct scene *scene = *state;
	struct pin_logged logged;
	char path[PATH_MAX];
	FILE *file;
	long size;

	log_pane(scene, 1, 3);
	pin_numbered_path(&scene->place, "pane", GENERATION, 1, path);
	file = fopen(path, "r+");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	for (long at = 0; at < size; at += 3) {
		int byte, err;

		fseek(file, at, SEEK_SET);
		byte = fgetc(file);
		fseek(file, at, SEEK_SET);
		fputc(byte ^ 0x10, file);
		fflush(file);
		err = pin_log_read(&scene->place, GENERATION, 1, &logged);
		assert_true(err == -EBADMSG || err == -EPROTO);
		fseek(file, at, SEEK_SET);
		fputc(byte, file);
	}
	fclose(file);
	assert_int_equal(pin_log_read(&scene->place, GENERATION, 1, &logged), 0);
	pin_logged_fini(&logged);
	for (long cut = 0; cut < size; cut += 97) {
		assert_int_equal(truncate(path, size - 1 - cut), 0);
		assert_int_not_equal(pin_log_read(&scene->place, GENERATION, 1, &logged), 0);
	}
}

/* One document a second, of windows of three: what is taken up to d needs panes from d - 3 on. */
static void panes_stay_while_a_window_needs_them(void **state)
{
	struct scene *scene = *state;
	uint64_t *sequences;
	size_t count;

	for (uint64_t second = 1; second <= 400; second++) {
		const struct pin_documents documents = { .all = second };
		uint64_t taken = second < 8 ? 0 : second - 8;

		log_pane(scene, second, 5);
		pin_log_documents(scene->log, &documents);
		pin_log_trim(scene->log, taken);
		assert_int_equal(pin_log_list(&scene->place, GENERATION, &sequences, &count), 0);
		assert_int_equal(sequences[count - 1], second);
		assert_int_equal(sequences[0], taken > 3 ? taken - 2 : 1);
		assert_int_equal(count, second + 1 - sequences[0]);
		free(sequences);
	}
}

static void a_state_is_read_as_it_was_written(void **state)
{
	struct scene *scene = *state;
	struct pin_state_link links[2] = { { .name = "one", .ifindex = 4 },
					   { .name = "two", .ifindex = 9 } };
	char words[] = "weir\0run\0--pin";
	struct pin_state written, again;

	pin_state_init(&written);
	assert_int_equal(pin_state_read(&scene->place, GENERATION, &again), -ENOENT);
	written.generation = GENERATION;
	written.run = 4711;
	written.links = links;
	written.link_count = 2;
	written.words = words;
	written.words_bytes = sizeof(words);
	written.word_count = 3;
	assert_int_equal(pin_state_write(&scene->place, &written), 0);
	assert_int_equal(pin_state_read(&scene->place, GENERATION, &again), 0);
	assert_int_equal(again.run, 4711);
	assert_string_equal(again.links[1].name, "two");
	assert_memory_equal(again.words, words, sizeof(words));
	assert_string_equal(again.boot, written.boot);
	pin_state_fini(&again);
	written.layout++;
	assert_int_equal(pin_state_write(&scene->place, &written), 0);
	assert_int_equal(pin_state_read(&scene->place, GENERATION, &again), -EPROTO);
}

static void a_journal_tells_what_was_written(void **state)
{
	struct scene *scene = *state;
	struct journal *journal;
	char path[PATH_MAX];

	pin_numbered_path(&scene->place, "journal", GENERATION, 0, path);
	assert_int_equal(journal_open(path, false, JOURNAL_OF_FILE, &journal), 0);
	assert_false(journal_has(journal, 0));
	journal_begin(journal, 0);
	journal_file_begin(journal, 1, 2, 100);
	assert_false(journal_has(journal, 0));
	journal_file_commit(journal, 1, 2, 150);
	assert_true(journal_has(journal, 0));
	journal_begin(journal, 1);
	journal_file_begin(journal, 1, 2, 150);
	journal_close(journal);
	/* Killed there. */
	assert_int_equal(journal_open(path, true, JOURNAL_OF_FILE, &journal), 0);
	assert_true(journal_has(journal, 0));
	assert_false(journal_has(journal, 1));
	assert_int_equal(journal_mark(journal).offset, 150);
	assert_true(journal_take_resumed(journal));
	assert_false(journal_take_resumed(journal));
	journal_close(journal);
}

static void what_cannot_be_taken_back_counts_as_written_before_it_is(void **state)
{
	struct scene *scene = *state;
	struct journal *journal;
	char path[PATH_MAX];

	pin_numbered_path(&scene->place, "journal", GENERATION, 1, path);
	assert_int_equal(journal_open(path, false, JOURNAL_AT_MOST_ONCE, &journal), 0);
	journal_begin(journal, 5);
	assert_true(journal_has(journal, 5));
	journal_close(journal);
	assert_int_equal(journal_open(path, false, JOURNAL_AFTER, &journal), 0);
	journal_begin(journal, 5);
	assert_false(journal_has(journal, 5));
	journal_commit(journal, 5);
	assert_true(journal_has(journal, 5));
	journal_close(journal);
	assert_false(journal_has(NULL, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_open, scene_close)
	const struct CMUnitTest tests[] = {
		TEST(a_pane_is_read_as_it_was_logged),
		TEST(what_is_not_committed_is_not_there),
		TEST(a_damaged_pane_is_refused),
		TEST(panes_stay_while_a_window_needs_them),
		TEST(a_state_is_read_as_it_was_written),
		TEST(a_journal_tells_what_was_written),
		TEST(what_cannot_be_taken_back_counts_as_written_before_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
