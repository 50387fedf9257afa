/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../user/outputs/spool.h"

#define SPOOL_BYTES (512u << 10)

struct place {
	char base[64];
	char directory[96];
	uint64_t max_bytes;
	struct spool *spool;
};

static int place_make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->base, "/tmp/weir-spool-XXXXXX");
	assert_non_null(mkdtemp(place->base));
	snprintf(place->directory, sizeof(place->directory), "%s/a/b", place->base);
	place->max_bytes = SPOOL_BYTES;
	*state = place;
	return 0;
}

static int place_drop(void **state)
{
	struct place *place = *state;
	char command[128];

	spool_close(place->spool);
	snprintf(command, sizeof(command), "rm -rf %s", place->base);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static int open_for(struct place *place, const char *target, const char **reason)
{
	const struct spool_config config = { place->directory, target, place->max_bytes };

	spool_close(place->spool);
	return spool_open(&config, &place->spool, reason);
}

static void open_spool(struct place *place)
{
	const char *reason = NULL;

	assert_int_equal(open_for(place, "server/flows", &reason), 0);
}

/* A document of so many bytes, told by its letter. */
static int put(struct place *place, char letter, size_t length)
{
	char *bytes = malloc(length);
	int err = spool_begin(place->spool);

	memset(bytes, letter, length);
	if (!err)
		err = spool_write(place->spool, bytes, length / 2);
	if (!err)
		err = spool_write(place->spool, bytes + length / 2, length - length / 2);
	if (!err)
		err = spool_commit(place->spool);
	else
		spool_cancel(place->spool);
	free(bytes);
	return err;
}

/* The letter of the first one, which is as it was written; 0 where there is none. */
static char first(struct place *place)
{
	struct spool_entry entry;
	char letter;

	if (!spool_first(place->spool, &entry))
		return 0;
	assert_int_equal(spool_verify(&entry), 0);
	assert_int_equal(spool_read(&entry, entry.length - 1, &letter, 1), 0);
	return letter;
}

static char take(struct place *place)
{
	char letter = first(place);

	if (letter)
		spool_remove_first(place->spool);
	return letter;
}

/* Segments in the directory, and the name of the last one. */
static size_t segments(const struct place *place, char last[160])
{
	DIR *directory = opendir(place->directory);
	struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(directory))) {
		if (!strstr(entry->d_name, ".spool"))
			continue;
		count++;
		snprintf(last, 160, "%s/%.40s", place->directory, entry->d_name);
	}
	closedir(directory);
	return count;
}

static void documents_are_read_in_their_order(void **state)
{
	struct place *place = *state;

	open_spool(place);
	assert_int_equal(put(place, 'a', 10), 0);
	assert_int_equal(put(place, 'b', 100000), 0);
	assert_int_equal(put(place, 'c', 1), 0);
	assert_int_equal(spool_state(place->spool).windows, 3);
	assert_int_equal(take(place), 'a');
	assert_int_equal(take(place), 'b');
	assert_int_equal(take(place), 'c');
	assert_int_equal(take(place), 0);
}

static void documents_outlive_the_process(void **state)
{
	struct place *place = *state;
	pid_t pid = fork();
	int status;

	if (!pid) {
		open_spool(place);
		put(place, 'a', 1000);
		put(place, 'b', 70000);
		put(place, 'c', 1000);
		take(place);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	open_spool(place);
	/* That it was taken was noted by nobody: it is sent again. */
	assert_int_equal(take(place), 'a');
	assert_int_equal(take(place), 'b');
	assert_int_equal(take(place), 'c');
	assert_int_equal(take(place), 0);
}

static void what_was_taken_is_not_read_again(void **state)
{
	struct place *place = *state;
	struct spool_entry entry;

	open_spool(place);
	put(place, 'a', 1000);
	put(place, 'b', 1000);
	assert_true(spool_first(place->spool, &entry));
	spool_note_done(place->spool, &entry, UINT32_MAX);
	spool_remove_first(place->spool);
	assert_true(spool_first(place->spool, &entry));
	spool_note_done(place->spool, &entry, 7);
	open_spool(place);
	assert_int_equal(first(place), 'b');
	assert_true(spool_first(place->spool, &entry));
	assert_int_equal(entry.done, 7);
}

static void document_that_was_not_committed_is_dropped(void **state)
{
	struct place *place = *state;

	open_spool(place);
	put(place, 'a', 1000);
	assert_int_equal(spool_begin(place->spool), 0);
	assert_int_equal(spool_write(place->spool, "half", 4), 0);
	open_spool(place);
	assert_int_equal(take(place), 'a');
	assert_int_equal(take(place), 0);
}

static void cancelled_document_leaves_room_for_the_next(void **state)
{
	struct place *place = *state;
	uint64_t bytes;

	open_spool(place);
	put(place, 'a', 1000);
	bytes = spool_state(place->spool).bytes;
	assert_int_equal(spool_begin(place->spool), 0);
	assert_int_equal(spool_write(place->spool, "half", 4), 0);
	spool_cancel(place->spool);
	assert_int_equal(spool_state(place->spool).bytes, bytes);
	put(place, 'b', 2000);
	open_spool(place);
	assert_int_equal(take(place), 'a');
	assert_int_equal(take(place), 'b');
}

/* A power cut: the file has any length up to what it had, or other bytes at its end. */
static void tail_that_was_cut_anywhere_is_dropped(void **state)
{
	struct place *place = *state;
	struct stat status;
	char name[160];
	off_t second;

	open_spool(place);
	put(place, 'a', 300);
	second = (off_t)spool_state(place->spool).bytes;
	put(place, 'b', 200);
	assert_int_equal(segments(place, name), 1);
	assert_int_equal(stat(name, &status), 0);
	for (off_t length = status.st_size - 1; length >= second; length--) {
		assert_int_equal(truncate(name, length), 0);
		open_spool(place);
		assert_int_equal(spool_state(place->spool).windows, 1);
		assert_int_equal(first(place), 'a');
	}
	assert_int_equal(truncate(name, 10), 0);
	open_spool(place);
	assert_int_equal(take(place), 0);
	assert_int_equal(segments(place, name), 0);
}

static void change_byte(const char *name, off_t place)
{
	int fd = open(name, O_RDWR);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, place), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, place), 1);
	close(fd);
}

static void damage_is_seen(void **state)
{
	struct place *place = *state;
	struct spool_entry entry;
	char name[160];

	open_spool(place);
	put(place, 'a', 300);
	put(place, 'b', 300);
	segments(place, name);
	change_byte(name, 16 + 24 + 150);
	open_spool(place);
	assert_true(spool_first(place->spool, &entry));
	assert_int_equal(spool_verify(&entry), -EBADMSG);
	spool_remove_first(place->spool);
	assert_int_equal(take(place), 'b');
	put(place, 'c', 10);
	segments(place, name);
	change_byte(name, 16 + 8);
	open_spool(place);
	assert_int_equal(take(place), 0);
}

static void segments_go_when_they_are_read(void **state)
{
	struct place *place = *state;
	char name[160];

	open_spool(place);
	for (char letter = 'a'; letter <= 'e'; letter++)
		assert_int_equal(put(place, letter, SPOOL_BYTES / 8), 0);
	assert_int_equal(segments(place, name), 5);
	for (char letter = 'a'; letter <= 'd'; letter++)
		assert_int_equal(take(place), letter);
	assert_int_equal(segments(place, name), 1);
	assert_int_equal(take(place), 'e');
	spool_close(place->spool);
	place->spool = NULL;
	assert_int_equal(segments(place, name), 0);
}

static void full_spool_is_said_and_the_oldest_can_go(void **state)
{
	struct place *place = *state;
	uint64_t dropped = 0;
	char letter = 'a';

	open_spool(place);
	while (!put(place, letter, 60000))
		letter++;
	assert_in_range(letter, 'f', 'j');
	assert_true(spool_state(place->spool).bytes <= SPOOL_BYTES);
	while (put(place, letter, 60000) == -ENOSPC)
		dropped += spool_drop_oldest(place->spool);
	assert_in_range(dropped, 1, 2);
	assert_int_equal(first(place), 'a' + (int)dropped);
}

/* It may be half sent already: its other half must not be missing. */
static void document_being_read_is_not_left_out(void **state)
{
	struct place *place = *state;
	char letter = 'a';

	open_spool(place);
	while (!put(place, letter, 20000))
		letter++;
	assert_int_equal(first(place), 'a');
	assert_true(spool_drop_oldest(place->spool) > 0);
	assert_int_equal(put(place, 'z', 20000), 0);
	assert_int_equal(take(place), 'a');
	assert_true(first(place) > 'b');
}

static void document_that_never_fits_is_refused(void **state)
{
	struct place *place = *state;

	open_spool(place);
	assert_int_equal(put(place, 'a', SPOOL_BYTES), -ENOSPC);
	assert_int_equal(spool_drop_oldest(place->spool), 0);
	assert_int_equal(put(place, 'b', 10), 0);
	assert_int_equal(take(place), 'b');
}

static void spool_of_another_target_is_refused(void **state)
{
	struct place *place = *state;
	const char *reason = NULL;

	open_spool(place);
	put(place, 'a', 10);
	assert_int_equal(open_for(place, "other/flows", &reason), -EINVAL);
	assert_non_null(reason);
	open_spool(place);
	assert_int_equal(take(place), 'a');
}

static void spool_has_one_owner(void **state)
{
	struct place *place = *state;
	const struct spool_config config = { place->directory, "server/flows", SPOOL_BYTES };
	struct spool *second;
	const char *reason = NULL;

	open_spool(place);
	assert_int_equal(spool_open(&config, &second, &reason), -EBUSY);
	assert_null(second);
	assert_non_null(reason);
}

static void directory_is_for_its_owner_alone(void **state)
{
	struct place *place = *state;
	struct stat status;

	open_spool(place);
	assert_int_equal(stat(place->directory, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(documents_are_read_in_their_order),
		TEST(documents_outlive_the_process),
		TEST(what_was_taken_is_not_read_again),
		TEST(document_that_was_not_committed_is_dropped),
		TEST(cancelled_document_leaves_room_for_the_next),
		TEST(tail_that_was_cut_anywhere_is_dropped),
		TEST(damage_is_seen),
		TEST(segments_go_when_they_are_read),
		TEST(full_spool_is_said_and_the_oldest_can_go),
		TEST(document_being_read_is_not_left_out),
		TEST(document_that_never_fits_is_refused),
		TEST(spool_of_another_target_is_refused),
		TEST(spool_has_one_owner),
		TEST(directory_is_for_its_owner_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
