/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user is told on standard error. Only the layer that knows the object prints, once;
 * layers under it return a negative errno and stay silent.
 */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include <stdarg.h>

/* Exit statuses of the program. */
enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_OVER = 3 };

enum report_level { REPORT_QUIET, REPORT_NORMAL, REPORT_VERBOSE };

/* What to print; set once by main from -q and -v, before anything else is reported. */
void report_set_level(enum report_level level);

/* "weir: MESSAGE" on one line, whatever the level. Control characters in it are escaped. */
void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "weir: MESSAGE", unless -q. */
void report_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "weir: MESSAGE", only with -v. */
void report_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
