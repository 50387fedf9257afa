/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words and numbers of a page. Whatever comes from outside (names of hosts, interfaces, processes,
 * files; filters) goes through markup_text and nothing else.
 */
#ifndef WEIR_MARKUP_H
#define WEIR_MARKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "../text/text.h"

/*
 * Text as an element's content or between double quotes: never markup. What a reader could not see,
 * or what turns the order of reading (controls, bidirectional marks, bytes that are no UTF-8), is
 * shown as \xNN or \u{NNNN}. NULL: "unknown".
 */
void markup_text(struct text *text, const char *string);

/* What printf makes of it, at most MARKUP_LINE_MAX bytes: of numbers and words of our own only. */
#define MARKUP_LINE_MAX 512
void markup_format(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* All digits, in groups of three. */
void markup_count(struct text *text, uint64_t value);

/* Three digits and a prefix: "1.24 MB", "988 kbit/s" of bytes and of bytes a second. */
void markup_bytes(struct text *text, uint64_t bytes);
void markup_rate(struct text *text, double bytes_per_second);

/* The same of a number that is round: "2 Mbit/s". */
void markup_tick(struct text *text, double bytes_per_second);

/* The same of a number without a unit: "1.24 M". */
void markup_short(struct text *text, double value);

/* "12.3 %"; "-" where there is no whole. */
void markup_share(struct text *text, uint64_t part, uint64_t whole);

/* "4 min 16 s", the two greatest units, of nanoseconds. */
void markup_length(struct text *text, uint64_t length_ns);

/* A moment of UTC since 1970: "2025-11-22 08:26:40", with milliseconds where asked for. */
void markup_moment(struct text *text, uint64_t instant_ns, bool has_ms);

/* The same without the date, or, of a span of more than two days, "22 Nov 08:26". */
void markup_hour(struct text *text, uint64_t instant_ns, uint64_t span_ns);

#endif
