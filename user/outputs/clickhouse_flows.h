/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table of flows.
 */
#ifndef WEIR_CLICKHOUSE_FLOWS_H
#define WEIR_CLICKHOUSE_FLOWS_H

#include "clickhouse_window.h"

/* The rows from first on, as many as one block takes; how many these are. */
struct clickhouse_rows {
	const struct clickhouse_window *window;
	const uint32_t *order; /* of the result's flows; NULL: as they are */
	size_t first;
	size_t count;
};

/* Appends a block of them. */
void clickhouse_flows_block(struct text *text, const struct clickhouse_rows *rows);

extern const struct clickhouse_columns clickhouse_flows_columns;

#endif
