/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that writes. Nothing here returns to what the agent had begun. */
#include "carrier_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carrier_rights.h"

#define INHERITED_MAX 1024 /* descriptors of the agent; it opens outputs first */

struct server {
	struct carrier *carrier;
	int fd;
	char *buffer;
	bool has_document; /* begun, and neither committed nor cancelled */
	int err;           /* of the document at hand */
};

/* The agent decides when this process ends: it closes the socket, dying if need be. */
static void ignore_signals(void)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
				   SIGTSTP, SIGCONT };
	sigset_t blocked;

	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&blocked, own[i]);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* What is closed on exec is the agent's: sockets of other outputs must not be held open here. */
static void drop_agent_files(int kept)
{
	for (int fd = STDERR_FILENO + 1; fd < INHERITED_MAX; fd++) {
		int flags = fd == kept ? -1 : fcntl(fd, F_GETFD);

		if (flags >= 0 && flags & FD_CLOEXEC)
			close(fd);
	}
}

static void note_inherited_files(bool inherited[INHERITED_MAX])
{
	for (int fd = 0; fd < INHERITED_MAX; fd++)
		inherited[fd] = fcntl(fd, F_GETFD) >= 0;
}

/*
 * After opening, for which a name like /dev/fd/3 may need them: a process that cannot end must
 * hold no pipe whose end somebody waits for.
 */
static void drop_inherited_files(const struct carrier *carrier, int kept,
				 const bool inherited[INHERITED_MAX])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fd != carrier->fd && null >= 0)
			dup2(null, fd);
	}
	for (int fd = STDERR_FILENO + 1; fd < INHERITED_MAX; fd++) {
		if (inherited[fd] && fd != kept && fd != carrier->fd)
			close(fd);
	}
}

static bool receive(int fd, void *bytes, size_t length)
{
	char *into = bytes;

	while (length) {
		ssize_t count = recv(fd, into, length, 0);

		if (count == 0 || (count < 0 && errno != EINTR))
			return false;
		into += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}
	return true;
}

/* The agent waits for it: the end of the connection is an answer too. */
static void send_answer(int fd, const struct carrier_answer *message)
{
	if (send(fd, message, sizeof(*message), MSG_NOSIGNAL) != (ssize_t)sizeof(*message))
		shutdown(fd, SHUT_RDWR);
}

static void answer(struct server *server, int err, const char *reason)
{
	struct carrier_answer message = { .err = err, .reason = reason };

	if (server->carrier)
		carrier_take_news(server->carrier, &message.news);
	send_answer(server->fd, &message);
}

static void document_begin(struct server *server)
{
	server->has_document = true;
	server->err = server->carrier->kind->begin(server->carrier);
}

/* False where the agent is gone. After a failure the rest is taken and thrown away. */
static bool document_write(struct server *server, size_t length)
{
	struct carrier *carrier = server->carrier;

	if (length > CARRIER_WRITE_MAX || !receive(server->fd, server->buffer, length))
		return false;
	if (!server->err)
		server->err = carrier->kind->write(carrier, server->buffer, length);
	return true;
}

static void document_cancel(struct server *server)
{
	if (server->has_document)
		server->carrier->kind->cancel(server->carrier);
	server->has_document = false;
}

static int document_commit(struct server *server)
{
	if (!server->err)
		server->err = server->carrier->kind->commit(server->carrier);
	if (server->err)
		document_cancel(server);
	server->has_document = false;
	return server->err;
}

/* What closing has to tell is told with its answer. */
static void server_close(struct server *server)
{
	struct carrier *carrier = server->carrier;
	struct carrier_answer message = { 0 };

	server->carrier = NULL;
	message.err = carrier_close_telling(carrier, &message.news);
	send_answer(server->fd, &message);
}

/* False where this was the last one. */
static bool serve(struct server *server, const struct carrier_message *message)
{
	struct carrier *carrier = server->carrier;

	switch ((enum carrier_request)message->request) {
	case CARRIER_BEGIN:
		document_begin(server);
		return true;
	case CARRIER_WRITE:
		return document_write(server, message->length);
	case CARRIER_CANCEL:
		document_cancel(server);
		return true;
	case CARRIER_COMMIT:
		answer(server, document_commit(server), NULL);
		return true;
	case CARRIER_REOPEN:
		answer(server, carrier->kind->reopen(carrier), NULL);
		return true;
	case CARRIER_CLOSE:
		server_close(server);
	}
	return false;
}

_Noreturn void carrier_process_run(const struct carrier_kind *kind,
				   const struct carrier_config *config, int fd)
{
	struct carrier_config own = *config;
	struct server server = { .fd = fd, .buffer = malloc(CARRIER_WRITE_MAX) };
	struct carrier_message message;
	bool inherited[INHERITED_MAX];
	const char *reason = NULL;
	int err;

	prctl(PR_SET_NAME, "weir-output");
	ignore_signals();
	drop_agent_files(fd);
	note_inherited_files(inherited);
	own.hangup_fd = fd;
	own.hangup_events = POLLRDHUP;
	err = server.buffer ? carrier_open(kind, &own, &server.carrier, &reason) : -ENOMEM;
	answer(&server, err, reason);
	if (err)
		_exit(1);
	drop_inherited_files(server.carrier, fd, inherited);
	carrier_confine(server.carrier);
	while (receive(fd, &message, sizeof(message)) && serve(&server, &message))
		continue;
	if (server.carrier) {
		document_cancel(&server);
		carrier_close(server.carrier);
	}
	_exit(0);
}
