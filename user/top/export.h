/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows on the screen as a document of schema weir/1.
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

#include "view.h"

#define EXPORT_NAME_MAX 64

/* Writes the reference window, its flows being the view's rows, into NAME, which is chosen: in the
 * folder that weir was started in. 0 or negative errno. */
int view_export(const struct view *view, const struct snapshot *snapshot,
		char name[EXPORT_NAME_MAX]);

#endif
