/* SPDX-License-Identifier: BSD-2-Clause */
#include "prom_text.h"

#include <stdio.h>

#include "../text/escape.h"

#define VALUE_MAX 256 /* of a label, before it is escaped */

void prom_family(struct text *text, const char *name, const char *type, const char *help)
{
	const char *const parts[] = { "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type,
				      "\n" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		text_string(text, parts[i]);
}

void prom_quoted(struct text *text, const char *value)
{
	char shown[4 * VALUE_MAX + 1];

	text_string(text, "\"");
	for (const char *c = escape_text(value, shown, sizeof(shown)); *c; c++) {
		if (*c == '"' || *c == '\\')
			text_string(text, "\\");
		text_bytes(text, c, 1);
	}
	text_string(text, "\"");
}

void prom_number(struct text *text, double value)
{
	char number[40];

	snprintf(number, sizeof(number), "%.17g\n", value);
	text_string(text, number);
}
