/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key of a record: what it begins with, and what of it lies in its second line.
 */
#ifndef WEIR_SLOT_KEY_H
#define WEIR_SLOT_KEY_H

#include <string.h>

#include "../../include/hash.h"

static inline struct flow_key flow_slot_key(const struct flow_slot *slot)
{
	struct flow_key key = { .zero = { 0 } };

	memcpy(key.words, slot->words, FLOW_KEY_FULL_WORDS * sizeof(key.words[0]));
	key.inner_vlan = slot->inner_vlan;
	return key;
}

static inline void flow_slot_set_key(struct flow_slot *slot, const struct flow_key *key)
{
	memcpy(slot->words, key->words, FLOW_KEY_FULL_WORDS * sizeof(key->words[0]));
	slot->inner_vlan = key->inner_vlan;
}

/*
 * The owner of a key (include/flow.h) as a word: what a record of two lines has in extra.owner, and
 * what such a word is in a key.
 */
static inline uint64_t flow_key_owner(const struct flow_key *key)
{
	struct flow_key owner = *key;

	owner.inner_vlan = 0;
	return owner.words[FLOW_KEY_FULL_WORDS];
}

static inline void flow_key_set_owner(struct flow_key *key, uint64_t owner)
{
	key->words[FLOW_KEY_FULL_WORDS] = (flow_key_owner(key) ^ key->words[FLOW_KEY_FULL_WORDS]) |
					  owner;
}

/* What of a key no slot has. */
struct key_beside {
	uint64_t owner;
	uint64_t tunnel;
};

static inline bool beside_is(const struct key_beside *a, const struct key_beside *b)
{
	return a->owner == b->owner && a->tunnel == b->tunnel;
}

static inline struct key_beside flow_key_beside(const struct flow_key *key)
{
	return (struct key_beside){ flow_key_owner(key), key->tunnel };
}

static inline void flow_key_set_beside(struct flow_key *key, const struct key_beside *beside)
{
	flow_key_set_owner(key, beside->owner);
	key->tunnel = beside->tunnel;
}

static inline struct key_beside extra_beside(const struct flow_extra *extra)
{
	return (struct key_beside){ extra->owner, extra->tunnel };
}

static inline void extra_set_beside(struct flow_extra *extra, const struct flow_key *key)
{
	extra->owner = flow_key_owner(key);
	extra->tunnel = key->tunnel;
}

/* Of the hash of a key without it, that of the key. */
static inline uint32_t hash_with_owner(uint32_t hash, uint64_t owner, const struct hash_seed *seed)
{
	return hash ^ (uint32_t)((owner * (seed->word[9] | 1)) >> 32) ^
	       (uint32_t)((owner >> 32) * (seed->word[10] >> 32 | 1));
}

static inline uint32_t hash_with_beside(uint32_t hash, const struct key_beside *beside,
					const struct hash_seed *seed)
{
	return hash_with_tunnel(hash_with_owner(hash, beside->owner, seed), beside->tunnel, seed);
}

static inline uint32_t flow_key_hash(const struct flow_key *key, const struct hash_seed *seed)
{
	const struct key_beside beside = flow_key_beside(key);

	return hash_with_beside(flow_hash(key, seed), &beside, seed);
}

#endif
