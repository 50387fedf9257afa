/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of a ClickHouse server: made where they are missing, and checked.
 */
#ifndef WEIR_CLICKHOUSE_SCHEMA_H
#define WEIR_CLICKHOUSE_SCHEMA_H

#include "clickhouse.h"
#include "clickhouse_http.h"

#define CLICKHOUSE_WRONG_MAX 480

/* Appends the statement that makes a table on a server of its own. */
void clickhouse_schema_create(struct text *text, const struct clickhouse_target *target,
			      enum clickhouse_table table);

/* Appends the statement before each block of that table. */
void clickhouse_schema_insert(struct text *text, const struct clickhouse_target *target,
			      enum clickhouse_table table);

/*
 * Whether the table has each column as the blocks have it, by what system.columns told: lines of
 * name, tab, type. True; else what is wrong, and what would mend it.
 */
bool clickhouse_schema_matches(const struct clickhouse_target *target,
			       enum clickhouse_table table, const struct text *told,
			       char wrong[CLICKHOUSE_WRONG_MAX]);

/*
 * Appends the statement that adds the columns an older weir did not make, told as above. Nothing
 * where none is missing; nor where one is that tells rows apart: ORDER BY would not have it.
 */
void clickhouse_schema_add(struct text *text, const struct clickhouse_target *target,
			   enum clickhouse_table table, const struct text *told);

/*
 * Asks the server what it understands, makes tables that are missing, adds columns to those that
 * are not of a cluster, and checks them. 0; or negative errno, and wrong tells why. -EINVAL: that
 * the tables are not as the blocks need them.
 */
int clickhouse_schema_prepare(struct clickhouse_http *http, const struct clickhouse_target *target,
			      char wrong[CLICKHOUSE_WRONG_MAX]);

#endif
