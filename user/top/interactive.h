/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live view in a terminal.
 */
#ifndef WEIR_INTERACTIVE_H
#define WEIR_INTERACTIVE_H

#include "viewer.h"

/* In a terminal. Returns when the user or the agent ends it; err of the agent. */
int interactive_run(struct viewer *viewer, int *err);

#endif
