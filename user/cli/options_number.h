/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as the user writes them.
 */
#ifndef WEIR_OPTIONS_NUMBER_H
#define WEIR_OPTIONS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/rate.h"

/* Digits only, the whole text: no sign, no blank, no unit. 0, -EINVAL or -ERANGE. */
int parse_whole(const char *value, uint64_t *number);

/* A number of at least so much. NULL, or the reason: what, where it is no such number. */
const char *parse_number(const char *value, uint64_t least, uint64_t *number, const char *what);

/* Digits with one point at most; strtod would take a comma, inf or 0x1p3 by locale and mood. */
bool parse_factor(const char *value, double *factor);

/* Digits, a power of 1000, and pps where packets are meant. NULL, or the reason. */
const char *parse_rate(const char *value, struct rate_limit *limit);

#endif
