/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the spool share.
 */
#ifndef WEIR_SPOOL_PRIVATE_H
#define WEIR_SPOOL_PRIVATE_H

#include <pthread.h>

#include "spool_queue.h"

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

#endif
