/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb detach: removes what a pinned run has left in the kernel.
 */
#ifndef WEIR_DETACH_H
#define WEIR_DETACH_H

#include "options.h"

/* An enum exit_status. */
int detach_run(const struct options *options);

#endif
