/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something done by every thread of this process: capabilities and Landlock are a thread's own, and
 * one that kept them would lend them to whoever writes into its memory.
 */
#ifndef WEIR_EVERY_THREAD_H
#define WEIR_EVERY_THREAD_H

/*
 * Calls work in each thread, in others from the handler of a signal, SIGSYS: it has to be
 * async-signal-safe, and returns 0 or a negative errno. Threads that they made before are asked
 * too. 0, the first errno, or -ETIMEDOUT where a thread did not answer: it does so once it can, so
 * work and context stay. The handler stays too: it answers calls that are refused (refused.h). Once
 * in a process.
 */
int every_thread(int (*work)(void *context), void *context);

#endif
