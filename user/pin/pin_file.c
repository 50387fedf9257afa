/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int pin_file_write(int fd, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length) {
		ssize_t count = write(fd, from, length);

		if (count < 0 && errno != EINTR)
			return -errno;
		from += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}
	return 0;
}

int pin_file_replace(const char *directory, const char *path, const struct pin_part *parts,
		     size_t count)
{
	char beside[PATH_MAX];
	int fd, err = 0;

	if (snprintf(beside, sizeof(beside), "%s/new", directory) >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < count && !err; i++)
		err = pin_file_write(fd, parts[i].bytes, parts[i].length);
	close(fd);
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}

static int read_all(int fd, char *bytes, size_t length)
{
	while (length) {
		ssize_t count = read(fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count ? -errno : -EBADMSG;
		bytes += count;
		length -= (size_t)count;
	}
	return 0;
}

int pin_file_read(const char *path, char **bytes, size_t *length)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	*bytes = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		err = -errno;
	*length = err ? 0 : (size_t)status.st_size;
	if (!err)
		*bytes = aligned_alloc(PIN_FILE_ALIGN, (*length / PIN_FILE_ALIGN + 1) * PIN_FILE_ALIGN);
	if (!err && !*bytes)
		err = -ENOMEM;
	if (!err)
		err = read_all(fd, *bytes, *length);
	close(fd);
	if (err) {
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}
