/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader's end of a spool: what waits, in its order.
 */
#ifndef WEIR_SPOOL_QUEUE_H
#define WEIR_SPOOL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool;
struct spool_segment;

/* One document that waits. */
struct spool_entry {
	struct spool_segment *segment;
	uint64_t offset;        /* of the document */
	uint64_t length;
	uint32_t checksum;
	uint32_t done;          /* parts of it that were taken */
};

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

/* Between the files of the spool. */

/* At the end of what waits; takes a place in its segment. False where memory fails. */
bool spool_push(struct spool *spool, const struct spool_entry *entry);

/* A segment at the end of the list. NULL where memory fails: the descriptor is the caller's. */
struct spool_segment *spool_add_segment(struct spool *spool, uint64_t number, int fd,
					uint64_t bytes);

/* Removes segments of which nothing waits, but not the one being written. */
void spool_sweep(struct spool *spool);

#endif
