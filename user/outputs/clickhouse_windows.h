/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row of the table of windows.
 */
#ifndef WEIR_CLICKHOUSE_WINDOWS_H
#define WEIR_CLICKHOUSE_WINDOWS_H

#include "clickhouse_window.h"

/* Appends a block of the one. */
void clickhouse_windows_block(struct text *text, const struct clickhouse_window *window);

extern const struct clickhouse_columns clickhouse_windows_columns;

#endif
