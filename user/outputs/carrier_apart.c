/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent's end of a carrier in a process of its own. */
#include "carrier_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "carrier_process.h"

/* Only somebody who kills the process closes its end. */
static int connection_err(int err)
{
	return err == EPIPE || err == ECONNRESET ? -EOWNERDEAD : -err;
}

/* 0 once fd may be ready, -ECANCELED where waiting is over before. */
static int apart_wait(const struct carrier *carrier, short events)
{
	struct pollfd polled[] = {
		{ .fd = carrier->config.hangup_fd, .events = carrier->config.hangup_events },
		{ .fd = carrier->fd, .events = events },
	};

	if (poll(polled, 2, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	return polled[0].revents ? -ECANCELED : 0;
}

static int apart_send(struct carrier *carrier, const void *bytes, size_t length)
{
	const char *from = bytes;
	int err = 0;

	while (length && !err) {
		ssize_t count = send(carrier->fd, from, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count >= 0) {
			from += count;
			length -= (size_t)count;
		} else if (errno == EAGAIN) {
			err = apart_wait(carrier, POLLOUT);
		} else if (errno != EINTR) {
			err = connection_err(errno);
			/* What follows would be taken for the rest of this one. */
			shutdown(carrier->fd, SHUT_RDWR);
		}
	}
	return err;
}

static int apart_receive(struct carrier *carrier, struct carrier_answer *answer)
{
	size_t have = 0;
	int err = 0;

	while (have < sizeof(*answer) && !err) {
		ssize_t count = recv(carrier->fd, (char *)answer + have, sizeof(*answer) - have,
				     MSG_DONTWAIT);

		if (count > 0)
			have += (size_t)count;
		else if (count == 0)
			err = -EOWNERDEAD;
		else if (errno == EAGAIN)
			err = apart_wait(carrier, POLLIN);
		else if (errno != EINTR)
			err = connection_err(errno);
	}
	if (!err)
		carrier_news_add(&carrier->news, answer->news.lines, answer->news.lost);
	return err;
}

static int apart_request(struct carrier *carrier, enum carrier_request request, size_t length)
{
	struct carrier_message message = { request, (uint32_t)length };

	return apart_send(carrier, &message, sizeof(message));
}

static int apart_ask(struct carrier *carrier, enum carrier_request request)
{
	struct carrier_answer answer;
	int err = apart_request(carrier, request, 0);

	if (!err)
		err = apart_receive(carrier, &answer);
	return err ? err : answer.err;
}

static int apart_begin(struct carrier *carrier)
{
	return apart_request(carrier, CARRIER_BEGIN, 0);
}

static int apart_write(struct carrier *carrier, const char *bytes, size_t length)
{
	int err = 0;

	while (length && !err) {
		size_t part = length < CARRIER_WRITE_MAX ? length : CARRIER_WRITE_MAX;

		err = apart_request(carrier, CARRIER_WRITE, part);
		if (!err)
			err = apart_send(carrier, bytes, part);
		bytes += part;
		length -= part;
	}
	return err;
}

static int apart_commit(struct carrier *carrier)
{
	return apart_ask(carrier, CARRIER_COMMIT);
}

static int apart_reopen(struct carrier *carrier)
{
	return apart_ask(carrier, CARRIER_REOPEN);
}

/* One that could not be waited for any more is left to itself: it ends by the closed socket. */
static void apart_part(struct carrier *carrier, int err)
{
	if (carrier->fd >= 0)
		close(carrier->fd);
	carrier->fd = -1;
	if (carrier->pid <= 0)
		return;
	/* In a write to what others hold open too the closed socket may never be seen. */
	if (err == -ECANCELED && carrier->config.apart->is_shared)
		kill(carrier->pid, SIGKILL);
	waitpid(carrier->pid, NULL, err == -ECANCELED ? WNOHANG : 0);
	carrier->pid = 0;
}

static void apart_cancel(struct carrier *carrier)
{
	if (apart_request(carrier, CARRIER_CANCEL, 0))
		return; /* there is nobody who would have anything to cancel */
}

static int apart_close(struct carrier *carrier)
{
	int err = carrier->fd < 0 ? 0 : apart_ask(carrier, CARRIER_CLOSE);

	apart_part(carrier, err);
	return err;
}

static int apart_start(struct carrier *carrier, int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	carrier->pid = fork();
	if (carrier->pid < 0) {
		int err = -errno;

		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (!carrier->pid)
		carrier_process_run(carrier->config.apart, &carrier->config, ends[1]);
	close(ends[1]);
	carrier->fd = ends[0];
	return 0;
}

static int apart_open(struct carrier *carrier, const char **reason)
{
	struct carrier_answer answer = { 0 };
	int ends[2], err = apart_start(carrier, ends);

	if (!err)
		err = apart_receive(carrier, &answer);
	if (!err && !answer.err)
		return 0;
	*reason = answer.reason;
	apart_part(carrier, err);
	return err ? err : answer.err;
}

static const struct carrier_kind apart_kind = {
	.open = apart_open,
	.begin = apart_begin,
	.write = apart_write,
	.commit = apart_commit,
	.cancel = apart_cancel,
	.reopen = apart_reopen,
	.close = apart_close,
};

int carrier_open_apart(const struct carrier_kind *kind, const struct carrier_config *config,
		       struct carrier **carrier, const char **reason)
{
	struct carrier_config apart = *config;

	apart.apart = kind;
	return carrier_open(&apart_kind, &apart, carrier, reason);
}
