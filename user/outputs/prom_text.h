/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the metrics' text, format 0.0.4 of Prometheus.
 */
#ifndef WEIR_PROM_TEXT_H
#define WEIR_PROM_TEXT_H

#include "encoder.h"

/* What stands before the samples of a metric. help: one line without a backslash. */
void prom_family(struct text *text, const char *name, const char *type, const char *help);

/* A label's value in quotes: printable ASCII, what it may not hold escaped. */
void prom_quoted(struct text *text, const char *value);

/* A value and the end of its line; 17 digits, which tell any double exactly. */
void prom_number(struct text *text, double value);

/*
 * The rates of the window by group, and what is left of the whole: at most metric_groups series
 * and one, whose sum is the window's. Nothing where no groups are asked for, or where a window is
 * no length that bytes could be divided by (sessions).
 */
void prom_groups(struct text *text, const struct encoding *encoding);

#endif
