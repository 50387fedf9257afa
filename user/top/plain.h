/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live view where there is no terminal.
 */
#ifndef WEIR_PLAIN_H
#define WEIR_PLAIN_H

#include "viewer.h"

/*
 * The same as text, once a second; where the run has an end that was asked for (-t, -c), once,
 * then. 0 or negative errno.
 */
int plain_run(struct viewer *viewer);

#endif
