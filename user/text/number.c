/* SPDX-License-Identifier: BSD-2-Clause */
#include "number.h"

#include <math.h>
#include <stdio.h>

static const char digit_pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

char *put_uint(char *out, uint64_t value)
{
	char digits[PUT_UINT_MAX];
	char *start = digits + sizeof(digits);

	while (value >= 100) {
		start -= 2;
		memcpy(start, digit_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		start -= 2;
		memcpy(start, digit_pairs + value * 2, 2);
	} else {
		*--start = (char)('0' + value);
	}
	return put_bytes(out, start, (size_t)(digits + sizeof(digits) - start));
}

/* The decimals of fraction, which has up to places digits; no trailing zeros but one. */
static char *put_fraction(char *out, uint64_t fraction, unsigned int places)
{
	unsigned int i;

	if (!fraction)
		return PUT_LITERAL(out, "0");
	while (fraction % 10 == 0) {
		fraction /= 10;
		places--;
	}
	for (i = places; i-- > 0; fraction /= 10)
		out[i] = (char)('0' + fraction % 10);
	return out + places;
}

static char *put_scaled(char *out, double value, uint64_t scale, unsigned int places)
{
	uint64_t scaled = (uint64_t)(value * (double)scale + 0.5);

	out = put_uint(out, scaled / scale);
	*out++ = '.';
	return put_fraction(out, scaled % scale, places);
}

/* From 2^64 on, where no integer type holds the value: 17 digits are a whole double. */
static char *put_exponent(char *out, double value)
{
	char digits[PUT_DECIMAL_MAX];
	int length = snprintf(digits, sizeof(digits), "%.16e", value);
	char *point;

	if (length < 0 || length >= (int)sizeof(digits))
		return PUT_LITERAL(out, "0.0");
	/* A locale may put a comma here. */
	point = digits + 1;
	*point = '.';
	return put_bytes(out, digits, (size_t)length);
}

char *put_decimal(char *out, double value)
{
	if (!(value > 0) || !isfinite(value))
		return PUT_LITERAL(out, "0.0");
	if (value < 1e6)
		return put_scaled(out, value, 1000000000, 9);
	if (value < 1e9)
		return put_scaled(out, value, 1000000, 6);
	if (value < 9e12)
		return put_scaled(out, value, 1000, 3);
	if (value < 0x1p64) {
		out = put_uint(out, (uint64_t)value);
		return PUT_LITERAL(out, ".0");
	}
	return put_exponent(out, value);
}
