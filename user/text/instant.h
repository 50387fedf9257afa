/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instants as text: RFC 3339, in UTC, with all nanoseconds, so that they sort as text too.
 */
#ifndef WEIR_INSTANT_H
#define WEIR_INSTANT_H

#include <stdint.h>

#define PUT_INSTANT_MAX 30

/* "2025-11-22T08:26:40.000000000Z" of nanoseconds since 1970, without an end mark; the end. */
char *put_instant_text(char *out, uint64_t instant_ns);

#endif
