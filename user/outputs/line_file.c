/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that grows, a named pipe, or standard output. */
#include "line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "line_mend.h"

#define READER_WAIT_MS 50

static int note_regular(struct carrier *carrier)
{
	struct stat status;

	if (fstat(carrier->fd, &status))
		return -errno;
	carrier->is_regular = S_ISREG(status.st_mode);
	return 0;
}

/*
 * Notes whether the file was there, so that a run that fails at its start leaves none behind.
 * Without O_NONBLOCK a named pipe would hold up the opening until somebody reads it.
 */
static int open_or_create(struct carrier *carrier)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	carrier->created = false;
	carrier->fd = open(carrier->config.name, flags);
	if (carrier->fd < 0 && errno == ENOENT) {
		carrier->fd = open(carrier->config.name, flags | O_CREAT, 0644);
		carrier->created = true;
	}
	return carrier->fd < 0 ? -errno : 0;
}

static void line_file_drop(struct carrier *carrier)
{
	if (carrier->fd >= 0)
		close(carrier->fd);
	carrier->fd = -1;
}

static int take_regular(struct carrier *carrier, const char **reason)
{
	int mended;

	/* Two writers would cut each other's lines. */
	if (flock(carrier->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	line_restore(carrier->fd, &carrier->config);
	mended = line_mend(carrier->fd, &carrier->config, reason);
	carrier->torn = mended == LINES_TORN;
	return mended < 0 ? mended : 0;
}

static bool is_named_pipe(const char *name)
{
	struct stat status;

	return !stat(name, &status) && S_ISFIFO(status.st_mode);
}

/* -ENXIO where it is a named pipe that nobody reads. */
static int line_file_take(struct carrier *carrier, const char **reason)
{
	int err = open_or_create(carrier);

	if (err)
		return err;
	carrier->torn = false;
	carrier->head_due = true;
	err = note_regular(carrier);
	if (!err && carrier->is_regular)
		err = take_regular(carrier, reason);
	if (err)
		line_file_drop(carrier);
	return err;
}

static int line_file_open(struct carrier *carrier, const char **reason)
{
	int err = line_file_take(carrier, reason);

	return err == -ENXIO && is_named_pipe(carrier->config.name) ? 0 : err;
}

static int standard_output_open(struct carrier *carrier, const char **reason)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	(void)reason;
	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	carrier->fd = STDOUT_FILENO;
	carrier->head_due = true;
	return note_regular(carrier);
}

/* Where the next byte goes: a file may be shared, and standard output need not be appended to. */
static int note_start(struct carrier *carrier)
{
	struct stat status;
	int flags = fcntl(carrier->fd, F_GETFL);

	if (flags < 0 || fstat(carrier->fd, &status))
		return -errno;
	carrier->document_start = status.st_size;
	if (flags & O_APPEND)
		return 0;
	carrier->document_start = lseek(carrier->fd, 0, SEEK_CUR);
	return carrier->document_start < 0 ? -errno : 0;
}

/* An unfinished line of somebody else, or one that could not be cut off, ends here. */
static int end_torn_line(struct carrier *carrier)
{
	int err;

	if (!carrier->torn)
		return 0;
	err = carrier_write_bytes(carrier, "\n", 1);
	if (!err)
		carrier->torn = false;
	return err;
}

static int write_head(struct carrier *carrier)
{
	const char *head = carrier->config.head;

	if (!head || !carrier->head_due || (carrier->is_regular && carrier->document_start))
		return 0;
	return carrier_write_bytes(carrier, head, strlen(head));
}

/* What goes into a pipe cannot be taken back. */
static int journal_note(const struct carrier *carrier, bool is_done)
{
	struct journal *journal = carrier->config.journal;
	off_t end = carrier->document_start + (is_done ? (off_t)carrier->written_bytes : 0);
	struct stat status;

	if (!journal)
		return 0;
	if (fstat(carrier->fd, &status))
		return -errno;
	if (is_done || !carrier->is_regular)
		journal_file_commit(journal, status.st_dev, status.st_ino, end);
	else
		journal_file_begin(journal, status.st_dev, status.st_ino, end);
	return 0;
}

static int lines_begin(struct carrier *carrier)
{
	int err = end_torn_line(carrier);

	carrier->written_bytes = 0;
	if (!err && carrier->is_regular)
		err = note_start(carrier);
	if (!err && carrier->kind == &line_file_kind)
		err = journal_note(carrier, false);
	return err ? err : write_head(carrier);
}

/* Opens a named pipe once somebody reads it, anything else at once. */
static int wait_until_open(struct carrier *carrier)
{
	const char *reason;
	int err;

	while ((err = line_file_take(carrier, &reason)) == -ENXIO &&
	       is_named_pipe(carrier->config.name)) {
		err = carrier_pause(carrier, READER_WAIT_MS);
		if (err)
			return err;
	}
	return err;
}

/* A file without a name is seen by nobody. One that was renamed is written on. */
static bool is_deleted(const struct carrier *carrier)
{
	struct stat status;

	return carrier->is_regular && !fstat(carrier->fd, &status) && !status.st_nlink;
}

static int line_file_begin(struct carrier *carrier)
{
	int err = 0;

	if (carrier->fd >= 0 && is_deleted(carrier))
		line_file_drop(carrier);
	if (carrier->fd < 0)
		err = wait_until_open(carrier);
	return err ? err : lines_begin(carrier);
}

static int line_file_commit(struct carrier *carrier)
{
	carrier->head_due = false;
	return carrier->is_regular ? journal_note(carrier, true) : 0;
}

static int lines_commit(struct carrier *carrier)
{
	carrier->head_due = false;
	return 0;
}

/* Cuts off what was written of this document, unless another has written behind it. */
static bool cut_back(struct carrier *carrier)
{
	struct stat status;

	if (!carrier->is_regular || fstat(carrier->fd, &status))
		return false;
	if (status.st_size != carrier->document_start + (off_t)carrier->written_bytes)
		return false;
	return !ftruncate(carrier->fd, carrier->document_start) &&
	       lseek(carrier->fd, carrier->document_start, SEEK_SET) >= 0;
}

static void lines_cancel(struct carrier *carrier)
{
	if (carrier->fd >= 0 && carrier->written_bytes && !cut_back(carrier))
		carrier->torn = true;
	carrier->written_bytes = 0;
}

/* The reader of a named pipe may have gone: the next one shall begin with a whole document. */
static void line_file_cancel(struct carrier *carrier)
{
	if (carrier->fd >= 0 && is_named_pipe(carrier->config.name))
		line_file_drop(carrier);
	lines_cancel(carrier);
}

static bool is_created_in_vain(const struct carrier *carrier)
{
	struct stat status, named;

	return carrier->created && carrier->is_regular && !fstat(carrier->fd, &status) &&
	       !status.st_size && !stat(carrier->config.name, &named) &&
	       named.st_ino == status.st_ino && named.st_dev == status.st_dev;
}

static int line_file_close(struct carrier *carrier)
{
	int fd = carrier->fd, err = 0;

	if (fd < 0)
		return 0;
	if (is_created_in_vain(carrier))
		unlink(carrier->config.name);
	if (carrier->is_regular && fsync(fd))
		err = -errno;
	carrier->fd = -1;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* What is no file has nothing that could have been renamed. */
static int line_file_reopen(struct carrier *carrier)
{
	const char *reason;
	int err;

	if (carrier->fd >= 0 && !carrier->is_regular)
		return 0;
	err = line_file_close(carrier);
	if (!err)
		err = line_file_open(carrier, &reason);
	return err;
}

static int standard_output_reopen(struct carrier *carrier)
{
	(void)carrier;
	return 0;
}

/* Standard output is not this program's to close. */
static int standard_output_close(struct carrier *carrier)
{
	return carrier->is_regular && fsync(carrier->fd) ? -errno : 0;
}

const struct carrier_kind line_file_kind = {
	.open = line_file_open,
	.begin = line_file_begin,
	.write = carrier_write_bytes,
	.commit = line_file_commit,
	.cancel = line_file_cancel,
	.reopen = line_file_reopen,
	.close = line_file_close,
	.rule = JOURNAL_OF_FILE,
	.has_file = true,
};

const struct carrier_kind standard_output_kind = {
	.open = standard_output_open,
	.begin = lines_begin,
	.write = carrier_write_bytes,
	.commit = lines_commit,
	.cancel = lines_cancel,
	.reopen = standard_output_reopen,
	.close = standard_output_close,
	.is_shared = true,
};
