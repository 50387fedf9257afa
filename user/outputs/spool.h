/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Documents that wait on disk for who takes them, in their order: a window that is committed
 * here outlives the process, the machine and a power cut. One thread writes, another reads.
 *
 * A directory of segments, files that grow and are removed whole. A segment begins with a mark and
 * the hash of whom it is for; an entry is a head with length and checksum, then the document.
 * The head is written last: what has none was never committed, and ends the segment.
 */
#ifndef WEIR_SPOOL_H
#define WEIR_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool;
struct spool_segment;

struct spool_config {
	const char *directory;  /* made where it is missing, for its owner alone */
	const char *target;     /* whom it is for: another's is refused */
	uint64_t max_bytes;     /* of all segments */
};

/* The least that max_bytes may be. */
#define SPOOL_BYTES_MIN (64u << 10)

/* One document that waits. */
struct spool_entry {
	struct spool_segment *segment;
	uint64_t offset;        /* of the document */
	uint64_t length;
	uint32_t checksum;
	uint32_t done;          /* parts of it that were taken */
};

struct spool_state {
	uint64_t windows;       /* that wait */
	uint64_t bytes;         /* of the segments */
};

/*
 * Takes over what waits there. One owner at a time: -EBUSY, once the one before had a few seconds
 * to end. 0 or negative errno, *reason static text where errno's would not say it.
 */
int spool_open(const struct spool_config *config, struct spool **spool, const char **reason);

/* What waits stays. Accepts NULL. */
void spool_close(struct spool *spool);

struct spool_state spool_state(struct spool *spool);

/*
 * A document is begun, written in pieces, and committed or cancelled. 0 or negative errno; -ENOSPC
 * where max_bytes or the disk is full: the same piece, or the commit, may be tried again.
 */
int spool_begin(struct spool *spool);
int spool_write(struct spool *spool, const char *bytes, size_t length);
int spool_commit(struct spool *spool);
void spool_cancel(struct spool *spool);

/* Makes room of the oldest, but not of the one being read: how many documents that cost. */
uint64_t spool_drop_oldest(struct spool *spool);

/* The oldest one is being read from now on. False where nothing waits. */
bool spool_first(struct spool *spool, struct spool_entry *entry);

/* Bytes of the document. 0, or negative errno; -EBADMSG where it ends before. */
int spool_read(const struct spool_entry *entry, uint64_t from, char *bytes, size_t length);

/* -EBADMSG where it is not what was written. */
int spool_verify(const struct spool_entry *entry);

/* So many parts of the one being read have been taken. */
void spool_note_done(struct spool *spool, struct spool_entry *entry, uint32_t done);

/* The one being read is not needed any more. */
void spool_remove_first(struct spool *spool);

#endif
