/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb run: no screen; windows go to the sinks.
 */
#ifndef WEIR_RUN_H
#define WEIR_RUN_H

#include "options.h"

/* Runs to the end that the options or the user set. An enum exit_status. */
int run_run(const struct options *options);

#endif
