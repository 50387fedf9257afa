/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live view where there is no terminal.
 */
#ifndef WEIR_PLAIN_H
#define WEIR_PLAIN_H

#include "viewer.h"

/* top without a terminal: the same as text, once for each newest window. err of the agent. */
int plain_run(struct viewer *viewer);

#endif
