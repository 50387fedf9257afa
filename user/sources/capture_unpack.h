/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks a stream that is gzip'd (RFC 1952) or zstd-compressed (RFC 8878), with bounded memory:
 * of a zstd frame, a window of 128 MiB at most, as zstd itself has it. Several members or frames,
 * one after the other, read as one.
 */
#ifndef WEIR_CAPTURE_UNPACK_H
#define WEIR_CAPTURE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The first bytes of a file that it takes to tell. */
#define UNPACK_MAGIC_BYTES 4

struct unpack_kind;

/* What such a file begins with; NULL where it is not packed. */
const struct unpack_kind *unpack_kind_of(const uint8_t magic[UNPACK_MAGIC_BYTES]);

struct unpacker {
	const struct unpack_kind *kind;
	void *state;
	const uint8_t *next;  /* input that is not used yet, of the caller */
	size_t left;
	bool is_between;      /* the input may end here */
	const char *damage;   /* static text after -EBADMSG */
};

/* 0 or -ENOMEM; to be closed in any case. */
int unpacker_open(struct unpacker *unpacker, const struct unpack_kind *kind);
void unpacker_close(struct unpacker *unpacker);

/*
 * Unpacks into size bytes. How many there are; 0 where it takes more input (left is 0); -ENODATA
 * after the last member; -EBADMSG; -ENOMEM.
 */
ssize_t unpacker_run(struct unpacker *unpacker, void *into, size_t size);

/* What is wrong where the input ends and is_between is not set. */
const char *unpacker_cut(const struct unpacker *unpacker);

#endif
