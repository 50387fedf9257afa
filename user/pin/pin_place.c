/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "../base/report.h"
#include "../kernel/banks.h"
#include "../kernel/programs.h"

/* Of services systemd says where; its default is the other one (StateDirectory=weir). */
#define STATE_VARIABLE  "STATE_DIRECTORY"
#define STATE_DIRECTORY "/var/lib/weir"

/* A killed process holds its locks until the kernel has ended all of it. */
#define LOCK_TRIES   300
#define LOCK_WAIT_NS 10000000

/* There is no other way from a printf to a path: what does not fit is no directory that exists. */
#define path_print(path, ...)                                                    \
	do {                                                                     \
		if (snprintf((path), PATH_MAX, __VA_ARGS__) >= PATH_MAX)         \
			(path)[0] = '\0';                                        \
	} while (0)

static int make_directory(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* All of a path but what is there already. */
static int make_directories(const char *path)
{
	char part[PATH_MAX];
	int err = 0;

	path_print(part, "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = make_directory(part);
		*slash = '/';
	}
	return err ? err : make_directory(part);
}

/* Files of one place beside those of others: its path, in letters that a name may have. */
static void name_files(struct pin_place *place)
{
	const char *state = getenv(STATE_VARIABLE);
	char name[PATH_MAX];
	char *c;

	path_print(name, "%s", place->pinned);
	for (c = name; *c; c++) {
		if (*c == '/')
			*c = '-';
	}
	if (!state || state[0] != '/' || strchr(state, ':'))
		state = STATE_DIRECTORY;
	path_print(place->files, "%s/pin%s", state, name);
}

static int refuse(const struct pin_place *place, const char *reason)
{
	report_error("pin %s: %s", place->pinned, reason);
	return -EINVAL;
}

/* Pins are kept by a BPF file system alone. */
static int check_file_system(const struct pin_place *place)
{
	struct statfs status;
	int err;

	if (statfs(place->pinned, &status))
		return -errno;
	if (status.f_type == BPF_FS_MAGIC)
		return 0;
	err = refuse(place, "it is not in a BPF file system");
	report_error("try: mount -t bpf bpf /sys/fs/bpf, or --pin=DIR in one that is mounted");
	return err;
}

static int lock_directory(const char *path, int tries)
{
	const struct timespec moment = { .tv_nsec = LOCK_WAIT_NS };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = errno == EWOULDBLOCK ? -EBUSY : -errno;

		if (err != -EBUSY || !--tries) {
			close(fd);
			return err;
		}
		nanosleep(&moment, NULL);
	}
	return fd;
}

static int place_take(struct pin_place *place)
{
	int err = check_file_system(place);

	if (err)
		return err;
	err = make_directories(place->files);
	if (err) {
		report_error("pin %s: make %s: %s", place->pinned, place->files, strerror(-err));
		return err;
	}
	place->lock_fd = lock_directory(place->pinned, LOCK_TRIES);
	if (place->lock_fd >= 0)
		return 0;
	err = place->lock_fd;
	report_error("pin %s: %s", place->pinned,
		     err == -EBUSY ? "another agent counts there" : strerror(-err));
	return err;
}

static bool is_too_long(const char *directory)
{
	return strlen(directory) > PATH_MAX / 2;
}

bool pin_place_name(const char *directory, struct pin_place *place)
{
	*place = (struct pin_place){ .lock_fd = -1 };
	directory = directory ? directory : PIN_DIRECTORY;
	path_print(place->pinned, "%s", directory);
	name_files(place);
	return directory[0] == '/' && !is_too_long(directory);
}

int pin_place_open(const char *directory, bool is_wanted, struct pin_place *place)
{
	int err;

	if (!pin_place_name(directory, place))
		return refuse(place, "name a whole path, from / on");
	if (!is_wanted && access(place->pinned, F_OK) && access(place->files, F_OK))
		return -errno;
	err = make_directory(place->pinned);
	if (err == -EPERM && check_file_system(place) == -EINVAL)
		return -EINVAL;
	if (err) {
		report_error("pin %s: %s", place->pinned, strerror(-err));
		if (err == -ENOENT)
			report_error("try: mount -t bpf bpf /sys/fs/bpf");
		return err == -ENOENT ? -EIO : err;
	}
	err = place_take(place);
	/* A directory that was made in vain is not left behind; one in use is not empty. */
	if (err)
		rmdir(place->pinned);
	return err;
}

bool pin_place_is_held(const char *directory)
{
	int fd = lock_directory(directory ? directory : PIN_DIRECTORY, 1);

	if (fd >= 0)
		close(fd);
	return fd == -EBUSY;
}

void pin_place_close(struct pin_place *place)
{
	if (place->lock_fd < 0)
		return;
	/* They go where nothing is in them. */
	rmdir(place->files);
	rmdir(place->pinned);
	close(place->lock_fd);
	place->lock_fd = -1;
}

void pin_generation_path(const struct pin_place *place, uint64_t generation,
			 char directory[PATH_MAX])
{
	path_print(directory, "%s/generation%llu", place->pinned, (unsigned long long)generation);
}

int pin_generation_make(const struct pin_place *place, uint64_t generation,
			char directory[PATH_MAX])
{
	pin_generation_path(place, generation, directory);
	return make_directory(directory);
}

void pin_file_path(const struct pin_place *place, const char *kind, uint64_t generation,
		   char path[PATH_MAX])
{
	path_print(path, "%s/%s-%llu", place->files, kind, (unsigned long long)generation);
}

void pin_numbered_path(const struct pin_place *place, const char *kind, uint64_t generation,
		       uint64_t number, char path[PATH_MAX])
{
	path_print(path, "%s/%s-%llu-%020llu", place->files, kind,
		   (unsigned long long)generation, (unsigned long long)number);
}

void pin_link_path(const struct pin_place *place, unsigned int ifindex, int side,
		   char path[PATH_MAX])
{
	path_print(path, "%s/link%u_%d", place->pinned, ifindex, side);
}

/* The generation that a file belongs to; false where it is no file of one. */
static bool file_generation(const char *name, uint64_t *generation)
{
	const char *dash = strchr(name, '-');
	unsigned long long number;

	if (!dash || sscanf(dash, "-%llu", &number) != 1)
		return false;
	*generation = number;
	return true;
}

static void remove_files(const struct pin_place *place, uint64_t generation)
{
	DIR *directory = opendir(place->files);
	const struct dirent *entry;
	uint64_t found;

	while (directory && (entry = readdir(directory))) {
		if (file_generation(entry->d_name, &found) && found == generation)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}

void pin_generation_remove(const struct pin_place *place, uint64_t generation)
{
	char directory[PATH_MAX];

	pin_generation_path(place, generation, directory);
	programs_unpin(directory);
	banks_unpin(directory);
	rmdir(directory);
	remove_files(place, generation);
}

static void add_number(uint64_t numbers[PIN_GENERATIONS_MAX], int *count, uint64_t number)
{
	int at = 0;

	while (at < *count && numbers[at] < number)
		at++;
	if (*count == PIN_GENERATIONS_MAX || (at < *count && numbers[at] == number))
		return;
	memmove(&numbers[at + 1], &numbers[at], (size_t)(*count - at) * sizeof(*numbers));
	numbers[at] = number;
	++*count;
}

int pin_generations(const struct pin_place *place, uint64_t generations[PIN_GENERATIONS_MAX])
{
	const char *const paths[] = { place->pinned, place->files };
	int count = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		DIR *directory = opendir(paths[i]);
		const struct dirent *entry;
		unsigned long long number;
		uint64_t found;

		if (!directory && errno != ENOENT)
			return -errno;
		while (directory && (entry = readdir(directory))) {
			if (sscanf(entry->d_name, "generation%llu", &number) == 1)
				add_number(generations, &count, number);
			else if (i && file_generation(entry->d_name, &found))
				add_number(generations, &count, found);
		}
		if (directory)
			closedir(directory);
	}
	return count;
}

size_t pin_links_prune(const struct pin_place *place, pin_keep_fn *keep, void *context)
{
	DIR *directory = opendir(place->pinned);
	const struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory))) {
		unsigned int ifindex;
		int side;

		if (sscanf(entry->d_name, "link%u_%d", &ifindex, &side) != 2 ||
		    (keep && keep(context, ifindex, side)))
			continue;
		count += !unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
	return count;
}
