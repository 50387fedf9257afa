/* SPDX-License-Identifier: BSD-2-Clause */
#include "spool.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "../text/stable_hash.h"
#include "spool_format.h"
#include "spool_private.h"
#include "spool_recover.h"

#define SEGMENT_BYTES_MAX (4u << 20)
#define SEGMENTS_MIN      8      /* in max_bytes: what is left out at once when it is full */
#define LOCK_TRIES        60    /* one that was killed may still be ending */
#define LOCK_PAUSE_US     50000

/* Each part of the path, the last one for its owner alone. */
static int make_directory(const char *path)
{
	char *parts = strdup(path), *slash = parts;

	if (!parts)
		return -ENOMEM;
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		mkdir(parts, 0755);
		*slash = '/';
	}
	mkdir(parts, 0700);
	free(parts);
	return 0;
}

static int spool_lock(struct spool *spool, const char **reason)
{
	spool->lock_fd = openat(spool->directory_fd, "lock",
				O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (spool->lock_fd < 0)
		return -errno;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(spool->lock_fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		usleep(LOCK_PAUSE_US);
	}
	*reason = "another weir has its spool: give each one its own (?spool=DIR)";
	return -EBUSY;
}

static int spool_take(struct spool *spool, const char *directory, const char **reason)
{
	int err = make_directory(directory);

	if (err)
		return err;
	spool->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->directory_fd < 0) {
		*reason = "its spool cannot be opened: name a directory (?spool=DIR)";
		return -errno;
	}
	err = spool_lock(spool, reason);
	return err ? err : spool_recover(spool, reason);
}

int spool_open(const struct spool_config *config, struct spool **result, const char **reason)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	int err;

	*result = NULL;
	if (!spool)
		return -ENOMEM;
	pthread_mutex_init(&spool->mutex, NULL);
	spool->directory_fd = spool->lock_fd = -1;
	spool->target_hash = stable_hash(STABLE_HASH_START, config->target,
					     strlen(config->target));
	spool->max_bytes = config->max_bytes;
	spool->segment_bytes = config->max_bytes / SEGMENTS_MIN;
	if (spool->segment_bytes > SEGMENT_BYTES_MAX)
		spool->segment_bytes = SEGMENT_BYTES_MAX;
	err = spool_take(spool, config->directory, reason);
	if (err) {
		spool_close(spool);
		return err;
	}
	*result = spool;
	return 0;
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	spool->open = NULL;
	if (spool->lock_fd >= 0)
		spool_sweep(spool);
	while (spool->segments) {
		struct spool_segment *next = spool->segments->next;

		close(spool->segments->fd);
		free(spool->segments);
		spool->segments = next;
	}
	if (spool->lock_fd >= 0)
		close(spool->lock_fd);
	if (spool->directory_fd >= 0)
		close(spool->directory_fd);
	pthread_mutex_destroy(&spool->mutex);
	free(spool->queue);
	free(spool);
}

struct spool_state spool_state(struct spool *spool)
{
	struct spool_state state;

	pthread_mutex_lock(&spool->mutex);
	state = (struct spool_state){ spool->count, spool->bytes };
	pthread_mutex_unlock(&spool->mutex);
	return state;
}

/* Its name is on disk before anything is committed to it. */
static int segment_write_head(struct spool *spool, int fd)
{
	struct spool_segment_head head = { .target_hash = htole64(spool->target_hash) };
	int err;

	memcpy(head.mark, SPOOL_SEGMENT_MARK, sizeof(head.mark));
	err = spool_write_at(fd, &head, sizeof(head), 0);
	if (!err && fsync(spool->directory_fd))
		err = -errno;
	return err;
}

static int segment_create(struct spool *spool)
{
	uint64_t number = spool->next_number;
	char name[SPOOL_NAME_MAX];
	int fd, err;

	snprintf(name, sizeof(name), SPOOL_NAME_FORMAT, (unsigned long long)number);
	fd = openat(spool->directory_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EDQUOT ? -ENOSPC : -errno;
	err = segment_write_head(spool, fd);
	if (!err) {
		pthread_mutex_lock(&spool->mutex);
		spool->open = spool_add_segment(spool, number, fd,
						sizeof(struct spool_segment_head));
		pthread_mutex_unlock(&spool->mutex);
		err = spool->open ? 0 : -ENOMEM;
	}
	if (err) {
		unlinkat(spool->directory_fd, name, 0);
		close(fd);
		return err;
	}
	spool->next_number++;
	return 0;
}

static void segment_finish(struct spool *spool)
{
	pthread_mutex_lock(&spool->mutex);
	spool->open = NULL;
	spool_sweep(spool);
	pthread_mutex_unlock(&spool->mutex);
}

int spool_begin(struct spool *spool)
{
	int err = 0;

	if (spool->open && spool->open->bytes >= spool->segment_bytes)
		segment_finish(spool);
	if (!spool->open)
		err = segment_create(spool);
	if (err)
		return err;
	spool->start = spool->open->bytes;
	spool->position = spool->start + sizeof(struct spool_entry_head);
	spool->checksum = 0;
	return 0;
}

/* The open segment reaches so far. False where that is more than the spool may hold. */
static bool segment_extend(struct spool *spool, uint64_t bytes)
{
	struct spool_segment *open = spool->open;
	bool has_room = true;

	pthread_mutex_lock(&spool->mutex);
	if (bytes > open->bytes) {
		has_room = spool->bytes + (bytes - open->bytes) <= spool->max_bytes;
		if (has_room) {
			spool->bytes += bytes - open->bytes;
			open->bytes = bytes;
		}
	}
	pthread_mutex_unlock(&spool->mutex);
	return has_room;
}

int spool_write(struct spool *spool, const char *bytes, size_t length)
{
	int err;

	if (!segment_extend(spool, spool->position + length))
		return -ENOSPC;
	err = spool_write_at(spool->open->fd, bytes, length, spool->position);
	if (err)
		return err;
	spool->checksum = spool_checksum(spool->checksum, bytes, length);
	spool->position += length;
	return 0;
}

/* After a power cut the head may be there without all of the document: its checksum tells. */
static int entry_write(struct spool *spool, const struct spool_entry_head *head)
{
	int fd = spool->open->fd, err = spool_write_at(fd, head, sizeof(*head), spool->start);

	if (!err && fdatasync(fd))
		err = errno == EDQUOT ? -ENOSPC : -errno;
	return err;
}

int spool_commit(struct spool *spool)
{
	const struct spool_entry entry = {
		.segment = spool->open, .offset = spool->start + sizeof(struct spool_entry_head),
		.length = spool->position - spool->start - sizeof(struct spool_entry_head),
		.checksum = spool->checksum,
	};
	struct spool_entry_head head = { .mark = htole32(SPOOL_ENTRY_MARK),
					 .length = htole64(entry.length),
					 .checksum = htole32(entry.checksum) };
	bool is_pushed;
	int err;

	head.head_checksum = spool_head_checksum(&head);
	err = entry_write(spool, &head);
	if (err)
		return err;
	pthread_mutex_lock(&spool->mutex);
	is_pushed = spool_push(spool, &entry);
	pthread_mutex_unlock(&spool->mutex);
	return is_pushed ? 0 : -ENOMEM;
}

/* What was written of it is cut off again, and its head, where it got one. */
void spool_cancel(struct spool *spool)
{
	const struct spool_entry_head none = { 0 };

	if (!spool->open || spool->open->bytes <= spool->start)
		return;
	if (ftruncate(spool->open->fd, (off_t)spool->start) &&
	    spool_write_at(spool->open->fd, &none, sizeof(none), spool->start))
		return; /* it is sent after all, which is better than not */
	pthread_mutex_lock(&spool->mutex);
	spool->bytes -= spool->open->bytes - spool->start;
	spool->open->bytes = spool->start;
	pthread_mutex_unlock(&spool->mutex);
}
