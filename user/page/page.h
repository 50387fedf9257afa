/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report: one page of HTML with its pictures, style and script in it, that asks nobody for
 * anything. A function of what the history holds.
 */
#ifndef WEIR_PAGE_H
#define WEIR_PAGE_H

#include "history.h"

struct page_look {
	unsigned int renew_ms; /* of a page that is served: how often it asks for itself; 0: never */
};

/*
 * Appends the page. The policy in it (Content-Security-Policy) allows its own style and script by
 * their hashes, asking for itself where it is to be renewed, and nothing else. 0 or the text's
 * failure.
 */
int page_render(struct text *text, const struct history *history, const struct page_look *look);

/* The policy's text, for a header of who serves the page. */
const char *page_policy(const struct page_look *look);

#endif
