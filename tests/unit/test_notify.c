/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../user/system/notify.h"

#define WATCHDOG_US    "100000"
#define SILENT_MS      400
#define TRIES_MAX      200

/* A manager with a name of its own in the abstract namespace. */
static int manager_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "@weir-test-%d", getpid());

	assert_true(fd >= 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
	return fd;
}

/* The next word, or "" after silence. */
static const char *hear(int fd, char word[64], int silence_ms)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	memset(word, 0, 64);
	if (poll(&readable, 1, silence_ms) > 0)
		assert_true(recv(fd, word, 63, 0) > 0);
	return word;
}

static void who_is_not_asked_tells_nobody(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_null(notify_open());
	notify_ready(NULL, 0);
	notify_progress(NULL);
	notify_stopping(NULL);
	notify_close(NULL);
}

static void a_socket_that_is_none_is_passed_over(void **state)
{
	(void)state;
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_null(notify_open());
	setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
	assert_null(notify_open());
}

static void readiness_and_the_end_are_told(void **state)
{
	int fd = manager_open();
	struct notify *notify = notify_open();
	char word[64];

	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_non_null(notify);
	notify_ready(notify, 0);
	assert_string_equal(hear(fd, word, 5000), "READY=1\nSTATUS=counting");
	notify_stopping(notify);
	assert_string_equal(hear(fd, word, 5000), "STOPPING=1");
	notify_close(notify);
	assert_string_equal(hear(fd, word, 0), "");
	close(fd);
}

static void the_watchdog_hears_until_progress_ends(void **state)
{
	int fd, tries = 0;
	struct notify *notify;
	char word[64];

	(void)state;
	setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
	fd = manager_open();
	notify = notify_open();
	assert_non_null(notify);
	notify_ready(notify, 50000000);
	assert_string_equal(hear(fd, word, 5000), "READY=1\nSTATUS=counting");
	assert_string_equal(hear(fd, word, 5000), "WATCHDOG=1");
	while (hear(fd, word, SILENT_MS)[0] && tries < TRIES_MAX)
		tries++;
	assert_string_equal(word, "");
	notify_progress(notify);
	assert_string_equal(hear(fd, word, 5000), "WATCHDOG=1");
	notify_close(notify);
	unsetenv("WATCHDOG_USEC");
	close(fd);
}

static void the_watchdog_of_another_process_hears_nothing(void **state)
{
	int fd;
	struct notify *notify;
	char word[64];

	(void)state;
	setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
	setenv("WATCHDOG_PID", "1", 1);
	fd = manager_open();
	notify = notify_open();
	notify_ready(notify, 0);
	assert_string_equal(hear(fd, word, 5000), "READY=1\nSTATUS=counting");
	assert_string_equal(hear(fd, word, SILENT_MS), "");
	notify_close(notify);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_not_asked_tells_nobody),
		cmocka_unit_test(a_socket_that_is_none_is_passed_over),
		cmocka_unit_test(readiness_and_the_end_are_told),
		cmocka_unit_test(the_watchdog_hears_until_progress_ends),
		cmocka_unit_test(the_watchdog_of_another_process_hears_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
