/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

#include <stdint.h>

/* What the first and the second byte of a sequence may be: RFC 3629, section 4. */
struct utf8_rule {
	uint8_t first_low, first_high;
	uint8_t second_low, second_high;
	uint8_t length;
};

static const struct utf8_rule rules[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool continues(const uint8_t *bytes, const struct utf8_rule *rule)
{
	size_t i;

	if (bytes[1] < rule->second_low || bytes[1] > rule->second_high)
		return false;
	for (i = 2; i < rule->length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

size_t utf8_length(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t i;

	if (bytes[0] < 0x80)
		return bytes[0] ? 1 : 0;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (bytes[0] >= rules[i].first_low && bytes[0] <= rules[i].first_high)
			return continues(bytes, &rules[i]) ? rules[i].length : 0;
	}
	return 0;
}

bool utf8_is_control(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;

	return bytes[0] < 0x20 || bytes[0] == 0x7f ||
	       (bytes[0] == 0xc2 && bytes[1] >= 0x80 && bytes[1] < 0xa0);
}
