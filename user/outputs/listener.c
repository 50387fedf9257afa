/* SPDX-License-Identifier: BSD-2-Clause */
#include "listener.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../base/thread.h"
#include "listener_private.h"

#define REQUEST_BYTES_MAX (16u << 10) /* of a connection: its request and the answer's head */
#define BACKLOG           128

static const struct served_page page_specs[LISTENER_PAGES] = {
	{ .path = "/metrics", .encoder = &prom_encoder,
	  .type = "text/plain; version=0.0.4; charset=utf-8" },
	{ .path = "/metrics", .encoder = &openmetrics_encoder,
	  .type = "application/openmetrics-text; version=1.0.0; charset=utf-8" },
	{ .path = "/flows.json", .encoder = &json_encoder, .type = "application/json" },
	{ .path = "/", .encoder = &html_served_encoder, .type = "text/html; charset=utf-8" },
};

struct listener *listener_create(const struct listener_config *config)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		report_error("start: %s", strerror(ENOMEM));
		return NULL;
	}
	listener->config = *config;
	listener->stop_fd = -1;
	listener->names.given = config->name;
	listener->names.listened = config->address->host;
	gethostname(listener->names.machine, sizeof(listener->names.machine) - 1);
	for (size_t i = 0; i < LISTENER_PAGES; i++) {
		listener->pages[i] = page_specs[i];
		pthread_mutex_init(&listener->pages[i].mutex, NULL);
	}
	return listener;
}

struct served_page *listener_pages(struct listener *listener, size_t *count)
{
	*count = listener->config.has_report ? LISTENER_PAGES : LISTENER_PAGES - 1;
	return listener->pages;
}

static int bind_to(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, err = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, address->ai_addr, address->ai_addrlen) || listen(fd, BACKLOG))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static const char *address_text(const struct endpoint *address, char text[])
{
	bool is_ipv6 = strchr(address->host, ':');

	sprintf(text, "%s%s%s:%s", is_ipv6 ? "[" : "", address->host, is_ipv6 ? "]" : "",
		address->port);
	return text;
}

/* A descriptor, or negative errno that has been reported. */
static int listener_bind(const struct endpoint *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char text[sizeof(*address) + 4];
	struct addrinfo *found;
	int err = getaddrinfo(address->host, address->port, &hints, &found), fd;

	address_text(address, text);
	if (err) {
		report_error("listen %s: %s", text, gai_strerror(err));
		return -EADDRNOTAVAIL;
	}
	fd = bind_to(found);
	freeaddrinfo(found);
	if (fd < 0)
		report_error("listen %s: %s", text, strerror(-fd));
	else
		report_notice("listening on http://%s/", text);
	if (fd == -EADDRINUSE)
		report_error("try: another port; ss -ltnp tells who has this one");
	return fd;
}

static int daemon_start(struct listener *listener, int fd)
{
	const union MHD_DaemonInfo *info;

	listener->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, listener_answer, listener,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)LISTENER_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, listener_notify_connection, listener,
		MHD_OPTION_NOTIFY_COMPLETED, listener_notify_completed, listener,
		MHD_OPTION_END);
	if (!listener->daemon)
		return -EIO;
	info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	listener->epoll_fd = info->epoll_fd;
	return 0;
}

/* Where the daemon has something left to do, it does not wait as long as that; -1: for ever. */
static int patience_of_both_ms(struct MHD_Daemon *daemon, int patience_ms)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	if (MHD_get_timeout(daemon, &timeout_ms) == MHD_YES &&
	    (patience_ms < 0 || timeout_ms < (unsigned int)patience_ms))
		return timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX;
	return patience_ms;
}

static void *listener_work(void *context)
{
	struct listener *listener = context;
	struct pollfd polled[] = { { .fd = listener->stop_fd, .events = POLLIN },
				   { .fd = listener->epoll_fd, .events = POLLIN } };
	int patience_ms = -1;

	while (!polled[0].revents) {
		poll(polled, 2, patience_of_both_ms(listener->daemon, patience_ms));
		MHD_run(listener->daemon);
		patience_ms = listener_sweep(listener);
	}
	return NULL;
}

int listener_start(struct listener *listener)
{
	int fd = listener_bind(listener->config.address), err;

	if (fd < 0)
		return fd;
	listener_beat(listener);
	listener->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = listener->stop_fd < 0 ? -errno : daemon_start(listener, fd);
	if (!listener->daemon)
		close(fd);
	if (!err)
		err = thread_start(&listener->thread, listener_work, listener);
	listener->has_thread = !err;
	if (err)
		report_error("listen: %s", strerror(-err));
	return err;
}

void listener_beat(struct listener *listener)
{
	if (listener)
		atomic_store(&listener->beat_ns, clock_monotonic_ns());
}

void listener_stop(struct listener *listener)
{
	uint64_t one = 1;

	if (!listener)
		return;
	if (listener->has_thread && write(listener->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(listener->thread, NULL);
	listener->has_thread = false;
	if (listener->daemon)
		MHD_stop_daemon(listener->daemon);
	listener->daemon = NULL;
}

void listener_destroy(struct listener *listener)
{
	if (!listener)
		return;
	listener_stop(listener);
	for (size_t i = 0; i < LISTENER_PAGES; i++) {
		served_release(listener->pages[i].newest);
		pthread_mutex_destroy(&listener->pages[i].mutex);
	}
	if (listener->stop_fd >= 0)
		close(listener->stop_fd);
	free(listener);
}
