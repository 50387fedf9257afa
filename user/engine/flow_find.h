/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One flow of the table by its key.
 */
#ifndef WEIR_FLOW_FIND_H
#define WEIR_FLOW_FIND_H

#include "flow_table.h"

struct flow_place {
	struct segment *segment; /* NULL: there is no such flow */
	uint32_t place;
};

/* At any time, also while flows leave whose entries are still in the index. */
struct flow_place flow_table_find(const struct flow_table *table, const struct flow_key *key);

#endif
