/* SPDX-License-Identifier: BSD-2-Clause */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Independent of the locale, unlike ctype.h. */
static bool is_printable(char byte)
{
	return byte >= ' ' && byte <= '~';
}

static bool is_harmless(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-@+:";

	return text[0] && text[strspn(text, plain)] == '\0';
}

/* Bytes of special get a backslash. Only whole bytes are put where less than all fits. */
static const char *escape(const char *text, const char *special, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (; *text; text++) {
		char one[5];
		size_t more;

		if (!is_printable(*text))
			snprintf(one, sizeof(one), "\\x%02x", (unsigned char)*text);
		else
			snprintf(one, sizeof(one), "%s%c", strchr(special, *text) ? "\\" : "",
				 *text);
		more = strlen(one);
		if (length + more >= size)
			break;
		memcpy(out + length, one, more + 1);
		length += more;
	}
	return out;
}

const char *escape_text(const char *text, char *out, size_t size)
{
	return escape(text, "", out, size);
}

const char *escape_shell_word(const char *text, char *out, size_t size)
{
	char quoted[SHELL_WORD_MAX];

	if (is_harmless(text)) {
		snprintf(out, size, "%s", text);
		return out;
	}
	snprintf(out, size, "$'%s'", escape(text, "\\'", quoted, sizeof(quoted)));
	return out;
}
