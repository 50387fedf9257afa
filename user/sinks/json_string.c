/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What may follow the first byte of a UTF-8 sequence: RFC 3629, section 4. */
struct utf8_rule {
	uint8_t first_low, first_high;
	uint8_t second_low, second_high;
	uint8_t length;
};

static const struct utf8_rule utf8_rules[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool utf8_continues(const uint8_t *bytes, const struct utf8_rule *rule)
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

/* Length of the sequence at bytes, 0 where it is none. The end mark continues no sequence. */
static size_t utf8_length(const uint8_t *bytes)
{
	size_t i;

	for (i = 0; i < sizeof(utf8_rules) / sizeof(utf8_rules[0]); i++) {
		const struct utf8_rule *rule = &utf8_rules[i];

		if (bytes[0] >= rule->first_low && bytes[0] <= rule->first_high)
			return utf8_continues(bytes, rule) ? rule->length : 0;
	}
	return 0;
}

static void append_ascii(struct text *text, uint8_t byte)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = "\\u0000";

	if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) {
		escape[0] = (char)byte;
		text_bytes(text, escape, 1);
	} else if (byte == '"' || byte == '\\') {
		escape[1] = (char)byte;
		text_bytes(text, escape, 2);
	} else {
		escape[4] = hex[byte >> 4];
		escape[5] = hex[byte & 15];
		text_bytes(text, escape, 6);
	}
}

void json_string(struct text *text, const char *string)
{
	const uint8_t *bytes = (const uint8_t *)string;
	size_t length;

	text_bytes(text, "\"", 1);
	while (*bytes) {
		if (*bytes < 0x80) {
			append_ascii(text, *bytes++);
			continue;
		}
		length = utf8_length(bytes);
		if (length)
			text_bytes(text, (const char *)bytes, length);
		else
			text_bytes(text, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		bytes += length ? length : 1;
	}
	text_bytes(text, "\"", 1);
}

void json_string_or_null(struct text *text, const char *string)
{
	if (string)
		json_string(text, string);
	else
		text_string(text, "null");
}
