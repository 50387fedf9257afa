/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../base/report.h"
#include "pin_file.h"
#include "pin_state.h"

#define BUFFER_BYTES (256u << 10)
#define HASH_PRIME   0x9e3779b97f4a7c15ull

const char pin_pane_mark[8] = "weirpan1";

/* A pane in the log. */
struct entry {
	uint64_t sequence;
	uint64_t end_ns;
	uint64_t bytes;
	uint64_t documents; /* that there were once it was added up */
	bool is_added;
};

struct pin_log {
	struct pin_log_settings settings;
	struct pin_documents documents;
	struct entry *entries;   /* oldest first; those before first have been removed */
	size_t first, count, capacity;
	uint64_t bytes;
	char beside[PATH_MAX];
	int fd;                  /* of the file that was begun; -1 */
	uint64_t checksum;
	uint64_t record_count;
	int err;                 /* of that file */
	size_t used;
	bool said_full;
	char buffer[BUFFER_BYTES];
};

uint64_t pin_log_hash(uint64_t hash, const void *bytes, size_t length)
{
	const char *from = bytes;

	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, from, sizeof(word));
		hash = (hash ^ word) * HASH_PRIME;
		hash ^= hash >> 29;
		from += sizeof(word);
	}
	return hash;
}

struct pin_log *pin_log_open(const struct pin_log_settings *settings)
{
	struct pin_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->settings = *settings;
	if (!log->settings.max_bytes)
		log->settings.max_bytes = PIN_LOG_BYTES_MAX;
	log->fd = -1;
	if (snprintf(log->beside, sizeof(log->beside), "%s/new-pane",
		     settings->place->files) >= PATH_MAX)
		log->beside[0] = '\0';
	return log;
}

static void drop_begun(struct pin_log *log)
{
	if (log->fd < 0)
		return;
	close(log->fd);
	unlink(log->beside);
	log->fd = -1;
}

void pin_log_close(struct pin_log *log)
{
	if (!log)
		return;
	drop_begun(log);
	free(log->entries);
	free(log);
}

static void flush(struct pin_log *log)
{
	if (!log->err)
		log->err = pin_file_write(log->fd, log->buffer, log->used);
	log->used = 0;
}

static void append(struct pin_log *log, const void *bytes, size_t length)
{
	const char *from = bytes;

	log->checksum = pin_log_hash(log->checksum, bytes, length);
	while (length) {
		size_t room = BUFFER_BYTES - log->used, part = length < room ? length : room;

		memcpy(log->buffer + log->used, from, part);
		log->used += part;
		from += part;
		length -= part;
		if (log->used == BUFFER_BYTES)
			flush(log);
	}
}

int pin_log_begin(struct pin_log *log)
{
	static const struct pin_pane empty;

	drop_begun(log);
	log->used = 0;
	log->err = 0;
	log->record_count = 0;
	log->checksum = PIN_LOG_HASH_START;
	log->fd = open(log->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log->fd < 0)
		return -errno;
	/* Its place; what stands there is hashed and written last. */
	log->err = pin_file_write(log->fd, &empty, sizeof(empty));
	return log->err;
}

int pin_log_records(void *context, const struct flow_slot *const *records, size_t count)
{
	struct pin_log *log = context;
	size_t size = log->settings.record_size;

	for (size_t i = 0; i < count; i++) {
		struct flow_record copy = { .slot = *records[i] };

		if (size == sizeof(copy)) {
			memcpy(&copy, records[i], size);
			copy.extra.owner = copy.extra.cookie = 0;
		}
		append(log, &copy, size);
	}
	log->record_count += count;
	return 0;
}

static void append_lists(struct pin_log *log, const struct pane *pane,
			 const struct netdev_counters *counted)
{
	append(log, pane->link_outcomes, pane->link_outcomes_count * sizeof(*pane->link_outcomes));
	for (size_t i = 0; i < pane->link_count; i++) {
		const struct pane_link *link = &pane->links[i];
		struct pin_pane_link kept = { .counts = link->counts,
					      .differences = link->differences,
					      .has_seen = link->has_seen,
					      .is_cut = link->is_cut,
					      .is_gone = link->is_gone };

		if (counted)
			kept.counted = counted[i];
		snprintf(kept.name, sizeof(kept.name), "%s", link->name);
		append(log, &kept, sizeof(kept));
	}
	for (size_t i = 0; i < pane->ahead_count; i++) {
		char text[AHEAD_TEXT_MAX] = "";

		snprintf(text, sizeof(text), "%s", pane->ahead[i]);
		append(log, text, sizeof(text));
	}
}

static struct pin_pane head_of(const struct pin_log *log, const struct pane *pane)
{
	return (struct pin_pane){ .layout = pin_layout(),
				  .generation = log->settings.generation,
				  .documents = log->documents,
				  .index = pane->index,
				  .begin_ns = pane->begin_ns,
				  .end_ns = pane->end_ns,
				  .since_place_ns = pane->since_place_ns,
				  .clock_offset_ns = pane->clock_offset_ns,
				  .ends_grid = pane->ends_grid,
				  .counts = pane->counts,
				  .late_packets = pane->late_packets,
				  .dropped_packets = pane->dropped_packets,
				  .record_size = log->settings.record_size,
				  .record_count = log->record_count,
				  .link_outcomes_count = pane->link_outcomes_count,
				  .link_count = pane->link_count,
				  .ahead_count = pane->ahead_count };
}

/* One that has no place on the list is never trimmed, which is all. */
static void entry_add(struct pin_log *log, const struct entry *entry)
{
	if (log->first > log->capacity / 2) {
		log->count -= log->first;
		memmove(log->entries, log->entries + log->first,
			log->count * sizeof(*log->entries));
		log->first = 0;
	}
	if (log->count == log->capacity) {
		size_t capacity = log->capacity ? 2 * log->capacity : 64;
		struct entry *grown = reallocarray(log->entries, capacity, sizeof(*grown));

		if (!grown)
			return;
		log->entries = grown;
		log->capacity = capacity;
	}
	log->entries[log->count++] = *entry;
	log->bytes += entry->bytes;
}

/* The head goes to its place, then the file gets its name: that is the commit. */
static int finish_file(struct pin_log *log, struct pin_pane *head, uint64_t *bytes)
{
	const size_t skipped = offsetof(struct pin_pane, layout);
	char path[PATH_MAX];
	off_t end;

	memcpy(head->mark, pin_pane_mark, sizeof(head->mark));
	head->checksum = pin_log_hash(log->checksum, (const char *)head + skipped,
				      sizeof(*head) - skipped);
	end = lseek(log->fd, 0, SEEK_END);
	if (end < 0 || pwrite(log->fd, head, sizeof(*head), 0) != (ssize_t)sizeof(*head))
		return end < 0 || errno ? -errno : -EIO;
	*bytes = (uint64_t)end;
	pin_numbered_path(log->settings.place, "pane", head->generation, head->sequence, path);
	return rename(log->beside, path) ? -errno : 0;
}

int pin_log_commit(struct pin_log *log, const struct pin_commit *commit, const struct pane *pane)
{
	struct entry entry = { .sequence = commit->sequence, .end_ns = pane->end_ns };
	struct pin_pane head;
	int err;

	if (log->fd < 0 || commit->drained_count > PIN_DRAINED_MAX)
		return -EINVAL;
	append_lists(log, pane, commit->counted);
	flush(log);
	head = head_of(log, pane);
	head.sequence = commit->sequence;
	head.is_away = commit->is_away;
	head.drained_count = commit->drained_count;
	if (commit->drained_count)
		memcpy(head.drained, commit->drained,
		       commit->drained_count * sizeof(*commit->drained));
	err = log->err ? log->err : finish_file(log, &head, &entry.bytes);
	if (err) {
		drop_begun(log);
		return err;
	}
	close(log->fd);
	log->fd = -1;
	entry_add(log, &entry);
	return 0;
}

void pin_log_documents(struct pin_log *log, const struct pin_documents *documents)
{
	log->documents = *documents;
	if (log->first == log->count)
		return;
	log->entries[log->count - 1].documents = documents->all;
	log->entries[log->count - 1].is_added = true;
}

static void remove_oldest(struct pin_log *log)
{
	const struct entry *entry = &log->entries[log->first++];
	char path[PATH_MAX];

	pin_numbered_path(log->settings.place, "pane", log->settings.generation, entry->sequence,
			  path);
	unlink(path);
	log->bytes -= entry->bytes;
}

/* Windows that were told by the end of this instant are with their outputs. */
static uint64_t told_until_ns(const struct pin_log *log, uint64_t done)
{
	uint64_t until_ns = 0;

	for (size_t i = log->first; i < log->count; i++) {
		const struct entry *entry = &log->entries[i];

		if (!entry->is_added || entry->documents > done)
			break;
		until_ns = entry->end_ns;
	}
	return until_ns;
}

static bool disk_is_full(const struct pin_log *log)
{
	struct statvfs status;

	return !statvfs(log->settings.place->files, &status) &&
	       (uint64_t)status.f_bavail * status.f_frsize < PIN_LOG_BYTES_FREE;
}

static void say_full(struct pin_log *log)
{
	if (!log->said_full)
		report_error("pin %s: the log is full: were weir killed now, the windows at hand "
			     "would lack their oldest panes", log->settings.place->pinned);
	log->said_full = true;
}

/* The newest one stays: it tells up to where there are panes. */
void pin_log_trim(struct pin_log *log, uint64_t done)
{
	uint64_t until_ns = told_until_ns(log, done);

	while (log->settings.longest_ns && log->count - log->first > 1 &&
	       log->entries[log->first].end_ns + log->settings.longest_ns <= until_ns)
		remove_oldest(log);
	while (log->count - log->first > 1 &&
	       (log->bytes > log->settings.max_bytes || disk_is_full(log))) {
		say_full(log);
		remove_oldest(log);
	}
}
