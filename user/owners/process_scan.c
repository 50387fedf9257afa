/* SPDX-License-Identifier: BSD-2-Clause */
#include "process_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../include/owner.h"
#include "../rights/helper.h"
#include "process_ask.h"

#define LINK_MAX_LENGTH 64

struct scan {
	struct sought_socket *sought;
	size_t count;
};

static int inode_compare(const void *a, const void *b)
{
	const struct sought_socket *first = a, *second = b;

	return first->inode < second->inode ? -1 : first->inode > second->inode;
}

/* pid is the last one that was found for a socket: a process may have it open many times. */
static void socket_held(const struct scan *scan, uint32_t inode, uint32_t pid)
{
	const struct sought_socket wanted = { .inode = inode };
	struct sought_socket *found = bsearch(&wanted, scan->sought, scan->count, sizeof(wanted),
					      inode_compare);

	if (!found || (found->holders && found->pid == pid))
		return;
	found->pid = pid;
	found->holders++;
}

static void scan_files(const struct scan *scan, int files_fd, uint32_t pid)
{
	DIR *files = fdopendir(files_fd);
	struct dirent *file;

	if (!files) {
		close(files_fd);
		return;
	}
	while ((file = readdir(files))) {
		char target[LINK_MAX_LENGTH];
		ssize_t length = readlinkat(files_fd, file->d_name, target, sizeof(target) - 1);
		unsigned int inode;

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%u]", &inode) == 1)
			socket_held(scan, inode, pid);
	}
	closedir(files);
}

static size_t sort_unique(struct sought_socket *sought, size_t count)
{
	size_t kept = 0;

	qsort(sought, count, sizeof(*sought), inode_compare);
	for (size_t i = 0; i < count; i++) {
		if (!kept || sought[kept - 1].inode != sought[i].inode)
			sought[kept++] = sought[i];
	}
	return kept;
}

int process_scan(struct sought_socket *sought, size_t *count)
{
	const struct scan scan = { sought, sort_unique(sought, *count) };
	struct dirent *process;
	DIR *processes;

	*count = scan.count;
	if (helper_is_used())
		return process_ask_scan(sought, count);
	processes = opendir("/proc");
	if (!processes)
		return -errno;
	while ((process = readdir(processes))) {
		char path[32];
		uint32_t pid = (uint32_t)strtoul(process->d_name, NULL, 10);
		int fd;

		if (!pid)
			continue;
		snprintf(path, sizeof(path), "%u/fd", pid);
		fd = openat(dirfd(processes), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			scan_files(&scan, fd, pid);
	}
	closedir(processes);
	return 0;
}

void process_name(uint32_t pid, char *name)
{
	char path[32];
	ssize_t length;
	int fd;

	if (helper_is_used()) {
		process_ask_name(pid, name);
		return;
	}
	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = read(fd, name, SOCKET_NAME_MAX - 1);
	close(fd);
	if (length > 0 && name[length - 1] == '\n')
		length--;
	name[length > 0 ? length : 0] = '\0';
}
