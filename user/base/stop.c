/* SPDX-License-Identifier: BSD-2-Clause */
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "report.h"
#include "thread.h"

#define START_PATIENCE_NS 1000000000u
#define LOOK_MS           50

/* Those of them that are not SIGHUP or SIGUSR1 ask for the end. */
static const int caught_signals[] = {
	SIGINT,    SIGTERM, SIGHUP,  SIGUSR1, SIGUSR2, SIGALRM,
	SIGVTALRM, SIGPROF, SIGXCPU, SIGIO,   SIGPWR,  SIGSTKFLT,
};

/* Signals are of the whole process, and so is this; only the functions here write it. */
static _Atomic bool is_requested, is_signalled, is_starting, is_state_wanted;
static _Atomic uint64_t requested_ns;
static int stop_pipe[2] = { -1, -1 };
static pthread_mutex_t hangup_mutex = PTHREAD_MUTEX_INITIALIZER;
static void (*hangup_reopen)(void *context);
static void *hangup_context;

void stop_request(void)
{
	uint64_t unset = 0;

	atomic_compare_exchange_strong(&requested_ns, &unset, clock_monotonic_ns());
	is_requested = true;
	if (write(stop_pipe[1], "", 1) < 0)
		return; /* the pipe is full: it is readable, which is all that is wanted */
}

bool stop_renew(void)
{
	char bytes[64];

	is_requested = false;
	requested_ns = 0;
	while (read(stop_pipe[0], bytes, sizeof(bytes)) > 0)
		;
	/* One that came in between had its mark before its request. */
	if (is_signalled)
		stop_request();
	return !is_signalled;
}

/* One that hung up fails with EIO from then on; what is no terminal, with ENOTTY. */
static bool terminal_has_gone(void)
{
	struct termios modes;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (tcgetattr(fd, &modes) && errno == EIO)
			return true;
	}
	return false;
}

static void hangup(void)
{
	pthread_mutex_lock(&hangup_mutex);
	if (hangup_reopen)
		hangup_reopen(hangup_context);
	pthread_mutex_unlock(&hangup_mutex);
}

void stop_on_hangup(void (*reopen)(void *context), void *context)
{
	pthread_mutex_lock(&hangup_mutex);
	hangup_reopen = reopen;
	hangup_context = context;
	pthread_mutex_unlock(&hangup_mutex);
}

static void take_signal(int number)
{
	if (number == SIGUSR1) {
		is_state_wanted = true;
	} else if (number == SIGHUP && !terminal_has_gone()) {
		hangup();
	} else {
		is_signalled = true;
		stop_request();
	}
}

/* Nothing is attached yet, and files that were made are removed by those who made them. */
static void end_hanging_start(void)
{
	if (!is_starting || clock_monotonic_ns() - requested_ns < START_PATIENCE_NS)
		return;
	report_error("start: it hangs: ended by a signal");
	_exit(EXIT_FAILED);
}

static void *signals_work(void *context)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000 };
	sigset_t caught;

	(void)context;
	sigemptyset(&caught);
	for (size_t i = 0; i < sizeof(caught_signals) / sizeof(caught_signals[0]); i++)
		sigaddset(&caught, caught_signals[i]);
	for (;;) {
		bool is_watching = is_requested && is_starting;
		int number = sigtimedwait(&caught, NULL, is_watching ? &look : NULL);

		if (number > 0)
			take_signal(number);
		if (is_requested)
			end_hanging_start();
	}
	return NULL;
}

/* Blocked in this thread and all that it makes; those that are ignored stay so on exec only. */
static int signals_block(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(caught_signals) / sizeof(caught_signals[0]); i++)
		sigaddset(&blocked, caught_signals[i]);
	sigemptyset(&ignore.sa_mask);
	if (sigaction(SIGPIPE, &ignore, NULL) || sigaction(SIGXFSZ, &ignore, NULL))
		return -errno;
	return -pthread_sigmask(SIG_BLOCK, &blocked, NULL);
}

int stop_init(void)
{
	pthread_t thread;
	int err;

	is_starting = true;
	if (stop_pipe[0] >= 0)
		return 0;
	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	err = signals_block();
	if (!err)
		err = thread_start(&thread, signals_work, NULL);
	if (!err)
		pthread_detach(thread);
	return err;
}

void stop_starting_done(void)
{
	is_starting = false;
}

bool stop_take_state_request(void)
{
	return atomic_exchange(&is_state_wanted, false);
}

const _Atomic bool *stop_flag(void)
{
	return &is_requested;
}

uint64_t stop_requested_ns(void)
{
	return requested_ns;
}

int stop_fd(void)
{
	return stop_pipe[0];
}

int stop_wait_for_any(const int *fds, size_t count, uint64_t instant_ns)
{
	struct pollfd readable[1 + STOP_FDS_MAX] = { { .fd = stop_pipe[0], .events = POLLIN } };
	uint64_t now_ns;

	for (size_t i = 0; i < count; i++)
		readable[1 + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	while (!is_requested && (now_ns = clock_monotonic_ns()) < instant_ns) {
		uint64_t left_ns = instant_ns - now_ns;
		struct timespec left = { .tv_sec = (time_t)(left_ns / 1000000000),
					 .tv_nsec = (long)(left_ns % 1000000000) };

		if (ppoll(readable, 1 + count, &left, NULL) <= 0)
			continue;
		for (size_t i = 1; i <= count; i++) {
			if (readable[i].revents)
				return readable[i].fd;
		}
	}
	return -1;
}

void stop_wait_for(int fd, uint64_t instant_ns)
{
	stop_wait_for_any(&fd, 1, instant_ns);
}

void stop_wait_until(uint64_t instant_ns)
{
	stop_wait_for(-1, instant_ns);
}
