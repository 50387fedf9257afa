/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows are made of flows.
 */
#ifndef WEIR_VIEW_GROUP_H
#define WEIR_VIEW_GROUP_H

#include "view.h"

/* What reduces a flow's key to that of its row; address families are told apart by addresses. */
void view_group_masks(const struct view *view, struct group_masks *masks);

/* What the row of that key carried, pane by pane. */
void view_history(const struct view *view, const struct snapshot *snapshot,
		  const struct flow_key *key, struct history *history);

/* Groups the rows of the snapshot. 0 or -ENOMEM. */
int view_group(struct view *view, const struct snapshot *snapshot);

#endif
