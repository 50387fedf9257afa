/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key that a record begins with.
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

/* Of the hash of a key without it, that of the key. */
static inline uint32_t hash_with_owner(uint32_t hash, uint64_t owner, const struct hash_seed *seed)
{
	return hash ^ (uint32_t)((owner * (seed->word[9] | 1)) >> 32) ^
	       (uint32_t)((owner >> 32) * (seed->word[10] >> 32 | 1));
}

static inline uint32_t flow_key_hash(const struct flow_key *key, const struct hash_seed *seed)
{
	return hash_with_owner(flow_hash(key, seed), flow_key_owner(key), seed);
}

#endif
