/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only shows when all options are known.
 */
#ifndef WEIR_OPTIONS_COMPLETE_H
#define WEIR_OPTIONS_COMPLETE_H

#include "options_table.h"

/* Reports "weir: WHAT VALUE: REASON" and what to try; returns EXIT_USAGE. value: may be NULL. */
int usage_error(const char *what, const char *value, const char *reason);

/*
 * Defaults, and what only shows when all options are known. 0 or EXIT_USAGE after a report.
 */
int options_complete(struct parsing *parsing);

#endif
