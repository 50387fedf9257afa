/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <stdlib.h>

bool row_has_rate(const struct row *row, size_t window)
{
	return !row->own_ms[window] || row->flows <= 1;
}

uint64_t row_length_ns(const struct row *row, const struct snapshot *snapshot, size_t window)
{
	if (row->own_ms[window])
		return row->own_ms[window] * 1000000ull;
	return snapshot->windows[window].observed_ns;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->pane_count; i++)
		pane_flows_release(snapshot->panes[i]);
	free(snapshot->rows);
	free(snapshot);
}
