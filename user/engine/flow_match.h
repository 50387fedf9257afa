/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which flow of the table a record is of: its key, and what of it lies beside, where flows have
 * that.
 */
#ifndef WEIR_FLOW_MATCH_H
#define WEIR_FLOW_MATCH_H

#include "../../include/account.h"
#include "flow_table.h"

static inline struct flow_slot *flow_of(const struct flow_table *table, uint32_t id)
{
	return &table->segments[id >> SEGMENT_SHIFT]->slots[id & (SEGMENT_FLOWS - 1)];
}

static inline const struct key_beside *beside_of(const struct flow_table *table, uint32_t id)
{
	return &table->segments[id >> SEGMENT_SHIFT]->besides[id & (SEGMENT_FLOWS - 1)];
}

static inline struct key_beside record_beside(const struct flow_slot *record)
{
	return extra_beside(&((const struct flow_record *)record)->extra);
}

/* A slot begins with its key, and the hash reads no more of it than that. */
static inline uint32_t slot_hash(const struct flow_table *table, const struct flow_slot *slot)
{
	return flow_hash((const struct flow_key *)slot, &table->seed);
}

static inline uint32_t record_hash(const struct flow_table *table, const struct flow_slot *record)
{
	uint32_t hash = slot_hash(table, record);
	struct key_beside beside;

	if (!table->has_beside)
		return hash;
	beside = record_beside(record);
	return hash_with_beside(hash, &beside, &table->seed);
}

static inline bool flow_is_of(const struct flow_table *table, uint32_t id,
			      const struct flow_slot *record)
{
	struct key_beside beside;

	if (!slot_has_key(flow_of(table, id), (const struct flow_key *)record))
		return false;
	if (!table->has_beside)
		return true;
	beside = record_beside(record);
	return beside_is(beside_of(table, id), &beside);
}

#endif
