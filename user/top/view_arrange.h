/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which rows are shown, in which order.
 */
#ifndef WEIR_VIEW_ARRANGE_H
#define WEIR_VIEW_ARRANGE_H

#include "view.h"

/* Filters and sorts the rows of the snapshot, which stays in use; keeps the selection on its row.
 * 0 or -ENOMEM. */
int view_arrange(struct view *view, const struct snapshot *snapshot);

#endif
