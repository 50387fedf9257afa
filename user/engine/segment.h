/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments of the table of flows.
 */
#ifndef WEIR_SEGMENT_H
#define WEIR_SEGMENT_H

#include "flow_table.h"

/* A segment without flows, with the parts of the table's windows; NULL without memory. */
struct segment *segment_create(struct flow_table *table);
void segment_destroy(struct flow_table *table, struct segment *segment);

/* What a segment takes, but for what is packed. */
uint64_t segment_bytes(const struct flow_table *table);

#endif
