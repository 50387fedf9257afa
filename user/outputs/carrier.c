/* SPDX-License-Identifier: BSD-2-Clause */
#include "carrier.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 0 once fd is ready for events (or was not within the time), -ECANCELED by the hangup. */
static int wait_for(const struct carrier *carrier, int fd, short events, int milliseconds)
{
	struct pollfd polled[] = {
		{ .fd = carrier->config.hangup_fd, .events = carrier->config.hangup_events },
		{ .fd = fd, .events = events },
	};

	if (poll(polled, 2, milliseconds) < 0)
		return errno == EINTR ? 0 : -errno;
	return polled[0].revents ? -ECANCELED : 0;
}

int carrier_pause(const struct carrier *carrier, int milliseconds)
{
	return wait_for(carrier, -1, 0, milliseconds);
}

/*
 * Standard output may be a pipe or a terminal that others use too, so that its flags are not
 * ours to set: it takes PIPE_BUF bytes without blocking where poll finds it writable.
 */
static ssize_t write_part(struct carrier *carrier, const char *bytes, size_t length)
{
	int err;

	if (!carrier->kind->is_shared || carrier->is_regular)
		return write(carrier->fd, bytes, length);
	err = wait_for(carrier, carrier->fd, POLLOUT, -1);
	if (err) {
		errno = -err;
		return -1;
	}
	return write(carrier->fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

/* 0 where writing may go on after errno. */
static int write_retry(const struct carrier *carrier)
{
	if (errno == EINTR)
		return 0;
	if (errno == EAGAIN)
		return wait_for(carrier, carrier->fd, POLLOUT, -1);
	return -errno;
}

int carrier_write_bytes(struct carrier *carrier, const char *bytes, size_t length)
{
	int err = 0;

	while (length && !err) {
		ssize_t count = write_part(carrier, bytes, length);

		if (count < 0) {
			err = write_retry(carrier);
			continue;
		}
		bytes += count;
		length -= (size_t)count;
		carrier->written_bytes += (uint64_t)count;
	}
	return err;
}

int carrier_open(const struct carrier_kind *kind, const struct carrier_config *config,
		 struct carrier **result, const char **reason)
{
	struct carrier *carrier = calloc(1, sizeof(*carrier));
	int err;

	*result = NULL;
	if (!carrier)
		return -ENOMEM;
	carrier->kind = kind;
	carrier->config = *config;
	carrier->fd = -1;
	carrier->directory_fd = -1;
	err = kind->open(carrier, reason);
	if (err) {
		carrier_close(carrier);
		return err;
	}
	*result = carrier;
	return 0;
}

void carrier_news_add(struct carrier_news *news, const char *line, uint64_t lost)
{
	size_t used = strlen(news->lines), room = sizeof(news->lines) - used;

	news->lost += lost;
	if (line && *line && strlen(line) + 2 <= room)
		snprintf(news->lines + used, room, "%s%s", used ? "\n" : "", line);
}

void carrier_take_news(struct carrier *carrier, struct carrier_news *news)
{
	*news = carrier->news;
	memset(&carrier->news, 0, sizeof(carrier->news));
}

int carrier_close(struct carrier *carrier)
{
	struct carrier_news news;

	return carrier_close_telling(carrier, &news);
}

int carrier_close_telling(struct carrier *carrier, struct carrier_news *news)
{
	int err;

	memset(news, 0, sizeof(*news));
	if (!carrier)
		return 0;
	err = carrier->kind->close(carrier);
	carrier_take_news(carrier, news);
	free(carrier->base_name);
	free(carrier);
	return err;
}
