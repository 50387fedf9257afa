/* SPDX-License-Identifier: BSD-2-Clause */
#include "control_group.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version 1 has a tree a controller; version 2 has one for all, and "high" slows down there. */
enum { TREE_V1, TREE_V2, TREE_COUNT };

static const char *const limit_files[TREE_COUNT][2] = {
	[TREE_V1] = { "memory.limit_in_bytes", NULL },
	[TREE_V2] = { "memory.max", "memory.high" },
};

struct search {
	const char *root;
	char path[TREE_COUNT][PATH_MAX]; /* of this process in each tree; empty: not in it */
	uint64_t least;
};

typedef void line_fn(struct search *search, char *line);

static void lines_read(struct search *search, const char *name, line_fn *take)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s%s", search->root, name) >= (int)sizeof(path))
		return;
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take(search, line);
	}
	free(line);
	fclose(file);
}

static bool list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, ",") + (list[strcspn(list, ",")] == ',')) {
		if (strcspn(list, ",") == length && !memcmp(list, word, length))
			return true;
	}
	return false;
}

/* A line of /proc/self/cgroup: number, controllers, path. */
static void take_membership(struct search *search, char *line)
{
	const char *number = strsep(&line, ":"), *controllers = strsep(&line, ":");
	int tree = TREE_V1;

	if (!controllers || !line || strlen(line) >= PATH_MAX)
		return;
	if (!strcmp(number, "0") && !*controllers)
		tree = TREE_V2;
	else if (!list_has(controllers, "memory"))
		return;
	strcpy(search->path[tree], line);
}

/* proc_pid_mountinfo(5) writes blanks and backslashes as octal numbers. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		unsigned int byte = (unsigned char)*text;

		if (sscanf(text, "\\%3o", &byte) == 1)
			text += 3;
		*to = (char)byte;
		text++;
	}
	*to = '\0';
}

/*
 * What of the path lies below the root of a mount; NULL where the mount shows another part of
 * the tree. Both are as this process's cgroup namespace has them: what is mounted from above
 * its root ("/..") shows a group above, under which the way down has no name.
 */
static const char *path_below(const char *path, const char *mount_root)
{
	size_t length = strcmp(mount_root, "/") ? strlen(mount_root) : 0;
	bool is_outside = !strncmp(path, "/..", 3);

	if (!strncmp(path, mount_root, length) && (!path[length] || path[length] == '/') &&
	    (length || !is_outside))
		return path + length;
	return !strncmp(mount_root, "/..", 3) && !is_outside ? "" : NULL;
}

static void take_limit(struct search *search, const char *directory, const char *name)
{
	char path[PATH_MAX], text[32];
	uint64_t limit;
	FILE *file;
	char *end;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return;
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(text, sizeof(text), file)) {
		errno = 0;
		limit = strtoull(text, &end, 10); /* "max": no digit */
		if (end != text && !errno && limit && limit < search->least)
			search->least = limit;
	}
	fclose(file);
}

/* Version 1 alone tells the least limit above, also of groups that no mount shows. */
static void take_stat(struct search *search, char *line)
{
	uint64_t limit;

	if (sscanf(line, "hierarchical_memory_limit %" SCNu64, &limit) == 1 &&
	    limit && limit < search->least)
		search->least = limit;
}

/* Of the group in there and of those above it, up to the mount point. */
static void limits_take(struct search *search, int tree, char *directory, size_t mount_length)
{
	char *stat = NULL;

	if (tree == TREE_V1 && asprintf(&stat, "%s/memory.stat", directory) > 0)
		lines_read(search, stat + strlen(search->root), take_stat);
	free(stat);
	for (;;) {
		char *slash = strrchr(directory, '/');

		for (size_t i = 0; i < 2 && limit_files[tree][i]; i++)
			take_limit(search, directory, limit_files[tree][i]);
		if (!slash || (size_t)(slash - directory) < mount_length)
			return;
		*slash = '\0';
	}
}

/* A line of /proc/self/mountinfo: ... root, mount point, ... - type, source, options. */
static void take_mount(struct search *search, char *line)
{
	char *rest = strstr(line, " - "), *field[5], directory[PATH_MAX];
	const char *type, *below;
	int tree, length;

	if (!rest)
		return;
	*rest = '\0';
	rest += strlen(" - ");
	for (size_t i = 0; i < 5; i++)
		field[i] = strsep(&line, " ");
	type = strsep(&rest, " ");
	strsep(&rest, " ");
	if (!field[4] || !rest || (strcmp(type, "cgroup2") && strcmp(type, "cgroup")))
		return;
	tree = strcmp(type, "cgroup2") ? TREE_V1 : TREE_V2;
	if (!search->path[tree][0] || (tree == TREE_V1 && !list_has(rest, "memory")))
		return;
	unescape(field[3]);
	unescape(field[4]);
	below = path_below(search->path[tree], field[3]);
	if (!below)
		return;
	length = snprintf(directory, sizeof(directory), "%s%s%s", search->root, field[4],
			  strcmp(below, "/") ? below : "");
	if (length < (int)sizeof(directory))
		limits_take(search, tree, directory, strlen(search->root) + strlen(field[4]));
}

uint64_t control_group_memory_bytes_at(const char *root)
{
	struct search search = { .root = root, .least = CONTROL_GROUP_UNLIMITED };

	lines_read(&search, "/proc/self/cgroup", take_membership);
	lines_read(&search, "/proc/self/mountinfo", take_mount);
	return search.least;
}

uint64_t control_group_memory_bytes(void)
{
	return control_group_memory_bytes_at("");
}
