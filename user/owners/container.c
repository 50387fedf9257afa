/* SPDX-License-Identifier: BSD-2-Clause */
#include "container.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../rights/helper.h"
#include "process_ask.h"

#define NUMBER_DIGITS 64 /* of a container */
#define NUMBER_SHOWN  12
#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS (include/linux/exportfs.h) */

/* A component of a path that ends in so many hex digits tells a container's number. */
static bool tells_number(const char *component, size_t length, char *name)
{
	static const char scope[] = ".scope";
	size_t digits = 0;

	if (length > sizeof(scope) && !strncmp(component + length - 6, scope, 6))
		length -= 6;
	while (digits < length && isxdigit((unsigned char)component[length - 1 - digits]))
		digits++;
	if (digits != NUMBER_DIGITS)
		return false;
	snprintf(name, CONTAINER_NAME_MAX, "%.*s", NUMBER_SHOWN, component + length - digits);
	return true;
}

static bool tells_machine(const char *component, size_t length, char *name)
{
	static const char *const starts[] = { "lxc.payload.", "lxc.payload/", "machine-" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t start = strlen(starts[i]), end = length;

		if (length <= start || strncmp(component, starts[i], start))
			continue;
		if (end > 6 && !strncmp(component + end - 6, ".scope", 6))
			end -= 6;
		else if (i == 2)
			continue;
		snprintf(name, CONTAINER_NAME_MAX, "%.*s", (int)(end - start), component + start);
		return true;
	}
	return false;
}

static bool tells_unit(const char *component, size_t length, char *name)
{
	static const char *const ends[] = { ".service", ".scope" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (length <= end || strncmp(component + length - end, ends[i], end))
			continue;
		snprintf(name, CONTAINER_NAME_MAX, "%.*s", (int)length, component);
		return true;
	}
	return false;
}

/* The innermost component of which that is so. */
static bool innermost(const char *path, bool (*tells)(const char *, size_t, char *), char *name)
{
	const char *end = path + strlen(path);

	while (end > path) {
		const char *start = end;

		while (start > path && start[-1] != '/')
			start--;
		if (end > start && tells(start, (size_t)(end - start), name))
			return true;
		end = start > path ? start - 1 : path;
	}
	return false;
}

bool container_of_path(const char *path, char name[CONTAINER_NAME_MAX])
{
	return innermost(path, tells_number, name) || innermost(path, tells_machine, name) ||
	       innermost(path, tells_unit, name);
}

bool container_of_process(uint32_t pid, char name[CONTAINER_NAME_MAX])
{
	char path[32], line[PATH_MAX];
	bool found = false;
	FILE *file;

	if (helper_is_used())
		return container_ask_process(pid, name);
	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':');

		at = at ? strchr(at + 1, ':') : NULL;
		line[strcspn(line, "\n")] = '\0';
		found = at && container_of_path(at + 1, name);
	}
	fclose(file);
	return found;
}

bool container_of_group(int root_fd, uint64_t number, char name[CONTAINER_NAME_MAX])
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(number)];
	} group = { .handle = { .handle_bytes = sizeof(number), .handle_type = HANDLE_KERNFS } };
	char link[32], path[PATH_MAX];
	ssize_t length;
	int fd;

	if (helper_is_used())
		return container_ask_group(root_fd, number, name);
	memcpy(group.handle.f_handle, &number, sizeof(number));
	fd = root_fd < 0 ? -1 : open_by_handle_at(root_fd, &group.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return container_of_path(path, name);
}

/* Where it is mounted nowhere, as in the mount namespace that ip-netns(8) makes: for us alone. */
static int control_groups_mount(void)
{
	int err = 0, fd = fsopen("cgroup2", FSOPEN_CLOEXEC), mount, root = -1;

	if (fd < 0)
		return -errno;
	mount = fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ? -1 :
								   fsmount(fd, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0)
		root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		err = -errno;
	if (mount >= 0)
		close(mount);
	close(fd);
	return err ? err : root;
}

int control_groups_open(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int fd = -ENOENT;

	if (!mounts)
		return -errno;
	while (fd < 0 && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "cgroup2"))
			continue;
		fd = open(mount->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	endmntent(mounts);
	return fd < 0 ? control_groups_mount() : fd;
}
