/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of a page. */
#ifndef WEIR_PAGE_TABLE_H
#define WEIR_PAGE_TABLE_H

#include "markup.h"

/* How a table begins that may be wider than the page; and how it ends. */
void page_table_open(struct text *text, const char *name);
void page_table_close(struct text *text);

/* A cell of a number, right-aligned, with all its digits. */
void page_cell(struct text *text, uint64_t value);

#endif
