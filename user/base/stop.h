/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, and the end of a run that the user asks for: SIGINT, SIGTERM, or a key.
 */
#ifndef WEIR_STOP_H
#define WEIR_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes over the signals of the process, to be called before other threads are made: a thread
 * waits for them, and nothing else is ever interrupted by one. SIGINT, SIGTERM and all that
 * would otherwise end the process in the middle of something ask for the end of the run; more of
 * them change nothing. SIGHUP opens files anew, but where the terminal has gone it asks for the
 * end too. SIGPIPE and SIGXFSZ are ignored: what they would tell is an error of the write.
 *
 * Until stop_starting_done, a start that hangs (a name server) is ended by force a second after
 * such a signal, with status 1. 0 or negative errno. Each run of several calls it.
 */
int stop_init(void);
void stop_starting_done(void);

/* What SIGHUP calls, from the thread that waits for signals. NULL: nothing, from then on. */
void stop_on_hangup(void (*reopen)(void *context), void *context);

/* True once after each SIGUSR1. */
bool stop_take_state_request(void);

/* As if SIGTERM had come. From any thread. */
void stop_request(void);

/* Takes stop_request back, for another run; false where a signal asks for the end all the same. */
bool stop_renew(void);

/* True once the end was asked for; lives as long as the process. */
const _Atomic bool *stop_flag(void);

/* When it was asked for, in CLOCK_MONOTONIC; 0: it was not. */
uint64_t stop_requested_ns(void);

/* Readable once the end was asked for. */
int stop_fd(void);

/* Waits until that instant of CLOCK_MONOTONIC, or until the end was asked for. */
void stop_wait_until(uint64_t instant_ns);

/* The same, or until fd (-1: none) is readable. */
void stop_wait_for(int fd, uint64_t instant_ns);

/* The same of at most STOP_FDS_MAX; the first of them that is readable, -1 when it is over. */
#define STOP_FDS_MAX 2
int stop_wait_for_any(const int *fds, size_t count, uint64_t instant_ns);

#endif
