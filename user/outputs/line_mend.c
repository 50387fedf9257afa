/* SPDX-License-Identifier: BSD-2-Clause */
#include "line_mend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

/* Where the last line begins: after the last line feed, or 0. Negative errno. */
static off_t last_line_start(int fd, off_t end)
{
	char chunk[CHUNK_BYTES];
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
	char chunk[CHUNK_BYTES];
	ssize_t count;

	while ((count = pread(fd, chunk, sizeof(chunk), start)) > 0) {
		for (ssize_t i = 0; i < count; i++)
			nesting_feed(&nesting, chunk[i]);
		start += count;
	}
	if (count < 0)
		return -errno;
	return nesting.depth > 0 || nesting.in_string;
}

/* 1 where what stands at start begins with text, of which wanted bytes must be there. */
static int begins_with(int fd, off_t start, const char *text, size_t wanted)
{
	char bytes[4096];
	ssize_t count = pread(fd, bytes, wanted < sizeof(bytes) ? wanted : sizeof(bytes), start);

	if (count < 0)
		return -errno;
	return count == (ssize_t)wanted && !memcmp(bytes, text, wanted);
}

/* 1 where what stands from start on is the beginning of one of weir's own lines, and no more. */
static int is_half_line(int fd, off_t start, const struct carrier_config *config)
{
	int ours;

	if (config->head)
		return 1;
	if (!config->line_start)
		return 0;
	ours = begins_with(fd, start, config->line_start, strlen(config->line_start));
	return ours > 0 ? is_unclosed(fd, start) : ours;
}

/* A file with a head is weir's own altogether, were it only the beginning of the head. */
static int check_head(int fd, off_t size, const struct carrier_config *config,
		      const char **reason)
{
	size_t length;
	int same;

	if (!config->head)
		return 0;
	length = strlen(config->head);
	same = begins_with(fd, 0, config->head, size < (off_t)length ? (size_t)size : length);
	if (same)
		return same < 0 ? same : 0;
	*reason = "it holds other columns: move it away, or name another file";
	return -EINVAL;
}

static int mend_last_line(int fd, off_t size, int read_fd, const struct carrier_config *config)
{
	off_t start = last_line_start(read_fd, size);
	int half;

	if (start < 0)
		return (int)start;
	if (start == size)
		return LINES_WHOLE;
	half = is_half_line(read_fd, start, config);
	if (half < 0)
		return half;
	if (!half)
		return LINES_TORN;
	return ftruncate(fd, start) ? -errno : LINES_WHOLE;
}

int line_mend(int fd, const struct carrier_config *config, const char **reason)
{
	struct stat status;
	int read_fd;
	int err;

	if (fstat(fd, &status))
		return -errno;
	if (!status.st_size)
		return LINES_WHOLE;
	read_fd = open(config->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (read_fd < 0)
		return errno == EACCES ? LINES_WHOLE : -errno;
	err = check_head(read_fd, status.st_size, config, reason);
	if (!err)
		err = mend_last_line(fd, status.st_size, read_fd, config);
	close(read_fd);
	return err;
}

static bool is_marked(const struct journal_mark *mark, const struct stat *status)
{
	return mark->inode == status->st_ino && mark->device == status->st_dev;
}

/* Where that fails, line_mend still cuts half a line. */
static void cut_to(int fd, const struct stat *status, const struct journal_mark *mark)
{
	if ((uint64_t)status->st_size > mark->offset && ftruncate(fd, (off_t)mark->offset))
		return;
}

/* It was renamed (as logrotate does): the directory still has it. */
static void restore_renamed(const char *name, const struct journal_mark *mark)
{
	const char *slash = strrchr(name, '/');
	char path[PATH_MAX];
	const struct dirent *entry;
	struct stat status;
	DIR *directory;

	snprintf(path, sizeof(path), "%.*s", slash ? (int)(slash - name + 1) : 1,
		 slash ? name : ".");
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		int fd;

		if (entry->d_ino != mark->inode)
			continue;
		fd = openat(dirfd(directory), entry->d_name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		if (!fstat(fd, &status) && is_marked(mark, &status))
			cut_to(fd, &status, mark);
		close(fd);
	}
	if (directory)
		closedir(directory);
}

void line_restore(int fd, const struct carrier_config *config)
{
	struct journal_mark mark;
	struct stat status;

	if (!config->journal || !journal_take_resumed(config->journal))
		return;
	mark = journal_mark(config->journal);
	if (!mark.inode || fstat(fd, &status))
		return;
	if (is_marked(&mark, &status))
		cut_to(fd, &status, &mark);
	else
		restore_renamed(config->name, &mark);
}
