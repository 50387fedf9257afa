/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_string.h"

#include "json.h"

#include "../text/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* C0 has to be escaped (RFC 8259, 7); DEL and C1 would act on a terminal. */
static void append_control(struct text *text, const char *character, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t code = (uint8_t)character[length - 1]; /* of C1: its second byte */
	const char escape[] = { '\\', 'u', '0', '0', hex[code >> 4], hex[code & 15] };

	text_bytes(text, escape, sizeof(escape));
}

/* Appends the character at string and returns its length in there. */
static size_t append_character(struct text *text, const char *string)
{
	size_t length = utf8_length(string);

	if (!length) {
		text_bytes(text, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		return 1;
	}
	if (utf8_is_control(string)) {
		append_control(text, string, length);
		return length;
	}
	if (*string == '"' || *string == '\\')
		text_bytes(text, "\\", 1);
	text_bytes(text, string, length);
	return length;
}

void json_string(struct text *text, const char *string)
{
	text_bytes(text, "\"", 1);
	while (*string)
		string += append_character(text, string);
	text_bytes(text, "\"", 1);
}

void json_string_or_null(struct text *text, const char *string)
{
	if (string)
		json_string(text, string);
	else
		text_string(text, "null");
}
