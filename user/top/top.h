/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb top: the live view.
 */
#ifndef WEIR_TOP_H
#define WEIR_TOP_H

#include "../cli/options.h"

/* Runs to the end that the options or the user set. An enum exit_status. */
int top_run(const struct options *options);

#endif
