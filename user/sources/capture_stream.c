/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_stream.h"

#define WINDOW_BYTES  (1u << 20)
#define PACKED_BYTES  (128u << 10)
#define WAIT_MS       100

int capture_stream_open(struct capture_stream *stream, int fd)
{
	struct stat status;

	memset(stream, 0, sizeof(*stream));
	stream->fd = fd;
	stream->may_wait = true;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		stream->may_wait = false;
		stream->file_size = (uint64_t)status.st_size;
	}
	stream->buffer = malloc(WINDOW_BYTES);
	if (!stream->buffer) {
		capture_stream_close(stream);
		return -ENOMEM;
	}
	stream->capacity = WINDOW_BYTES;
	stream->pos = stream->end = stream->buffer;
	return 0;
}

void capture_stream_close(struct capture_stream *stream)
{
	unpacker_close(&stream->unpacker);
	free(stream->packed);
	free(stream->buffer);
	if (stream->fd >= 0)
		close(stream->fd);
	memset(stream, 0, sizeof(*stream));
	stream->fd = -1;
}

int capture_stream_unpack(struct capture_stream *stream, const struct unpack_kind *kind)
{
	size_t left = capture_stream_left(stream);
	int err;

	stream->packed = malloc(left > PACKED_BYTES ? left : PACKED_BYTES);
	if (!stream->packed)
		return -ENOMEM;
	err = unpacker_open(&stream->unpacker, kind);
	if (err)
		return err;
	memcpy(stream->packed, stream->pos, left);
	stream->unpacker.next = stream->packed;
	stream->unpacker.left = left;
	stream->pos = stream->end = stream->buffer;
	stream->end_offset = 0;
	return 0;
}

/* Bytes read; 0 at the end; negative errno. */
static ssize_t stream_read(struct capture_stream *stream, void *into, size_t size)
{
	ssize_t length;

	if (stream->may_wait) {
		struct pollfd ready = { .fd = stream->fd, .events = POLLIN };

		if (poll(&ready, 1, WAIT_MS) <= 0)
			return -EAGAIN;
	}
	length = read(stream->fd, into, size);
	if (length < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	stream->read_bytes += (uint64_t)length;
	return length;
}

/* More packed input, at least one byte of it. 0 at the end of the file. */
static ssize_t stream_read_packed(struct capture_stream *stream)
{
	ssize_t length = stream_read(stream, stream->packed, PACKED_BYTES);

	if (length > 0) {
		stream->unpacker.next = stream->packed;
		stream->unpacker.left = (size_t)length;
	}
	return length;
}

/* As stream_read, of the unpacked bytes. */
static ssize_t stream_unpack(struct capture_stream *stream, void *into, size_t size)
{
	struct unpacker *unpacker = &stream->unpacker;

	for (;;) {
		ssize_t length = unpacker_run(unpacker, into, size);

		stream->damage = unpacker->damage;
		if (length)
			return length == -ENODATA ? 0 : length;
		length = stream_read_packed(stream);
		if (length < 0 || (!length && unpacker->is_between))
			return length;
		if (!length) {
			stream->damage = unpacker_cut(unpacker);
			return -EBADMSG;
		}
	}
}

/* Moves what is left to the front of a buffer that holds at least size bytes. */
static int stream_make_room(struct capture_stream *stream, size_t size)
{
	size_t left = capture_stream_left(stream);

	if (size > stream->capacity) {
		uint8_t *larger = malloc(size);

		if (!larger)
			return -ENOMEM;
		memcpy(larger, stream->pos, left);
		free(stream->buffer);
		stream->buffer = larger;
		stream->capacity = size;
	} else {
		memmove(stream->buffer, stream->pos, left);
	}
	stream->pos = stream->buffer;
	stream->end = stream->buffer + left;
	return 0;
}

int capture_stream_need(struct capture_stream *stream, size_t size)
{
	if (capture_stream_left(stream) >= size)
		return 0;
	if (stream_make_room(stream, size))
		return -ENOMEM;
	while (capture_stream_left(stream) < size) {
		uint8_t *into = stream->buffer + capture_stream_left(stream);
		size_t room = stream->capacity - capture_stream_left(stream);
		ssize_t length = 0;

		if (!stream->ended)
			length = stream->unpacker.kind ? stream_unpack(stream, into, room)
						       : stream_read(stream, into, room);
		if (length < 0)
			return (int)length;
		stream->ended = length == 0;
		if (stream->ended)
			return -ENODATA;
		stream->end += length;
		stream->end_offset += (uint64_t)length;
	}
	return 0;
}
