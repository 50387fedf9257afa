/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key that a record begins with.
 */
#ifndef WEIR_SLOT_KEY_H
#define WEIR_SLOT_KEY_H

#include <string.h>

#include "../../include/flow.h"

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

#endif
