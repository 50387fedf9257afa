/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two tables, and what their columns are told by.
 */
#ifndef WEIR_CLICKHOUSE_COLUMNS_H
#define WEIR_CLICKHOUSE_COLUMNS_H

#include <stddef.h>

enum clickhouse_table { CLICKHOUSE_FLOWS, CLICKHOUSE_WINDOWS, CLICKHOUSE_TABLE_COUNT };

/*
 * A POST of so many rows, all of one day, is taken whole or not at all: servers cut at 1 048 576
 * rows and at the partition. Fewer than that keep both ends' memory small and the rate as high.
 */
#define CLICKHOUSE_ROWS_MAX 65536u

struct clickhouse_column {
	const char *name;
	const char *type; /* as system.columns tells it */
};

/* In the order of the blocks. */
struct clickhouse_columns {
	const struct clickhouse_column *columns;
	size_t count;
};

#endif
