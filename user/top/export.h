/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows on the screen as a document of schema weir/1.
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

#include "view.h"

#define EXPORT_NAME_MAX 256

/* The name that is proposed: of this moment, of no file in the folder weir was started in. */
void export_choose_name(char name[EXPORT_NAME_MAX]);

/* Why no document is written under that name, whatever is there: static text; NULL: it can be. */
const char *export_name_refused(const char *name);

/*
 * Writes the last 40 s, the flows being the sides of the view's rows (of services, rows with both
 * ways); a *.json is replaced, a *.ndjson grows. 0 and how many flows, or negative errno.
 */
int view_export(const struct view *view, const char *name, size_t *count);

#endif
