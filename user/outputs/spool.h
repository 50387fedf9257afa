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

#include "spool_queue.h"

struct spool_config {
	const char *directory;  /* made where it is missing, for its owner alone */
	const char *target;     /* whom it is for: another's is refused */
	uint64_t max_bytes;     /* of all segments */
};

/* The least that max_bytes may be. */
#define SPOOL_BYTES_MIN (64u << 10)

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

#endif
