/* SPDX-License-Identifier: BSD-2-Clause */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of Linux 6.2, the third version. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif

/* struct landlock_ruleset_attr as of the fourth version, Linux 6.7: TCP too. */
struct ruleset {
	uint64_t files;
	uint64_t network;
};

#define NETWORK_BIND_CONNECT 3ull

/* All that the first version knows: 13 rights, of files 4. */
#define OF_FIRST ((1ull << 13) - 1)
#define READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE    (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_TRUNCATE)
/* The only ones that a rule of what is no directory may have. */
#define OF_FILE  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		  LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? -errno : (int)version;
}

static uint64_t handled_files(int version)
{
	uint64_t handled = OF_FIRST;

	if (version >= 2)
		handled |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		handled |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return handled;
}

/* What is not there, or not to be seen, needs no rule. */
static int add_path(int fd, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	struct stat status;
	int err = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return 0;
	if (!fstat(rule.parent_fd, &status) && !S_ISDIR(status.st_mode))
		rule.allowed_access &= OF_FILE;
	if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		err = -errno;
	close(rule.parent_fd);
	return err;
}

static int add_paths(int fd, const struct rights *rights, uint64_t handled)
{
	int err = 0;

	for (size_t i = 0; i < rights->read_count && !err; i++)
		err = add_path(fd, rights->read[i], READ & handled);
	for (size_t i = 0; i < rights->write_count && !err; i++)
		err = add_path(fd, rights->write[i], WRITE & handled);
	return err;
}

int landlock_make(const struct rights *rights)
{
	int version = landlock_version(), fd, err;
	struct ruleset set = { .files = handled_files(version) };

	if (version < 0)
		return version;
	if (version >= 4 && rights->part != RIGHTS_SENDER)
		set.network = NETWORK_BIND_CONNECT;
	fd = (int)syscall(SYS_landlock_create_ruleset, &set,
			  version >= 4 ? sizeof(set) : sizeof(set.files), 0);
	if (fd < 0)
		return -errno;
	err = add_paths(fd, rights, set.files);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int landlock_enter(int ruleset_fd)
{
	return syscall(SYS_landlock_restrict_self, ruleset_fd, 0) ? -errno : 0;
}
