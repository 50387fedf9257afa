/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which flow of the table a record is of: its key, and where flows have owners, its owner.
 */
#ifndef WEIR_FLOW_MATCH_H
#define WEIR_FLOW_MATCH_H

#include "../../include/account.h"
#include "flow_table.h"

static inline struct flow_slot *flow_of(const struct flow_table *table, uint32_t id)
{
	return &table->segments[id >> SEGMENT_SHIFT]->slots[id & (SEGMENT_FLOWS - 1)];
}

static inline uint64_t owner_of(const struct flow_table *table, uint32_t id)
{
	return table->segments[id >> SEGMENT_SHIFT]->owners[id & (SEGMENT_FLOWS - 1)];
}

static inline uint64_t record_owner(const struct flow_slot *record)
{
	return ((const struct flow_record *)record)->extra.owner;
}

/* A slot begins with its key, and the hash reads no more of it than that. */
static inline uint32_t slot_hash(const struct flow_table *table, const struct flow_slot *slot)
{
	return flow_hash((const struct flow_key *)slot, &table->seed);
}

static inline uint32_t record_hash(const struct flow_table *table, const struct flow_slot *record)
{
	uint32_t hash = slot_hash(table, record);

	return table->has_owners ? hash_with_owner(hash, record_owner(record), &table->seed) : hash;
}

static inline bool flow_is_of(const struct flow_table *table, uint32_t id,
			      const struct flow_slot *record)
{
	return slot_has_key(flow_of(table, id), (const struct flow_key *)record) &&
	       (!table->has_owners || owner_of(table, id) == record_owner(record));
}

#endif
