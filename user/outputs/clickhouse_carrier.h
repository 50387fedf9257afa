/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Documents of blocks to a ClickHouse server, by way of a spool.
 */
#ifndef WEIR_CLICKHOUSE_CARRIER_H
#define WEIR_CLICKHOUSE_CARRIER_H

#include "carrier.h"

extern const struct carrier_kind clickhouse_kind;

#endif
