/* SPDX-License-Identifier: BSD-2-Clause */
#include "instant.h"

#include <time.h>

#define SECOND_NS 1000000000u

/* value in so many digits, then the mark that follows. */
static char *put_digits(char *out, uint64_t value, unsigned int digits, char mark)
{
	for (unsigned int i = digits; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
	out[digits] = mark;
	return out + digits + 1;
}

char *put_instant_text(char *out, uint64_t instant_ns)
{
	time_t second = (time_t)(instant_ns / SECOND_NS);
	struct tm date = { 0 };

	/* 2^64 nanoseconds end in the year 2554: four digits are enough. */
	gmtime_r(&second, &date);
	out = put_digits(out, (uint64_t)date.tm_year + 1900, 4, '-');
	out = put_digits(out, (uint64_t)date.tm_mon + 1, 2, '-');
	out = put_digits(out, (uint64_t)date.tm_mday, 2, 'T');
	out = put_digits(out, (uint64_t)date.tm_hour, 2, ':');
	out = put_digits(out, (uint64_t)date.tm_min, 2, ':');
	out = put_digits(out, (uint64_t)date.tm_sec, 2, '.');
	return put_digits(out, instant_ns % SECOND_NS, 9, 'Z');
}
