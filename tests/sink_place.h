/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the tests of sinks write. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_SINK_PLACE_H
#define WEIR_TESTS_SINK_PLACE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../user/outputs/sink.h"
#include "json_scene.h"

/* A directory of its own for each test, which is the working directory meanwhile. */
struct place {
	char path[64];
	struct scene scene;
	struct sink *sink;
	const char *reason;
};

static inline int enter_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->path, "/tmp/weir-sink-XXXXXX");
	assert_non_null(mkdtemp(place->path));
	assert_int_equal(chdir(place->path), 0);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	scene_init(&place->scene);
	*state = place;
	return 0;
}

static inline void remove_entries(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    unlinkat(dirfd(directory), entry->d_name, 0))
			unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
	}
	closedir(directory);
}

static inline int leave_place(void **state)
{
	struct place *place = *state;

	sink_close(place->sink, NULL);
	text_fini(&place->scene.text);
	/* A test that failed may have left its small disk. */
	umount2(place->path, MNT_DETACH);
	assert_int_equal(chdir(place->path), 0);
	remove_entries(".");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(place->path), 0);
	free(place);
	return 0;
}

/* 0 or negative errno. */
static inline int try_sink(struct place *place, const char *name, size_t window_count)
{
	const struct sink_config config = { .name = name, .window_count = window_count };

	return sink_open(&config, &place->sink, &place->reason);
}

static inline void open_sink(struct place *place, const char *name)
{
	assert_int_equal(try_sink(place, name, 1), 0);
}

static inline int write_once(struct place *place)
{
	return sink_write(place->sink, &place->scene.context, &place->scene.result);
}

static inline void close_sink(struct place *place)
{
	assert_int_equal(sink_close(place->sink, NULL), 0);
	place->sink = NULL;
}

static inline void put_file(const char *name, const char *content)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

/* The whole file as a string of the caller. */
static inline char *read_file(const char *name)
{
	struct stat status;
	char *content;
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	content = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(content);
	assert_int_equal(read(fd, content, (size_t)status.st_size), status.st_size);
	close(fd);
	return content;
}

static inline size_t count_text(const char *content, const char *part)
{
	size_t count = 0;

	while ((content = strstr(content, part))) {
		content += strlen(part);
		count++;
	}
	return count;
}

static inline size_t count_lines(const char *name)
{
	char *content = read_file(name);
	size_t count = count_text(content, "\n");

	free(content);
	return count;
}

static inline void assert_file(const char *name, const char *expected)
{
	char *content = read_file(name);

	assert_string_equal(content, expected);
	free(content);
}

static inline size_t count_entries(void)
{
	DIR *directory = opendir(".");
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static inline mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(name, &status), 0);
	return status.st_mode & 07777;
}

/* Makes the window larger than what is written in one go. */
static inline struct flow_result *use_flows(struct scene *scene, size_t count)
{
	struct flow_result *flows = calloc(count, sizeof(*flows));
	size_t i;

	assert_non_null(flows);
	for (i = 0; i < count; i++)
		flows[i] = scene->flow;
	scene->result.flows = flows;
	scene->result.flow_count = count;
	return flows;
}

/* A file system of 64 KiB: too small for a window of 1000 flows. */
static inline void with_small_disk(struct place *place, const char *name)
{
	struct flow_result *flows;
	char *before;
	char *after;

	if (geteuid() != 0 || mount("none", place->path, "tmpfs", 0, "size=64k")) {
		if (getenv("CI"))
			fail_msg("cannot mount a tmpfs");
		skip();
	}
	assert_int_equal(chdir(place->path), 0);
	open_sink(place, name);
	assert_int_equal(write_once(place), 0);
	before = read_file(name);
	flows = use_flows(&place->scene, 1000);
	assert_int_equal(write_once(place), -ENOSPC);
	assert_int_equal(sink_stats(place->sink)->errors, 1);
	after = read_file(name);
	assert_string_equal(before, after);
	assert_int_equal(count_entries(), 1);
	place->scene.result.flow_count = 1;
	assert_int_equal(write_once(place), 0);
	assert_int_equal(sink_stats(place->sink)->written, 2);
	close_sink(place);
	free(before);
	free(after);
	free(flows);
}

static inline void leave_small_disk(struct place *place)
{
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(umount(place->path), 0);
	assert_int_equal(chdir(place->path), 0);
}

#define TEST_IN_PLACE(function) \
	cmocka_unit_test_setup_teardown(function, enter_place, leave_place)

#endif
