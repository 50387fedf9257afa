/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_table.h"

void page_table_open(struct text *text, const char *name)
{
	markup_format(text, "<div class=table tabindex=0 role=group aria-label=\"%s\"><table>"
			    "<caption>%s</caption>",
		      name, name);
}

void page_table_close(struct text *text)
{
	text_string(text, "</table></div>");
}

void page_cell(struct text *text, uint64_t value)
{
	text_string(text, "<td>");
	markup_count(text, value);
}
