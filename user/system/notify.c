/* SPDX-License-Identifier: BSD-2-Clause */
#include "notify.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../base/thread.h"

/* Of a manager that does not read: READY is worth waiting for, not hanging for. */
#define SEND_PATIENCE_S 5

struct notify {
	int fd;
	uint64_t watchdog_ns;           /* 0: nobody asks */
	uint64_t silence_ns;            /* between two calls of notify_progress; 0: not asked for */
	_Atomic uint64_t progress_ns;   /* the last of them, in CLOCK_MONOTONIC */
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_over;                   /* under the mutex */
};

static void tell(const struct notify *notify, const char *text, int flags)
{
	if (send(notify->fd, text, strlen(text), MSG_NOSIGNAL | flags) < 0)
		report_notice("warning: tell the service manager: %m");
}

/* A path, or with "@" first a name without one (unix(7), abstract). */
static int manager_connect(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = SEND_PATIENCE_S };
	size_t len = strlen(where);
	int fd;

	if ((where[0] != '/' && where[0] != '@') || len < 2 || len >= sizeof(address.sun_path)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	memcpy(address.sun_path, where, len);
	if (where[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) &&
	    !connect(fd, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		return fd;
	close(fd);
	return -1;
}

/* The manager's time is for the process that it names, where it names one. */
static uint64_t watchdog_asked_ns(void)
{
	const char *time_us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long us = time_us ? strtoull(time_us, NULL, 10) : 0;

	if (pid && strtoll(pid, NULL, 10) != getpid())
		return 0;
	return us && us < UINT64_MAX / 1000 ? us * 1000 : 0;
}

struct notify *notify_open(void)
{
	const char *where = getenv("NOTIFY_SOCKET");
	struct notify *notify;
	pthread_condattr_t monotonic;

	if (!where)
		return NULL;
	notify = calloc(1, sizeof(*notify));
	if (!notify)
		return NULL;
	notify->fd = manager_connect(where);
	if (notify->fd < 0) {
		report_notice("warning: tell the service manager: NOTIFY_SOCKET=%s: %m", where);
		free(notify);
		return NULL;
	}
	notify->watchdog_ns = watchdog_asked_ns();
	pthread_mutex_init(&notify->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&notify->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return notify;
}

static bool hangs(const struct notify *notify)
{
	uint64_t silent_ns = clock_monotonic_ns() - notify->progress_ns;

	return notify->silence_ns && silent_ns > notify->silence_ns + notify->watchdog_ns;
}

static void *watchdog_work(void *context)
{
	struct notify *notify = context;

	pthread_mutex_lock(&notify->mutex);
	while (!notify->is_over) {
		uint64_t next_ns = clock_monotonic_ns() + notify->watchdog_ns / 2;
		const struct timespec next = { .tv_sec = (time_t)(next_ns / 1000000000),
					       .tv_nsec = (long)(next_ns % 1000000000) };

		if (!hangs(notify))
			tell(notify, "WATCHDOG=1", MSG_DONTWAIT);
		while (!notify->is_over && clock_monotonic_ns() < next_ns)
			pthread_cond_timedwait(&notify->changed, &notify->mutex, &next);
	}
	pthread_mutex_unlock(&notify->mutex);
	return NULL;
}

void notify_ready(struct notify *notify, uint64_t silence_ns)
{
	if (!notify)
		return;
	notify->silence_ns = silence_ns;
	notify_progress(notify);
	tell(notify, "READY=1\nSTATUS=counting", 0);
	if (!notify->watchdog_ns)
		return;
	notify->has_thread = thread_start(&notify->thread, watchdog_work, notify) == 0;
	if (!notify->has_thread)
		report_notice("warning: no thread for the watchdog: it will end this run");
}

void notify_progress(struct notify *notify)
{
	if (notify)
		notify->progress_ns = clock_monotonic_ns();
}

void notify_stopping(struct notify *notify)
{
	if (notify)
		tell(notify, "STOPPING=1", 0);
}

void notify_close(struct notify *notify)
{
	if (!notify)
		return;
	pthread_mutex_lock(&notify->mutex);
	notify->is_over = true;
	pthread_cond_signal(&notify->changed);
	pthread_mutex_unlock(&notify->mutex);
	if (notify->has_thread)
		pthread_join(notify->thread, NULL);
	pthread_cond_destroy(&notify->changed);
	pthread_mutex_destroy(&notify->mutex);
	close(notify->fd);
	free(notify);
}
