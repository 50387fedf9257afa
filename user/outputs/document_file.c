/* SPDX-License-Identifier: BSD-2-Clause */
/* A *.json file: always one whole document. */
#include "sink_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX        40 /* symbolic links followed, as path_resolution(7) has it */
#define TEMPORARY_TRIES  16
#define BASE_SHOWN_MAX   200 /* bytes of the name in a temporary name: NAME_MAX is 255 */

/* The path that a link at path points to, in memory of the caller. */
static int link_target(const char *path, char **target)
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

/* Follows symbolic links in the last place, so that the file itself is replaced, not a link. */
static int resolve_links(const char *name, char **path)
{
	struct stat status;
	char *target;
	int links;
	int err;

	*path = strdup(name);
	if (!*path)
		return -ENOMEM;
	for (links = 0; !lstat(*path, &status) && S_ISLNK(status.st_mode); links++) {
		err = links < LINKS_MAX ? link_target(*path, &target) : -ELOOP;
		if (err) {
			free(*path);
			return err;
		}
		free(*path);
		*path = target;
	}
	return 0;
}

/* Holds the directory open: the name stays right where the working directory changes. */
static int open_directory(struct sink *sink, char *path)
{
	char *slash = strrchr(path, '/');
	const char *directory = ".";

	sink->base_name = strdup(slash ? slash + 1 : path);
	if (!sink->base_name)
		return -ENOMEM;
	if (slash) {
		slash[slash == path] = '\0';
		directory = path;
	}
	sink->directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return sink->directory_fd < 0 ? -errno : 0;
}

static int check_target(const struct sink *sink, const char **reason)
{
	struct stat status;

	if (fstatat(sink->directory_fd, sink->base_name, &status, 0))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode)) {
		*reason = "*.json is replaced and must be a regular file: name it *.ndjson";
		return -EINVAL;
	}
	/* Replacing needs no right to the file; its owner's wish counts all the same. */
	if (faccessat(sink->directory_fd, sink->base_name, W_OK, AT_EACCESS))
		return -errno;
	return 0;
}

static int name_temporary(struct sink *sink)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	snprintf(sink->temporary_name, sizeof(sink->temporary_name), ".%.*s.%016llx",
		 BASE_SHOWN_MAX, sink->base_name, (unsigned long long)random);
	return 0;
}

static int create_temporary(struct sink *sink)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int tries;
	int err;

	for (tries = 0; tries < TEMPORARY_TRIES; tries++) {
		err = name_temporary(sink);
		if (err)
			return err;
		sink->fd = openat(sink->directory_fd, sink->temporary_name, flags, 0644);
		if (sink->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	err = -errno;
	sink->temporary_name[0] = '\0';
	return err;
}

static void remove_temporary(struct sink *sink)
{
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
	if (sink->temporary_name[0])
		unlinkat(sink->directory_fd, sink->temporary_name, 0);
	sink->temporary_name[0] = '\0';
}

static int document_file_open(struct sink *sink, const char **reason)
{
	char *path;
	int err = resolve_links(sink->name, &path);

	if (err)
		return err;
	err = open_directory(sink, path);
	free(path);
	if (!err)
		err = check_target(sink, reason);
	if (!err)
		err = create_temporary(sink);
	remove_temporary(sink);
	return err;
}

/* The replacement takes over the mode of what it replaces and, as far as it may, the owner. */
static int take_over_mode(struct sink *sink)
{
	struct stat status;

	if (fstatat(sink->directory_fd, sink->base_name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (fchown(sink->fd, status.st_uid, status.st_gid))
		status.st_mode &= ~(mode_t)070; /* meant for another group */
	return fchmod(sink->fd, status.st_mode & 0777) ? -errno : 0;
}

static int document_file_begin(struct sink *sink)
{
	int err = create_temporary(sink);

	return err ? err : take_over_mode(sink);
}

static int document_file_commit(struct sink *sink)
{
	int fd = sink->fd;

	if (fsync(fd))
		return -errno;
	sink->fd = -1;
	if (close(fd))
		return -errno;
	if (renameat(sink->directory_fd, sink->temporary_name, sink->directory_fd,
		     sink->base_name))
		return -errno;
	sink->temporary_name[0] = '\0';
	return 0;
}

static int document_file_close(struct sink *sink)
{
	remove_temporary(sink);
	if (sink->directory_fd >= 0)
		close(sink->directory_fd);
	return 0;
}

const struct sink_kind document_file_kind = {
	.open = document_file_open,
	.begin = document_file_begin,
	.commit = document_file_commit,
	.cancel = remove_temporary,
	.close = document_file_close,
	.pretty = true,
};
