/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spool's files: what spool.c writes and spool_recover.c finds.
 */
#ifndef WEIR_SPOOL_PRIVATE_H
#define WEIR_SPOOL_PRIVATE_H

#include <pthread.h>

#include "spool.h"

#define SPOOL_NAME_FORMAT "%016llx.spool"
#define SPOOL_NAME_MAX    32

/* Little endian on disk. */
struct spool_segment_head {
	char mark[8];
	uint64_t target_hash;
};

struct spool_entry_head {
	uint32_t mark;
	uint32_t done;       /* written anew as parts are taken; in no checksum */
	uint64_t length;
	uint32_t checksum;   /* of the document */
	uint32_t head_checksum; /* of mark, length, checksum */
};

_Static_assert(sizeof(struct spool_segment_head) == 16, "as it is on disk");
_Static_assert(sizeof(struct spool_entry_head) == 24, "as it is on disk");

#define SPOOL_SEGMENT_MARK "weirspl1"
#define SPOOL_ENTRY_MARK   0x6e657277u
#define SPOOL_ALL_DONE     UINT32_MAX

struct spool_segment {
	struct spool_segment *next;
	uint64_t number;     /* its name */
	int fd;
	uint64_t bytes;      /* of the file, counted in the spool's */
	uint64_t waiting;    /* entries */
};

struct spool {
	int directory_fd;
	int lock_fd;
	uint64_t target_hash;
	uint64_t max_bytes;
	uint64_t segment_bytes;
	uint64_t next_number;

	/* the writer's */
	struct spool_segment *open;  /* NULL: the next document begins one */
	uint64_t start;              /* of the entry being written */
	uint64_t position;           /* where its next byte goes */
	uint32_t checksum;

	pthread_mutex_t mutex;       /* of all below */
	struct spool_segment *segments;
	struct spool_entry *queue;
	size_t first, count, capacity;
	uint64_t bytes;
	bool is_reading;             /* the first one */
};

uint32_t spool_checksum(uint32_t checksum, const void *bytes, size_t length);
uint32_t spool_head_checksum(const struct spool_entry_head *head);

/* All of them at that place of the file. 0 or negative errno. */
int spool_write_at(int fd, const void *bytes, size_t length, uint64_t position);

/* At the end of what waits; takes a place in its segment. False where memory fails. */
bool spool_push(struct spool *spool, const struct spool_entry *entry);

/* A segment at the end of the list. NULL where memory fails: the descriptor is the caller's. */
struct spool_segment *spool_add_segment(struct spool *spool, uint64_t number, int fd,
					uint64_t bytes);

/* Removes segments of which nothing waits, but not the one being written. */
void spool_sweep(struct spool *spool);

/* Finds what waits in the directory. 0 or negative errno, *reason as spool_open has it. */
int spool_recover(struct spool *spool, const char **reason);

#endif
