/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something done by every thread of this process: capabilities and Landlock are a thread's own, and
 * one that kept them would lend them to whoever writes into its memory.
 */
#ifndef WEIR_EVERY_THREAD_H
#define WEIR_EVERY_THREAD_H

/*
 * Calls work in each thread, in others from the handler of a signal: it has to be
 * async-signal-safe, and returns 0 or a negative errno. No thread is made meanwhile. 0, the first
 * errno, or -ETIMEDOUT where a thread did not answer. By one thread at a time.
 */
int every_thread(int (*work)(void *context), void *context);

#endif
