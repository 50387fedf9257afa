/* SPDX-License-Identifier: BSD-2-Clause */
#include "refused.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define CALLS_MAX 1024

static _Atomic uint64_t told[CALLS_MAX / 64];

/* seccomp(2), SECCOMP_RET_TRAP: the handler puts what the call returns into its register. */
#if defined(__x86_64__)
#define RESULT_OF(context) (&((ucontext_t *)(context))->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define RESULT_OF(context) (&((ucontext_t *)(context))->uc_mcontext.regs[0])
#endif

#ifdef RESULT_OF
static bool is_news(unsigned int number)
{
	uint64_t bit = 1ull << number % 64;

	return number < CALLS_MAX && !(atomic_fetch_or(&told[number / 64], bit) & bit);
}

static size_t put(char *line, size_t length, const char *text)
{
	size_t more = strlen(text);

	memcpy(line + length, text, more);
	return length + more;
}

/* Nothing of stdio may be called in a handler. */
static void tell(unsigned int number)
{
	char line[160], digits[12];
	size_t length = put(line, 0, "weir: system call "), at = sizeof(digits);

	digits[--at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	length = put(line, length, digits + at);
	length = put(line, length, " is refused: it is not in the list of what counting takes\n");
	if (write(STDERR_FILENO, line, length) < 0)
		return; /* nobody reads it */
}

bool refused_can_tell(void)
{
	return true;
}

void refused_answer(const siginfo_t *info, void *context)
{
	int saved = errno;

	if (is_news((unsigned int)info->si_syscall))
		tell((unsigned int)info->si_syscall);
	*RESULT_OF(context) = -EPERM;
	errno = saved;
}
#else
bool refused_can_tell(void)
{
	return false;
}

void refused_answer(const siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
}
#endif
