/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an earlier run has left in a spool.
 */
#ifndef WEIR_SPOOL_RECOVER_H
#define WEIR_SPOOL_RECOVER_H

#include "spool_private.h"

/* Finds what waits in the directory. 0 or negative errno, *reason as spool_open has it. */
int spool_recover(struct spool *spool, const char **reason);

#endif
