/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ClickHouse gets of a window: rows of two tables. The document that the encoder makes is a
 * run of blocks, each under a head that names its table; a block is one POST.
 */
#ifndef WEIR_CLICKHOUSE_H
#define WEIR_CLICKHOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "clickhouse_columns.h"

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
