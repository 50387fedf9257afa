/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of bytes with a window on it: file, pipe or socket, unpacked on the way if it is
 * packed. Large reads into one buffer cost 1 ns a packet more than a mapping of the whole file,
 * but hold 1 MiB instead of all of it, and no truncated file can raise SIGBUS.
 */
#ifndef WEIR_CAPTURE_STREAM_H
#define WEIR_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_unpack.h"

#define CAPTURE_STREAM_NEED_MAX (16u << 20)

struct capture_stream {
	const uint8_t *pos;         /* bytes not yet consumed: pos to end */
	const uint8_t *end;
	uint8_t *buffer;
	size_t capacity;
	uint64_t end_offset;        /* of end, in the unpacked stream */
	int fd;
	bool may_wait;              /* pipe, socket or terminal */
	bool ended;
	struct unpacker unpacker;   /* of no kind: not packed */
	uint8_t *packed;
	const char *damage;         /* static text after -EBADMSG */
	uint64_t read_bytes;        /* from fd */
	uint64_t file_size;         /* 0: unknown */
};

/* Takes fd over, whatever the outcome. 0 or -ENOMEM. */
int capture_stream_open(struct capture_stream *stream, int fd);
void capture_stream_close(struct capture_stream *stream);

/* Unpacks the stream from here on. To be called before anything was consumed. 0 or -ENOMEM. */
int capture_stream_unpack(struct capture_stream *stream, const struct unpack_kind *kind);

/*
 * Makes at least size bytes (at most CAPTURE_STREAM_NEED_MAX) stand at pos; pointers into the
 * window are void afterwards. 0; -ENODATA where the stream ends before, with what there is at
 * pos; -EAGAIN; -EBADMSG; another negative errno.
 */
int capture_stream_need(struct capture_stream *stream, size_t size);

static inline size_t capture_stream_left(const struct capture_stream *stream)
{
	return (size_t)(stream->end - stream->pos);
}

/* Where pos is in the unpacked stream. */
static inline uint64_t capture_stream_offset(const struct capture_stream *stream)
{
	return stream->end_offset - capture_stream_left(stream);
}

#endif
