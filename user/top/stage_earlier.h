/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What rows carried before the panes that they are made of.
 */
#ifndef WEIR_STAGE_EARLIER_H
#define WEIR_STAGE_EARLIER_H

#include "stage_private.h"

/* What rows carried before the panes that they are made of: 0, or -ENOMEM. */
int stage_take_earlier(struct stage *stage, const struct grouper *grouper, struct engine *rows,
		       struct earlier **earlier, size_t *count);

#endif
