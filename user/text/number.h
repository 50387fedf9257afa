/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as text. Written by hand because a window of a million flows holds twenty million
 * numbers. Each function writes without an end mark, at most its PUT_*_MAX bytes, and returns
 * the end.
 */
#ifndef WEIR_NUMBER_H
#define WEIR_NUMBER_H

#include <stdint.h>
#include <string.h>

#define PUT_UINT_MAX    20
#define PUT_DECIMAL_MAX 32

char *put_uint(char *out, uint64_t value);

/*
 * A JSON number with a decimal point. 9 decimals under a million, 6 under 10^9, 3 under 2^53 /
 * 1000, none but ".0" up to 2^64 and an exponent from there on; trailing zeros left out.
 * What is no finite number above 0 becomes 0.0.
 */
char *put_decimal(char *out, double value);

static inline char *put_bytes(char *out, const char *bytes, size_t length)
{
	memcpy(out, bytes, length);
	return out + length;
}

#define PUT_LITERAL(out, literal) put_bytes((out), (literal), sizeof(literal) - 1)

#endif
