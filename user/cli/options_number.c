/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_number.h"

#include <errno.h>
#include <string.h>

int parse_whole(const char *value, uint64_t *number)
{
	size_t digits = strspn(value, "0123456789");

	*number = 0;
	if (!digits || value[digits])
		return -EINVAL;
	for (; *value; value++) {
		if (__builtin_mul_overflow(*number, 10u, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*value - '0'), number))
			return -ERANGE;
	}
	return 0;
}

const char *parse_number(const char *value, uint64_t least, uint64_t *number,
				const char *what)
{
	int err = parse_whole(value, number);

	if (err == -ERANGE)
		return "a number is at most 18446744073709551615";
	return err || *number < least ? what : NULL;
}

bool parse_factor(const char *value, double *factor)
{
	double place = 1;
	double sum = 0;
	bool after_point = false;
	size_t digits = 0;

	for (; *value; value++) {
		if (*value == '.' && !after_point) {
			after_point = true;
			continue;
		}
		if (*value < '0' || *value > '9')
			return false;
		sum = sum * 10 + (*value - '0');
		place *= after_point ? 10 : 1;
		digits++;
	}
	*factor = sum / place;
	return digits > 0 && digits <= 15;
}

const char *parse_rate(const char *value, struct rate_limit *limit)
{
	static const char *const wrong = "not a rate: 100M (bits a second), 5kpps (packets)";
	static const char prefixes[] = "kMGT";
	char digits[16] = "";
	size_t length = strspn(value, "0123456789");
	const char *rest = value + length, *prefix;
	uint64_t number;

	if (!length || length >= sizeof(digits))
		return wrong;
	memcpy(digits, value, length);
	if (parse_whole(digits, &number) || !number)
		return wrong;
	limit->value = (double)number;
	prefix = *rest ? strchr(prefixes, *rest) : NULL;
	for (long power = prefix ? prefix - prefixes + 1 : 0; power > 0; power--)
		limit->value *= 1000;
	rest += prefix != NULL;
	limit->is_packets = !strcmp(rest, "pps");
	return *rest && !limit->is_packets ? wrong : NULL;
}
