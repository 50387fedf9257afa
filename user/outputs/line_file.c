/* SPDX-License-Identifier: BSD-2-Clause */
/* A *.ndjson file or standard output: a line for each document. */
#include "sink_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_CHUNK_BYTES 65536

static int note_regular(struct sink *sink)
{
	struct stat status;

	if (fstat(sink->fd, &status))
		return -errno;
	sink->is_regular = S_ISREG(status.st_mode);
	return 0;
}

/* Where the last line begins: after the last line feed, or 0. Negative errno. */
static off_t last_line_start(int fd, off_t end)
{
	char chunk[TAIL_CHUNK_BYTES];
	const char *feed;

	while (end > 0) {
		off_t start = end > (off_t)sizeof(chunk) ? end - (off_t)sizeof(chunk) : 0;
		ssize_t count = pread(fd, chunk, (size_t)(end - start), start);

		if (count != end - start)
			return count < 0 ? -errno : -EIO;
		feed = memrchr(chunk, '\n', (size_t)count);
		if (feed)
			return start + (feed - chunk) + 1;
		end = start;
	}
	return 0;
}

/* Follows the nesting of a JSON text that comes in pieces. */
struct nesting {
	uint64_t depth;
	bool in_string;
	bool escaped;
};

static void nesting_feed(struct nesting *nesting, char byte)
{
	if (nesting->escaped)
		nesting->escaped = false;
	else if (nesting->in_string && byte == '\\')
		nesting->escaped = true;
	else if (byte == '"')
		nesting->in_string = !nesting->in_string;
	else if (!nesting->in_string && byte == '{')
		nesting->depth++;
	else if (!nesting->in_string && byte == '}' && nesting->depth)
		nesting->depth--;
}

/* 1 where the braces from start to the end of the file do not close, 0 where they do. */
static int is_unclosed(int fd, off_t start)
{
	struct nesting nesting = { 0 };
	char chunk[TAIL_CHUNK_BYTES];
	ssize_t count;
	ssize_t i;

	while ((count = pread(fd, chunk, sizeof(chunk), start)) > 0) {
		for (i = 0; i < count; i++)
			nesting_feed(&nesting, chunk[i]);
		start += count;
	}
	if (count < 0)
		return -errno;
	return nesting.depth > 0 || nesting.in_string;
}

/* 1 where what stands from start on is the beginning of one of weir's documents, and no more. */
static int is_half_document(int fd, off_t start)
{
	char head[sizeof(JSON_DOCUMENT_START) - 1];
	ssize_t count = pread(fd, head, sizeof(head), start);

	if (count < 0)
		return -errno;
	if (count != (ssize_t)sizeof(head) || memcmp(head, JSON_DOCUMENT_START, sizeof(head)))
		return 0;
	return is_unclosed(fd, start);
}

static int mend_last_line(struct sink *sink, int fd, off_t size)
{
	off_t start = last_line_start(fd, size);
	int half;

	if (start < 0)
		return (int)start;
	if (start == size)
		return 0;
	half = is_half_document(fd, start);
	if (half < 0)
		return half;
	if (half)
		return ftruncate(sink->fd, start) ? -errno : 0;
	sink->torn = true;
	return 0;
}

/* What a crash of an earlier run may have left. A file that may not be read is taken as whole. */
static int mend_file(struct sink *sink)
{
	struct stat status;
	int fd;
	int err;

	if (fstat(sink->fd, &status))
		return -errno;
	if (!status.st_size)
		return 0;
	fd = open(sink->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	err = mend_last_line(sink, fd, status.st_size);
	close(fd);
	return err;
}

/* Notes whether the file was there, so that a run that fails at its start leaves none behind. */
static int open_or_create(struct sink *sink)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY;

	sink->fd = open(sink->name, flags);
	if (sink->fd < 0 && errno == ENOENT) {
		sink->fd = open(sink->name, flags | O_CREAT, 0644);
		sink->created = true;
	}
	return sink->fd < 0 ? -errno : 0;
}

static int line_file_open(struct sink *sink, const char **reason)
{
	int err = open_or_create(sink);

	(void)reason;
	if (err)
		return err;
	err = note_regular(sink);
	if (err || !sink->is_regular)
		return err;
	/* Two writers would cut each other's lines. */
	if (flock(sink->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return mend_file(sink);
}

static int standard_output_open(struct sink *sink, const char **reason)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	(void)reason;
	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	sink->fd = STDOUT_FILENO;
	return note_regular(sink);
}

/* Where the next byte goes: a file may be shared, and standard output need not be appended to. */
static int note_start(struct sink *sink)
{
	struct stat status;
	int flags = fcntl(sink->fd, F_GETFL);

	if (flags < 0 || fstat(sink->fd, &status))
		return -errno;
	sink->document_start = status.st_size;
	if (flags & O_APPEND)
		return 0;
	sink->document_start = lseek(sink->fd, 0, SEEK_CUR);
	return sink->document_start < 0 ? -errno : 0;
}

/* An unfinished line of somebody else, or one that could not be cut off, ends here. */
static int end_torn_line(struct sink *sink)
{
	int err;

	if (!sink->torn)
		return 0;
	err = sink_write_bytes(sink, "\n", 1);
	if (err)
		return err;
	sink->torn = false;
	sink->written_bytes = 0;
	return 0;
}

static int line_file_begin(struct sink *sink)
{
	int err = end_torn_line(sink);

	return err || !sink->is_regular ? err : note_start(sink);
}

static int line_file_commit(struct sink *sink)
{
	(void)sink;
	return 0;
}

/* Cuts off what was written of this document, unless another has written behind it. */
static bool cut_back(struct sink *sink)
{
	struct stat status;

	if (!sink->is_regular || fstat(sink->fd, &status))
		return false;
	if (status.st_size != sink->document_start + (off_t)sink->written_bytes)
		return false;
	return !ftruncate(sink->fd, sink->document_start) &&
	       lseek(sink->fd, sink->document_start, SEEK_SET) >= 0;
}

static void line_file_cancel(struct sink *sink)
{
	if (sink->written_bytes && !cut_back(sink))
		sink->torn = true;
}

static bool is_created_in_vain(const struct sink *sink)
{
	struct stat status;

	return sink->created && sink->is_regular && !fstat(sink->fd, &status) && !status.st_size;
}

static int line_file_close(struct sink *sink)
{
	int err = 0;

	if (sink->fd < 0)
		return 0;
	if (is_created_in_vain(sink))
		unlink(sink->name);
	if (sink->is_regular && fsync(sink->fd))
		err = -errno;
	if (close(sink->fd) && !err)
		err = -errno;
	return err;
}

/* Standard output is not this program's to close. */
static int standard_output_close(struct sink *sink)
{
	return sink->is_regular && fsync(sink->fd) ? -errno : 0;
}

const struct sink_kind line_file_kind = {
	.open = line_file_open,
	.begin = line_file_begin,
	.commit = line_file_commit,
	.cancel = line_file_cancel,
	.close = line_file_close,
};

const struct sink_kind standard_output_kind = {
	.open = standard_output_open,
	.begin = line_file_begin,
	.commit = line_file_commit,
	.cancel = line_file_cancel,
	.close = standard_output_close,
};
