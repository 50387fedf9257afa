/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which system calls a part may make: a seccomp filter (seccomp(2)) of the lists in parts.h.
 */
#ifndef WEIR_CALLS_H
#define WEIR_CALLS_H

#include "rights.h"

/* For all threads of the process and what they make, for good. 0 or a negative errno. */
int calls_limit(const struct rights *rights);

/* Whether this kernel can. 0 or a negative errno. */
int calls_survey(void);

#endif
