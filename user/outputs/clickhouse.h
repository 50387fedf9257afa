/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ClickHouse gets of a window: rows of two tables. The document that the encoder makes is a
 * run of blocks, each under a head that names its table; a block is one POST.
 */
#ifndef WEIR_CLICKHOUSE_H
#define WEIR_CLICKHOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

const struct clickhouse_columns *clickhouse_columns(enum clickhouse_table table);

/* Before each block of a document; little endian. */
#define CLICKHOUSE_HEAD_BYTES 16

struct clickhouse_head {
	uint32_t table;
	uint32_t rows;
	uint32_t length; /* of the block that follows */
};

void clickhouse_head_put(const struct clickhouse_head *head, char out[CLICKHOUSE_HEAD_BYTES]);

/* False where these bytes are none. */
bool clickhouse_head_parse(const char bytes[CLICKHOUSE_HEAD_BYTES], struct clickhouse_head *head);

#endif
