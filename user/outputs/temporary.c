/* SPDX-License-Identifier: BSD-2-Clause */
#include "temporary.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE_SHOWN_MAX 200 /* bytes of the name in a temporary name: NAME_MAX is 255 */
#define HEX_DIGITS     16

void temporary_name(const char *base_name, uint64_t number, char name[NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, ".%.*s.%016llx", BASE_SHOWN_MAX, base_name,
		 (unsigned long long)number);
}

static bool is_temporary_name(const char *name, const char *base_name)
{
	size_t length = strnlen(base_name, BASE_SHOWN_MAX);

	if (name[0] != '.' || strncmp(name + 1, base_name, length) || name[1 + length] != '.')
		return false;
	name += length + 2;
	return strlen(name) == HEX_DIGITS && strspn(name, "0123456789abcdef") == HEX_DIGITS;
}

/* Who writes one holds it locked (replaced_file.c). */
static void remove_unowned(int directory_fd, const char *name)
{
	int fd = openat(directory_fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && !flock(fd, LOCK_EX | LOCK_NB))
		unlinkat(directory_fd, name, 0);
	close(fd);
}

void temporaries_clean(int directory_fd, const char *base_name)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(directory))) {
		if (is_temporary_name(entry->d_name, base_name))
			remove_unowned(directory_fd, entry->d_name);
	}
	closedir(directory);
}
