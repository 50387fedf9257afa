/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* followed, as path_resolution(7) has it */

/* The path that a link at path points to, in memory of the caller. */
static int link_read(const char *path, char **target)
{
	char content[PATH_MAX];
	const char *slash = strrchr(path, '/');
	ssize_t length = readlink(path, content, sizeof(content) - 1);
	int directory_length = slash ? (int)(slash - path) + 1 : 0;

	if (length < 0)
		return -errno;
	content[length] = '\0';
	if (content[0] == '/')
		directory_length = 0;
	if (asprintf(target, "%.*s%s", directory_length, path, content) < 0)
		return -ENOMEM;
	return 0;
}

/* What the kernel makes of the path. -ENOENT where nothing is there, but it may be looked for. */
static int kernel_follows(const char *path, struct stat *status)
{
	int fd = open(path, O_PATH | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, status))
		err = -errno;
	close(fd);
	return err;
}

/* Goes one link on, where the last place of *path is one. 1, 0 at the end, negative errno. */
static int follow_link(char **path)
{
	struct stat status;
	char *target;
	int err;

	if (lstat(*path, &status) || !S_ISLNK(status.st_mode))
		return 0;
	err = kernel_follows(*path, &status);
	if (err && err != -ENOENT)
		return err;
	err = link_read(*path, &target);
	if (err)
		return err;
	free(*path);
	*path = target;
	return 1;
}

int link_target_find(const char *name, char **path)
{
	int err = 1;

	*path = strdup(name);
	if (!*path)
		return -ENOMEM;
	for (int links = 0; err > 0; links++)
		err = links <= LINKS_MAX ? follow_link(path) : -ELOOP;
	if (err) {
		free(*path);
		*path = NULL;
	}
	return err;
}
