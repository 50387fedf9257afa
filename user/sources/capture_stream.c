/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture_stream.h"

#define WINDOW_BYTES  (1u << 20)
#define PACKED_BYTES  (128u << 10)
#define GZIP_ONLY     (16 + MAX_WBITS)
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
	if (stream->inflate)
		inflateEnd(stream->inflate);
	free(stream->inflate);
	free(stream->packed);
	free(stream->buffer);
	if (stream->fd >= 0)
		close(stream->fd);
	memset(stream, 0, sizeof(*stream));
	stream->fd = -1;
}

int capture_stream_unpack(struct capture_stream *stream)
{
	size_t left = capture_stream_left(stream);

	stream->packed = malloc(left > PACKED_BYTES ? left : PACKED_BYTES);
	stream->inflate = calloc(1, sizeof(*stream->inflate));
	if (!stream->packed || !stream->inflate)
		return -ENOMEM;
	if (inflateInit2(stream->inflate, GZIP_ONLY) != Z_OK)
		return -ENOMEM;
	memcpy(stream->packed, stream->pos, left);
	stream->inflate->next_in = stream->packed;
	stream->inflate->avail_in = (uInt)left;
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

static ssize_t stream_damaged(struct capture_stream *stream, const char *damage)
{
	stream->damage = damage;
	return -EBADMSG;
}

/* More packed input, at least one byte of it. 0 at the end of the file. */
static ssize_t stream_read_packed(struct capture_stream *stream)
{
	ssize_t length = stream_read(stream, stream->packed, PACKED_BYTES);

	if (length > 0) {
		stream->inflate->next_in = stream->packed;
		stream->inflate->avail_in = (uInt)length;
	}
	return length;
}

/*
 * A gzip file may be several members one after the other (RFC 1952, 2.2); what follows the last
 * one and is no member is padding.
 */
static ssize_t stream_next_member(struct capture_stream *stream)
{
	ssize_t length = 1;

	if (!stream->inflate->avail_in)
		length = stream_read_packed(stream);
	if (length <= 0)
		return length;
	return stream->inflate->next_in[0] == 0x1f && inflateReset(stream->inflate) == Z_OK;
}

/* As stream_read, of the unpacked bytes. */
static ssize_t stream_inflate(struct capture_stream *stream, void *into, size_t size)
{
	z_stream *inflater = stream->inflate;

	inflater->next_out = into;
	inflater->avail_out = (uInt)size;
	for (;;) {
		int status = inflate(inflater, Z_NO_FLUSH);
		ssize_t length = 1;

		if (inflater->avail_out < size)
			return (ssize_t)(size - inflater->avail_out);
		if (status == Z_STREAM_END)
			length = stream_next_member(stream);
		else if (status != Z_OK && status != Z_BUF_ERROR)
			return stream_damaged(stream, "gzip data is damaged");
		else if (!inflater->avail_in && (length = stream_read_packed(stream)) == 0)
			return stream_damaged(stream, "gzip data is cut short");
		if (length <= 0)
			return length;
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
			length = stream->inflate ? stream_inflate(stream, into, room)
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
