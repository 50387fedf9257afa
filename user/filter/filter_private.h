/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the filter only.
 */
#ifndef WEIR_FILTER_PRIVATE_H
#define WEIR_FILTER_PRIVATE_H

#include <stdarg.h>

#include "filter.h"

/* The DLT_* the filter was compiled for. */
int filter_link_type(const struct filter *filter);

/* Sets the text, cut where it is too long, without a column. */
void filter_error_set(struct filter_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
