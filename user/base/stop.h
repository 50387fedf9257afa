/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run that the user asks for: SIGINT, SIGTERM, or a key.
 */
#ifndef WEIR_STOP_H
#define WEIR_STOP_H

#include <signal.h>
#include <stdint.h>

/*
 * Catches SIGINT and SIGTERM from here on. One that comes a second or more after the first ends
 * the process at once: the user does not want to wait for what holds the end up (somebody who
 * does not read standard output). 0 or negative errno.
 */
int stop_init(void);

/* As if a signal had come. */
void stop_request(void);

/* Not 0 once a signal has come; lives as long as the process. */
const volatile sig_atomic_t *stop_flag(void);

/* Waits until that instant of CLOCK_MONOTONIC, or a signal that came before or comes meanwhile. */
void stop_wait_until(uint64_t instant_ns);

#endif
