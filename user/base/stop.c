/* SPDX-License-Identifier: BSD-2-Clause */
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"

/* Signals that come together (of a group, of a terminal) are one request. */
#define STOP_AGAIN_NS 1000000000u

/* What a signal handler can reach is static; only the functions here write it. */
static volatile sig_atomic_t stop_requested;
static volatile uint64_t stop_signalled_ns; /* when the first signal came; 0: not yet */
static int stop_pipe[2] = { -1, -1 };

void stop_request(void)
{
	stop_requested = 1;
	if (write(stop_pipe[1], "", 1) < 0) {
		/* The pipe is full: it is readable, which is all that is wanted. */
	}
}

static void on_signal(int signal_number)
{
	int saved_errno = errno;
	uint64_t now_ns = clock_monotonic_ns();

	if (!stop_signalled_ns) {
		stop_signalled_ns = now_ns;
	} else if (now_ns - stop_signalled_ns > STOP_AGAIN_NS) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	stop_request();
	errno = saved_errno;
}

int stop_init(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		return -errno;
	return 0;
}

const volatile sig_atomic_t *stop_flag(void)
{
	return &stop_requested;
}

void stop_wait_until(uint64_t instant_ns)
{
	struct pollfd readable = { .fd = stop_pipe[0], .events = POLLIN };
	uint64_t now_ns;

	while (!stop_requested && (now_ns = clock_monotonic_ns()) < instant_ns) {
		uint64_t left_ns = instant_ns - now_ns;
		struct timespec left = { .tv_sec = (time_t)(left_ns / 1000000000),
					 .tv_nsec = (long)(left_ns % 1000000000) };

		ppoll(&readable, 1, &left, NULL);
	}
}
