/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_find.h"

#include "../../include/account.h"

struct flow_place flow_table_find(const struct flow_table *table, const struct flow_key *key)
{
	const struct key_beside beside = flow_key_beside(key);
	uint32_t hash = flow_hash(key, &table->seed), at;
	uint64_t entry;

	if (table->has_beside)
		hash = hash_with_beside(hash, &beside, &table->seed);
	at = index_home(table, hash);

	for (; (entry = table->index[at]); at = (at + 1) & index_mask(table)) {
		uint32_t id = (uint32_t)entry - 1, place = id & (SEGMENT_FLOWS - 1);
		struct segment *segment = table->segments[id >> SEGMENT_SHIFT];

		if ((uint32_t)(entry >> 32) == hash && segment &&
		    bit_is_set(segment->live, place) && slot_has_key(&segment->slots[place], key) &&
		    (!segment->besides || beside_is(&segment->besides[place], &beside)))
			return (struct flow_place){ segment, place };
	}
	return (struct flow_place){ NULL, 0 };
}
