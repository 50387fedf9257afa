/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <stdlib.h>

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->pane_count; i++)
		pane_flows_release(snapshot->panes[i]);
	free(snapshot->rows);
	free(snapshot);
}
