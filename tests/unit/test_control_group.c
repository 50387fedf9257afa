/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../user/system/control_group.h"

#define V1_MOUNT "32 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define V2_MOUNT "25 21 0:22 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

/* A file system in a folder of its own, which holds what a test writes. */
static char root[] = "/tmp/weir-cgroup-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static uint64_t least(const char *membership, const char *mounts)
{
	write_file("/proc/self/cgroup", membership);
	write_file("/proc/self/mountinfo", mounts);
	return control_group_memory_bytes_at(root);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/weir-cgroup-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void without_groups_nothing_is_limited(void **state)
{
	(void)state;
	assert_true(control_group_memory_bytes_at(root) == CONTROL_GROUP_UNLIMITED);
	assert_true(least("0::/\n", V2_MOUNT) == CONTROL_GROUP_UNLIMITED);
	assert_true(least("", "") == CONTROL_GROUP_UNLIMITED);
	assert_true(least("nonsense\n:\n::\n", "nonsense\n - \n - cgroup2\n") ==
		    CONTROL_GROUP_UNLIMITED);
}

static void limit_of_the_group_counts_in_either_version(void **state)
{
	(void)state;
	write_file("/sys/fs/cgroup/a.slice/memory.max", "209715200\n");
	assert_int_equal(least("0::/a.slice\n", V2_MOUNT), 209715200);
	write_file("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "104857600\n");
	assert_int_equal(least("4:cpu,memory:/docker/1\n", V1_MOUNT), 104857600);
}

static void word_max_is_no_limit(void **state)
{
	(void)state;
	write_file("/sys/fs/cgroup/a/memory.max", "max\n");
	write_file("/sys/fs/cgroup/a/memory.high", "max\n");
	assert_true(least("0::/a\n", V2_MOUNT) == CONTROL_GROUP_UNLIMITED);
}

static void least_limit_above_counts(void **state)
{
	(void)state;
	write_file("/sys/fs/cgroup/a/memory.max", "4000000\n");
	write_file("/sys/fs/cgroup/a/b/memory.max", "1000000\n");
	write_file("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
	write_file("/sys/fs/cgroup/a/b/c/d/memory.max", "2000000\n");
	assert_int_equal(least("0::/a/b/c/d\n", V2_MOUNT), 1000000);
	assert_int_equal(least("0::/a\n", V2_MOUNT), 4000000);
}

static void group_that_would_be_slowed_down_is_limited(void **state)
{
	(void)state;
	write_file("/sys/fs/cgroup/a/memory.max", "4000000\n");
	write_file("/sys/fs/cgroup/a/memory.high", "3000000\n");
	assert_int_equal(least("0::/a\n", V2_MOUNT), 3000000);
}

static void both_versions_side_by_side_are_asked(void **state)
{
	const char *mounts = V1_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n";
	const char *membership = "9:name=systemd:/\n4:memory:/one\n1:cpu:/\n0::/two\n";

	(void)state;
	write_file("/sys/fs/cgroup/memory/one/memory.limit_in_bytes", "700000\n");
	assert_int_equal(least(membership, mounts), 700000);
	write_file("/sys/fs/cgroup/unified/two/memory.max", "600000\n");
	assert_int_equal(least(membership, mounts), 600000);
}

static void other_controllers_of_version_1_do_not_matter(void **state)
{
	const char *mounts = "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";

	(void)state;
	write_file("/sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1000\n");
	assert_true(least("1:cpu,cpuacct:/a\n", mounts) == CONTROL_GROUP_UNLIMITED);
	assert_true(least("1:cpu:/a\n4:memory:/a\n", mounts) == CONTROL_GROUP_UNLIMITED);
}

/* As in a container without a cgroup namespace of its own. */
static void mount_of_a_part_of_the_tree_is_followed(void **state)
{
	const char *mounts = "5 4 0:9 /docker/1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";

	(void)state;
	write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
	write_file("/sys/fs/cgroup/memory/in/memory.limit_in_bytes", "4000\n");
	assert_int_equal(least("4:memory:/docker/1\n", mounts), 5000);
	assert_int_equal(least("4:memory:/docker/1/in\n", mounts), 4000);
	assert_true(least("4:memory:/docker/11\n", mounts) == CONTROL_GROUP_UNLIMITED);
}

/* "/..": mounted from above the namespace's root; a process that was moved out of it. */
static void namespaces_of_groups_are_respected(void **state)
{
	const char *above = "5 4 0:9 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

	(void)state;
	write_file("/sys/fs/cgroup/memory.max", "9000\n");
	write_file("/sys/fs/cgroup/b/memory.max", "8000\n");
	assert_int_equal(least("0::/\n", above), 9000);
	assert_int_equal(least("0::/../b\n", above), 8000);
	assert_true(least("0::/../b\n", V2_MOUNT) == CONTROL_GROUP_UNLIMITED);
}

static void limit_above_the_mount_is_read_from_the_statistics(void **state)
{
	(void)state;
	write_file("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	write_file("/sys/fs/cgroup/memory/a/memory.stat",
		   "cache 100\nhierarchical_memory_limit 300000\ntotal_cache 100\n");
	assert_int_equal(least("4:memory:/a\n", V1_MOUNT), 300000);
}

static void blanks_in_a_mount_point_are_octal(void **state)
{
	const char *mounts = "5 4 0:9 / /a\\040b\\134 rw - cgroup2 cgroup2 rw\n";

	(void)state;
	write_file("/a b\\/g/memory.max", "1234\n");
	assert_int_equal(least("0::/g\n", mounts), 1234);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
	const struct CMUnitTest tests[] = {
		TEST(without_groups_nothing_is_limited),
		TEST(limit_of_the_group_counts_in_either_version),
		TEST(word_max_is_no_limit),
		TEST(least_limit_above_counts),
		TEST(group_that_would_be_slowed_down_is_limited),
		TEST(both_versions_side_by_side_are_asked),
		TEST(other_controllers_of_version_1_do_not_matter),
		TEST(mount_of_a_part_of_the_tree_is_followed),
		TEST(namespaces_of_groups_are_respected),
		TEST(limit_above_the_mount_is_read_from_the_statistics),
		TEST(blanks_in_a_mount_point_are_octal),
	};

	return cmocka_run_group_tests_name("control_group", tests, NULL, NULL);
}
