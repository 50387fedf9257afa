/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter_error.h"

#include <stdarg.h>
#include <stdio.h>

void filter_error_set(struct filter_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	error->column = -1;
}
