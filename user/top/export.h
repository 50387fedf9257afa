/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows on the screen as a document of schema weir/1.
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

#include "view.h"

#define EXPORT_NAME_MAX 64

/*
 * Writes the last 40 s, the flows being the sides of the view's rows, into NAME, which is chosen:
 * in the folder that weir was started in. 0 and how many flows, or negative errno: -ENOTSUP where
 * no document has such rows.
 */
int view_export(const struct view *view, char name[EXPORT_NAME_MAX], size_t *count);

#endif
