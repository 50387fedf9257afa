/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits in the spool: put at its end, read and removed at its beginning. */
#include "spool_queue.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spool_format.h"
#include "spool_private.h"

#define READ_BYTES (64u << 10)

static bool queue_grow(struct spool *spool)
{
	size_t capacity = spool->capacity ? 2 * spool->capacity : 64;
	struct spool_entry *queue = calloc(capacity, sizeof(*queue));

	if (!queue)
		return false;
	for (size_t i = 0; i < spool->count; i++)
		queue[i] = spool->queue[(spool->first + i) % spool->capacity];
	free(spool->queue);
	spool->queue = queue;
	spool->capacity = capacity;
	spool->first = 0;
	return true;
}

bool spool_push(struct spool *spool, const struct spool_entry *entry)
{
	if (spool->count == spool->capacity && !queue_grow(spool))
		return false;
	spool->queue[(spool->first + spool->count++) % spool->capacity] = *entry;
	entry->segment->waiting++;
	return true;
}

static struct spool_entry *entry_at(struct spool *spool, size_t place)
{
	return &spool->queue[(spool->first + place) % spool->capacity];
}

struct spool_segment *spool_add_segment(struct spool *spool, uint64_t number, int fd,
					uint64_t bytes)
{
	struct spool_segment *segment = calloc(1, sizeof(*segment));
	struct spool_segment **last = &spool->segments;

	if (!segment)
		return NULL;
	segment->number = number;
	segment->fd = fd;
	segment->bytes = bytes;
	while (*last)
		last = &(*last)->next;
	*last = segment;
	spool->bytes += bytes;
	return segment;
}

static void segment_remove(struct spool *spool, struct spool_segment **link)
{
	struct spool_segment *segment = *link;
	char name[SPOOL_NAME_MAX];

	snprintf(name, sizeof(name), SPOOL_NAME_FORMAT, (unsigned long long)segment->number);
	unlinkat(spool->directory_fd, name, 0);
	close(segment->fd);
	spool->bytes -= segment->bytes;
	*link = segment->next;
	free(segment);
}

void spool_sweep(struct spool *spool)
{
	struct spool_segment **link = &spool->segments;

	while (*link) {
		if ((*link)->waiting || *link == spool->open)
			link = &(*link)->next;
		else
			segment_remove(spool, link);
	}
}

/* Removes the entry behind those that stay: its segment may go with it. */
static void drop_at(struct spool *spool, size_t place)
{
	entry_at(spool, place)->segment->waiting--;
	for (size_t i = place + 1; i < spool->count; i++)
		*entry_at(spool, i - 1) = *entry_at(spool, i);
	spool->count--;
}

static void drop_first(struct spool *spool)
{
	entry_at(spool, 0)->segment->waiting--;
	spool->first = (spool->first + 1) % spool->capacity;
	spool->count--;
}

uint64_t spool_drop_oldest(struct spool *spool)
{
	uint64_t dropped = 0, bytes;
	size_t kept;

	pthread_mutex_lock(&spool->mutex);
	kept = spool->is_reading ? 1 : 0;
	bytes = spool->bytes;
	while (spool->count > kept && spool->bytes == bytes &&
	       entry_at(spool, kept)->segment != spool->open) {
		if (kept)
			drop_at(spool, kept);
		else
			drop_first(spool);
		dropped++;
		spool_sweep(spool);
	}
	pthread_mutex_unlock(&spool->mutex);
	return dropped;
}

bool spool_first(struct spool *spool, struct spool_entry *entry)
{
	bool is_there;

	pthread_mutex_lock(&spool->mutex);
	is_there = spool->count != 0;
	spool->is_reading = is_there;
	if (is_there)
		*entry = *entry_at(spool, 0);
	pthread_mutex_unlock(&spool->mutex);
	return is_there;
}

int spool_read(const struct spool_entry *entry, uint64_t from, char *bytes, size_t length)
{
	if (from > entry->length || length > entry->length - from)
		return -EBADMSG;
	while (length) {
		ssize_t count = pread(entry->segment->fd, bytes, length,
				      (off_t)(entry->offset + from));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -EBADMSG;
		bytes += count;
		from += (uint64_t)count;
		length -= (size_t)count;
	}
	return 0;
}

int spool_verify(const struct spool_entry *entry)
{
	char *bytes = malloc(READ_BYTES);
	uint32_t checksum = 0;
	uint64_t from = 0;
	int err = bytes ? 0 : -ENOMEM;

	while (!err && from < entry->length) {
		size_t part = entry->length - from < READ_BYTES ? entry->length - from : READ_BYTES;

		err = spool_read(entry, from, bytes, part);
		if (!err)
			checksum = spool_checksum(checksum, bytes, part);
		from += part;
	}
	free(bytes);
	if (err)
		return err;
	return checksum == entry->checksum ? 0 : -EBADMSG;
}

/* Not on disk at once: at worst a part is sent again. */
void spool_note_done(struct spool *spool, struct spool_entry *entry, uint32_t done)
{
	uint32_t little = htole32(done);
	uint64_t place = entry->offset - sizeof(struct spool_entry_head) +
			 offsetof(struct spool_entry_head, done);

	entry->done = done;
	pthread_mutex_lock(&spool->mutex);
	if (spool->count)
		entry_at(spool, 0)->done = done;
	pthread_mutex_unlock(&spool->mutex);
	if (spool_write_at(entry->segment->fd, &little, sizeof(little), place))
		return;
}

void spool_remove_first(struct spool *spool)
{
	pthread_mutex_lock(&spool->mutex);
	if (spool->count)
		drop_first(spool);
	spool->is_reading = false;
	spool_sweep(spool);
	pthread_mutex_unlock(&spool->mutex);
}
