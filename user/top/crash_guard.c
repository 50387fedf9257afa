/* SPDX-License-Identifier: BSD-2-Clause */
#include "crash_guard.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"

/* What a handler can reach is static; only crash_guard writes it. */
static char restore_bytes[RESTORE_MAX];
static volatile sig_atomic_t restore_length;
static int restore_fd = -1;
static struct termios restore_modes;
static char handler_stack[1 << 16] __attribute__((aligned(16)));

static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
				SIGQUIT };

static void on_crash(int signal_number)
{
	int length = restore_length;

	restore_length = 0;
	if (length) {
		if (write(restore_fd, restore_bytes, (size_t)length) < 0)
			length = 0;
		tcsetattr(restore_fd, TCSANOW, &restore_modes);
	}
	/* SA_RESETHAND: the default action follows. */
	raise(signal_number);
}

static void guard_signals(void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigemptyset(&action.sa_mask);
	if (handler != SIG_DFL)
		action.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &action, NULL);
}

void crash_guard(int fd, const char *restore)
{
	stack_t stack = { .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };
	size_t length = restore ? strlen(restore) : 0;

	restore_length = 0;
	if (!restore || length >= RESTORE_MAX || tcgetattr(fd, &restore_modes)) {
		guard_signals(SIG_DFL);
		return;
	}
	memcpy(restore_bytes, restore, length);
	restore_fd = fd;
	restore_length = (sig_atomic_t)length;
	sigaltstack(&stack, NULL);
	guard_signals(on_crash);
}
