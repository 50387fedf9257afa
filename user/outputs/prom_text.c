/* SPDX-License-Identifier: BSD-2-Clause */
#include "prom_text.h"

#include <stdio.h>
#include <string.h>

#include "../text/escape.h"

#define VALUE_MAX 256 /* of a label, before it is escaped */

struct family {
	const char *name, *type, *help;
};

#define AS_FAMILY(id, name, type, help) [id] = { name, type, help },
static const struct family families[] = { PROM_FAMILIES(AS_FAMILY) };

const char *prom_name(enum prom_family family)
{
	return families[family].name;
}

static void append_line(struct text *text, const char *word, const struct family *family,
			bool is_open)
{
	size_t length = strlen(family->name);

	if (is_open && !strcmp(family->type, "counter"))
		length -= strlen("_total");
	text_string(text, word);
	text_bytes(text, family->name, length);
	text_string(text, " ");
}

void prom_family(struct text *text, enum prom_family family, enum prom_style style)
{
	bool is_open = style == PROM_OPENMETRICS;

	append_line(text, "# HELP ", &families[family], is_open);
	text_string(text, families[family].help);
	append_line(text, "\n# TYPE ", &families[family], is_open);
	text_string(text, families[family].type);
	text_string(text, "\n");
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
