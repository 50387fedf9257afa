/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers for people: three significant digits, SI suffix, so that a column is read at a glance.
 */
#ifndef WEIR_FORMAT_H
#define WEIR_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAX 48

/*
 * "0", "7", "12.3k", "999M": at most 5 characters. Whole numbers under 1000 have no decimals,
 * other ones under 100 have. A value above 0 is never shown as 0.
 */
const char *format_number(double value, char buffer[FORMAT_MAX]);

/*
 * Share of part in whole: "100 %" only where they are equal, "0 %" only where part is 0;
 * "99.99 %" is rounded down.
 */
const char *format_share(uint64_t part, uint64_t whole, char buffer[FORMAT_MAX]);

/* "0:59", "1:02:03", "2d 01:02:03" */
const char *format_elapsed(uint64_t ns, char buffer[FORMAT_MAX]);

/* The same in four characters: "12s", "5m", "30h", "12d", "999d". */
const char *format_age(uint64_t ns, char buffer[FORMAT_MAX]);

/* A length of time in one unit: "250ms", "2s", "10m", "1h" where it is whole, else "1.5s". */
const char *format_length(uint64_t ns, char buffer[FORMAT_MAX]);

/* A measured time: "850 us", "15 ms", "1.2 s". */
const char *format_latency(uint64_t ns, char buffer[FORMAT_MAX]);

/* All digits, in groups of three: "1 234 567". */
const char *format_count(uint64_t value, char buffer[FORMAT_MAX]);

#endif
