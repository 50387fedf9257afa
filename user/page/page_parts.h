/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a page, in their order: each appends a whole section, or nothing. */
#ifndef WEIR_PAGE_PARTS_H
#define WEIR_PAGE_PARTS_H

#include "chart.h"

void page_time(struct text *text, const struct history *history);
void page_bands(struct text *text, const struct history *history, enum dimension dimension);
void page_sizes(struct text *text, const struct history *history);
void page_extras(struct text *text, const struct history *history);
void page_account(struct text *text, const struct history *history);

/* In words, what is missing, or may be; that nothing is, where that is so. */
void page_warnings(struct text *text, const struct history *history);

#endif
