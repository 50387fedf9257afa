/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that always holds one whole document: written beside its name, then renamed over it. */
#include "replaced_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temporary.h"
#include "link_target.h"

#define TEMPORARY_TRIES 16

/* Holds the directory open: the name stays right where the working directory changes. */
static int open_directory(struct carrier *carrier, char *path)
{
	char *slash = strrchr(path, '/');
	const char *directory = ".";

	carrier->base_name = strdup(slash ? slash + 1 : path);
	if (!carrier->base_name)
		return -ENOMEM;
	if (slash) {
		slash[slash == path] = '\0';
		directory = path;
	}
	carrier->directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return carrier->directory_fd < 0 ? -errno : 0;
}

static void drop_directory(struct carrier *carrier)
{
	if (carrier->directory_fd >= 0)
		close(carrier->directory_fd);
	carrier->directory_fd = -1;
	free(carrier->base_name);
	carrier->base_name = NULL;
}

static int check_target(const struct carrier *carrier, const char **reason)
{
	struct stat status;

	if (fstatat(carrier->directory_fd, carrier->base_name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode)) {
		*reason = "*.json is replaced and must be a regular file: name it *.ndjson";
		return -EINVAL;
	}
	/* Replacing needs no right to the file; its owner's wish counts all the same. */
	if (faccessat(carrier->directory_fd, carrier->base_name, W_OK, AT_EACCESS))
		return -errno;
	return 0;
}

static int find_directory(struct carrier *carrier, const char **reason)
{
	char *path;
	int err = link_target_find(carrier->config.name, &path);

	if (err)
		return err;
	err = open_directory(carrier, path);
	free(path);
	if (!err)
		err = check_target(carrier, reason);
	if (err)
		drop_directory(carrier);
	return err;
}

static int name_temporary(struct carrier *carrier)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	temporary_name(carrier->base_name, random, carrier->temporary_name);
	return 0;
}

/* Locked as long as it is open, by which others know that it is no leftover. */
static int open_temporary(struct carrier *carrier)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	struct stat status;

	carrier->fd = openat(carrier->directory_fd, carrier->temporary_name, flags, 0644);
	if (carrier->fd < 0)
		return -errno;
	flock(carrier->fd, LOCK_EX | LOCK_NB);
	/* Taken for a leftover between the two: another name, another try. */
	if (!fstat(carrier->fd, &status) && status.st_nlink)
		return 0;
	close(carrier->fd);
	carrier->fd = -1;
	return -EEXIST;
}

static int create_temporary(struct carrier *carrier)
{
	int err = -EEXIST;

	for (int tries = 0; err == -EEXIST && tries < TEMPORARY_TRIES; tries++) {
		err = name_temporary(carrier);
		if (!err)
			err = open_temporary(carrier);
	}
	if (err)
		carrier->temporary_name[0] = '\0';
	return err;
}

static void say_left(struct carrier *carrier, int err)
{
	char line[NAME_MAX + 64];

	snprintf(line, sizeof(line), "%s is left beside it: %s", carrier->temporary_name,
		 strerror(err));
	carrier_news_add(&carrier->news, line, 0);
}

static void remove_temporary(struct carrier *carrier)
{
	if (carrier->fd >= 0)
		close(carrier->fd);
	carrier->fd = -1;
	if (carrier->temporary_name[0] &&
	    unlinkat(carrier->directory_fd, carrier->temporary_name, 0))
		say_left(carrier, errno);
	carrier->temporary_name[0] = '\0';
}

static int replaced_file_open(struct carrier *carrier, const char **reason)
{
	int err = find_directory(carrier, reason);

	if (err)
		return err;
	temporaries_clean(carrier->directory_fd, carrier->base_name);
	err = create_temporary(carrier);
	remove_temporary(carrier);
	return err;
}

/* The replacement takes over the mode of what it replaces and, as far as it may, the owner. */
static int take_over_mode(struct carrier *carrier)
{
	struct stat status;

	if (fstatat(carrier->directory_fd, carrier->base_name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (fchown(carrier->fd, status.st_uid, status.st_gid))
		status.st_mode &= ~(mode_t)070; /* meant for another group */
	return fchmod(carrier->fd, status.st_mode & 0777) ? -errno : 0;
}

static int replaced_file_reopen(struct carrier *carrier)
{
	const char *reason;

	drop_directory(carrier);
	return find_directory(carrier, &reason);
}

/* In a directory that was removed nothing can be made: another may have its name by now. */
static int replaced_file_begin(struct carrier *carrier)
{
	int err = carrier->directory_fd < 0 ? -ENOENT : create_temporary(carrier);

	if (err == -ENOENT || err == -ESTALE) {
		err = replaced_file_reopen(carrier);
		if (!err)
			err = create_temporary(carrier);
	}
	carrier->written_bytes = 0;
	return err ? err : take_over_mode(carrier);
}

/* The name is taken over while the file is open: until then the lock says whose it is. */
static int replaced_file_commit(struct carrier *carrier)
{
	int fd = carrier->fd;

	if (fsync(fd))
		return -errno;
	if (renameat(carrier->directory_fd, carrier->temporary_name, carrier->directory_fd,
		     carrier->base_name))
		return -errno;
	carrier->temporary_name[0] = '\0';
	carrier->fd = -1;
	return close(fd) ? -errno : 0;
}

static int replaced_file_close(struct carrier *carrier)
{
	remove_temporary(carrier);
	drop_directory(carrier);
	return 0;
}

const struct carrier_kind replaced_file_kind = {
	.rule = JOURNAL_AFTER,
	.open = replaced_file_open,
	.begin = replaced_file_begin,
	.write = carrier_write_bytes,
	.commit = replaced_file_commit,
	.cancel = remove_temporary,
	.reopen = replaced_file_reopen,
	.close = replaced_file_close,
	.has_file = true,
};
