/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sorts rows by rank.
 */
#ifndef WEIR_VIEW_SORT_H
#define WEIR_VIEW_SORT_H

#include "view.h"

/* Sorts that many of order by rank. 0 or -ENOMEM. */
int view_sort(struct view *view, size_t count);

#endif
