/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that leave all signals to others, but those of their own faults.
 */
#ifndef WEIR_THREAD_H
#define WEIR_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

/* Every signal but those of a crash, which the kernel sends to the thread that is at fault. */
static inline void thread_signals_fill(sigset_t *set)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigdelset(set, crashes[i]);
}

/* 0 or negative errno. */
static inline int thread_start(pthread_t *thread, void *(*work)(void *), void *context)
{
	sigset_t blocked, before;
	int err;

	thread_signals_fill(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	err = -pthread_create(thread, NULL, work, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

#endif
