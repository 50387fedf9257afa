/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run before has left in the spool's directory. */
#include "spool_recover.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool_format.h"

/* Numbers of segments, which are their names. */
struct numbers {
	uint64_t *list;
	size_t count;
	size_t capacity;
};

static int numbers_add(struct numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity ? 2 * numbers->capacity : 64;
		uint64_t *list = realloc(numbers->list, capacity * sizeof(*list));

		if (!list)
			return -ENOMEM;
		numbers->list = list;
		numbers->capacity = capacity;
	}
	numbers->list[numbers->count++] = number;
	return 0;
}

/* Whether it is the name of a segment, exactly as the spool writes it. */
static bool name_parse(const char *name, uint64_t *number)
{
	char again[SPOOL_NAME_MAX];
	char *end;

	*number = strtoull(name, &end, 16);
	if (end != name + 16)
		return false;
	snprintf(again, sizeof(again), SPOOL_NAME_FORMAT, (unsigned long long)*number);
	return !strcmp(name, again);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int numbers_list(struct numbers *numbers, int directory_fd)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t number;

	if (!directory) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (entry = readdir(directory))) {
		if (name_parse(entry->d_name, &number))
			err = numbers_add(numbers, number);
	}
	closedir(directory);
	if (numbers->count)
		qsort(numbers->list, numbers->count, sizeof(*numbers->list), compare_numbers);
	return err;
}

/* False at the first place where no entry was committed. */
static bool entry_read(const struct spool_segment *segment, uint64_t start,
		       struct spool_entry_head *head)
{
	uint64_t room;

	if (segment->bytes < start + sizeof(*head) ||
	    pread(segment->fd, head, sizeof(*head), (off_t)start) != (ssize_t)sizeof(*head))
		return false;
	room = segment->bytes - start - sizeof(*head);
	return le32toh(head->mark) == SPOOL_ENTRY_MARK && le64toh(head->length) <= room &&
	       head->head_checksum == spool_head_checksum(head);
}

static int segment_scan(struct spool *spool, struct spool_segment *segment)
{
	uint64_t start = sizeof(struct spool_segment_head);
	struct spool_entry_head head;

	while (entry_read(segment, start, &head)) {
		const struct spool_entry entry = {
			.segment = segment, .offset = start + sizeof(head),
			.length = le64toh(head.length), .checksum = le32toh(head.checksum),
			.done = le32toh(head.done),
		};

		if (entry.done != SPOOL_ALL_DONE && !spool_push(spool, &entry))
			return -ENOMEM;
		start = entry.offset + entry.length;
	}
	return 0;
}

/* 1 where it is one of this target's; 0 where it holds nothing. */
static int segment_check(const struct spool *spool, int fd, const char **reason)
{
	struct spool_segment_head head;
	ssize_t count = pread(fd, &head, sizeof(head), 0);

	if (count < 0)
		return -errno;
	if (count != (ssize_t)sizeof(head) ||
	    memcmp(head.mark, SPOOL_SEGMENT_MARK, sizeof(head.mark)))
		return 0;
	if (le64toh(head.target_hash) == spool->target_hash)
		return 1;
	*reason = "the spool holds windows for another target: give it a spool of its own";
	return -EINVAL;
}

static int segment_recover(struct spool *spool, uint64_t number, const char **reason)
{
	struct spool_segment *segment;
	char name[SPOOL_NAME_MAX];
	struct stat status;
	int fd, err;

	snprintf(name, sizeof(name), SPOOL_NAME_FORMAT, (unsigned long long)number);
	fd = openat(spool->directory_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	err = segment_check(spool, fd, reason);
	if (err < 0 || fstat(fd, &status)) {
		err = err < 0 ? err : -errno;
		close(fd);
		return err;
	}
	segment = spool_add_segment(spool, number, fd, (uint64_t)status.st_size);
	if (!segment) {
		close(fd);
		return -ENOMEM;
	}
	return err ? segment_scan(spool, segment) : 0;
}

int spool_recover(struct spool *spool, const char **reason)
{
	struct numbers numbers = { 0 };
	int err = numbers_list(&numbers, spool->directory_fd);

	for (size_t i = 0; i < numbers.count && !err; i++) {
		err = segment_recover(spool, numbers.list[i], reason);
		spool->next_number = numbers.list[i] + 1;
	}
	free(numbers.list);
	if (!err)
		spool_sweep(spool);
	return err;
}
