/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system call that is not in the list of a part (parts.h): it fails with EPERM, and is named once
 * on standard error. A C library or a kernel that needs one more than those that weir was tried
 * with costs what the call was for, not the counting.
 */
#ifndef WEIR_REFUSED_H
#define WEIR_REFUSED_H

#include <signal.h>
#include <stdbool.h>

/* Whether this is known of the machine: else calls fail with EPERM, and nothing is said. */
bool refused_can_tell(void);

/* Of SIGSYS with the code SYS_SECCOMP: what its handler was given. Async-signal-safe. */
void refused_answer(const siginfo_t *info, void *context);

#endif
