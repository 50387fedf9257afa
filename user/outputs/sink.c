/* SPDX-License-Identifier: BSD-2-Clause */
#include "sink_kind.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/clock.h"

static bool has_suffix(const char *name, const char *suffix)
{
	size_t name_length = strlen(name);
	size_t length = strlen(suffix);

	return name_length > length && !strcmp(name + name_length - length, suffix);
}

static const struct sink_kind *sink_kind_of(const char *name)
{
	if (!strcmp(name, "-"))
		return &standard_output_kind;
	if (has_suffix(name, ".json"))
		return &document_file_kind;
	if (has_suffix(name, ".ndjson"))
		return &line_file_kind;
	return NULL;
}

const char *sink_name_refused(const char *name, size_t window_count)
{
	const struct sink_kind *kind = sink_kind_of(name);

	if (!kind)
		return "an output is named *.json, *.ndjson or -";
	if (kind == &document_file_kind && window_count > 1)
		return "*.json holds one window: give one -w, or name it *.ndjson";
	return NULL;
}

static int wait_until_writable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };

	return poll(&pollfd, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* 0 where writing may go on after errno. */
static int write_retry(int fd)
{
	if (errno == EINTR)
		return 0;
	if (errno == EAGAIN)
		return wait_until_writable(fd);
	return -errno;
}

int sink_write_bytes(struct sink *sink, const char *bytes, size_t length)
{
	int err = 0;

	while (length && !err) {
		ssize_t count = write(sink->fd, bytes, length);

		if (count < 0) {
			err = write_retry(sink->fd);
			continue;
		}
		bytes += count;
		length -= (size_t)count;
		sink->written_bytes += (uint64_t)count;
	}
	return err;
}

static int drain_text(void *context, const char *bytes, size_t length)
{
	return sink_write_bytes(context, bytes, length);
}

static struct sink *sink_create(const char *name)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->kind = sink_kind_of(name);
	sink->fd = -1;
	sink->directory_fd = -1;
	sink->text.drain = drain_text;
	sink->text.drain_context = sink;
	sink->stats.opened_ns = clock_monotonic_ns();
	sink->name = strdup(name);
	if (!sink->name) {
		free(sink);
		return NULL;
	}
	return sink;
}

int sink_open(const char *name, size_t window_count, struct sink **sink, const char **reason)
{
	struct sink *opened;
	int err;

	*sink = NULL;
	*reason = sink_name_refused(name, window_count);
	if (*reason)
		return -EINVAL;
	opened = sink_create(name);
	if (!opened)
		return -ENOMEM;
	signal(SIGPIPE, SIG_IGN);
	err = opened->kind->open(opened, reason);
	if (err) {
		sink_close(opened);
		return err;
	}
	*sink = opened;
	return 0;
}

static int write_document(struct sink *sink, const struct document_context *context,
			  const struct window_result *result)
{
	struct text *text = &sink->text;
	int err = sink->kind->begin(sink);

	if (err)
		return err;
	text->length = 0;
	text->err = 0;
	err = json_document(text, context, result, &sink->stats, sink->kind->pretty);
	if (!err)
		err = text_flush(text);
	return err ? err : sink->kind->commit(sink);
}

int sink_write(struct sink *sink, const struct document_context *context,
	       const struct window_result *result)
{
	uint64_t start_ns = clock_monotonic_ns();
	int err;

	sink->stats.age_ns = start_ns - sink->stats.opened_ns;
	sink->written_bytes = 0;
	err = write_document(sink, context, result);
	if (err) {
		sink->kind->cancel(sink);
		sink->stats.errors++;
	} else {
		sink->stats.written++;
	}
	sink->stats.last_ns = clock_monotonic_ns() - start_ns;
	return err;
}

const struct sink_stats *sink_stats(const struct sink *sink)
{
	return &sink->stats;
}

const char *sink_name(const struct sink *sink)
{
	return sink->name;
}

int sink_close(struct sink *sink)
{
	int err;

	if (!sink)
		return 0;
	err = sink->kind->close(sink);
	text_fini(&sink->text);
	free(sink->base_name);
	free(sink->name);
	free(sink);
	return err;
}
