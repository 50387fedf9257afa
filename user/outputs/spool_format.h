/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spool on disk: segments, which begin with a head, and entries behind it.
 */
#ifndef WEIR_SPOOL_FORMAT_H
#define WEIR_SPOOL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

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

uint32_t spool_checksum(uint32_t checksum, const void *bytes, size_t length);
uint32_t spool_head_checksum(const struct spool_entry_head *head);

/* All of them at that place of the file. 0 or negative errno. */
int spool_write_at(int fd, const void *bytes, size_t length, uint64_t position);

#endif
