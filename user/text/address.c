/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <stdbool.h>

#include "number.h"

#define HEXTETS 8

struct zero_run {
	int start;
	int length;
};

static char *put_octet(char *out, uint8_t octet)
{
	if (octet >= 100) {
		*out++ = (char)('0' + octet / 100);
		octet %= 100;
		*out++ = (char)('0' + octet / 10);
	} else if (octet >= 10) {
		*out++ = (char)('0' + octet / 10);
	}
	*out++ = (char)('0' + octet % 10);
	return out;
}

char *put_ipv4(char *out, const uint8_t address[4])
{
	int i;

	out = put_octet(out, address[0]);
	for (i = 1; i < 4; i++) {
		*out++ = '.';
		out = put_octet(out, address[i]);
	}
	return out;
}

static char *put_hextet(char *out, unsigned int hextet)
{
	static const char hex[] = "0123456789abcdef";
	int shift = 12;

	while (shift > 0 && !(hextet >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*out++ = hex[hextet >> shift & 15];
	return out;
}

/* RFC 5952, 4.2: the longest run of at least two zero fields, the first of equal ones. */
static struct zero_run longest_zero_run(const unsigned int hextet[HEXTETS])
{
	struct zero_run best = { .start = -1, .length = 1 };
	int length = 0;
	int i;

	for (i = 0; i < HEXTETS; i++) {
		length = hextet[i] ? 0 : length + 1;
		if (length > best.length) {
			best.start = i + 1 - length;
			best.length = length;
		}
	}
	return best;
}

/* RFC 5952, 5: mapped and compatible addresses end in the dotted form. */
static bool ends_in_ipv4(const unsigned int hextet[HEXTETS], struct zero_run zeros)
{
	return zeros.start == 0 &&
	       (zeros.length == 6 || (zeros.length == 5 && hextet[5] == 0xffff));
}

static char *put_hextets(char *out, const unsigned int *hextet, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (i)
			*out++ = ':';
		out = put_hextet(out, hextet[i]);
	}
	return out;
}

char *put_ipv6(char *out, const uint8_t address[16])
{
	unsigned int hextet[HEXTETS];
	struct zero_run zeros;
	int end;
	int i;

	for (i = 0; i < HEXTETS; i++)
		hextet[i] = (unsigned int)address[2 * i] << 8 | address[2 * i + 1];
	zeros = longest_zero_run(hextet);
	if (zeros.start < 0)
		return put_hextets(out, hextet, HEXTETS);
	out = put_hextets(out, hextet, zeros.start);
	out = PUT_LITERAL(out, "::");
	if (!ends_in_ipv4(hextet, zeros)) {
		end = zeros.start + zeros.length;
		return put_hextets(out, hextet + end, HEXTETS - end);
	}
	if (zeros.length == 5)
		out = PUT_LITERAL(out, "ffff:");
	return put_ipv4(out, address + 12);
}
