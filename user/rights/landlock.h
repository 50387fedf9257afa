/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is within reach of the file system: Landlock (Documentation/userspace-api/landlock.rst of
 * the kernel), whose calls no C library has.
 */
#ifndef WEIR_LANDLOCK_H
#define WEIR_LANDLOCK_H

#include "rights.h"

/* The version that this kernel has; negative errno: it has none, or it is not enabled. */
int landlock_version(void);

/* A set of rules for what rights reads and writes. A descriptor, or a negative errno. */
int landlock_make(const struct rights *rights);

/* Puts it in force for the calling thread. Async-signal-safe. 0 or a negative errno. */
int landlock_enter(int ruleset_fd);

#endif
