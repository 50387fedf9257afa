/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reduces a flow key to the fields of the group-by, where a packet is counted: one table slot
 * for all flows that are one group. Reducing twice gives the same as once.
 */
#ifndef WEIR_INCLUDE_GROUP_H
#define WEIR_INCLUDE_GROUP_H

#include "flow.h"
#include "platform.h"

enum group_family { GROUP_NON_IP, GROUP_IPV4, GROUP_IPV6, GROUP_FAMILY_COUNT };

/*
 * What is kept of a key, laid out as keys are, so that byte order does not matter. An IPv6 key
 * that is reduced to no address loses FLOW_IPV6; the two masks then agree.
 */
struct group_masks {
	struct flow_key keep[GROUP_FAMILY_COUNT];
	__u64 keep_icmp; /* of the fifth word, in which ICMP has its type and code */
};

_Static_assert(sizeof(struct group_masks) == 176, "same in the agent and in the kernel");
/*
 * By branches, which follow those of the parser and are foreseen as those were; an index made
 * of the flags would have the hash wait for it.
 */
static __always_inline const struct flow_key *group_mask_of(const struct group_masks *masks,
							    __u8 flags)
{
	if (flags & FLOW_IPV6)
		return &masks->keep[GROUP_IPV6];
	if (likely(flags & FLOW_IP))
		return &masks->keep[GROUP_IPV4];
	return &masks->keep[GROUP_NON_IP];
}

/* Words only: bytes stored into a word that is then loaded whole would stall the CPU. */
static __always_inline void flow_key_reduce(struct flow_key *key, const struct group_masks *masks)
{
	__u64 fifth = key->words[4];
	const struct flow_key *keep = group_mask_of(masks, flow_word_flags(fifth));
	__u8 ip_proto = flow_word_ip_proto(fifth);

	key->words[0] &= keep->words[0];
	key->words[1] &= keep->words[1];
	key->words[2] &= keep->words[2];
	key->words[3] &= keep->words[3];
	key->words[5] &= keep->words[5];
	key->words[6] &= keep->words[6]; /* where nothing reads it, no instruction */
	fifth &= keep->words[4];
	if (unlikely(ip_proto == FLOW_PROTO_ICMP || ip_proto == FLOW_PROTO_ICMPV6))
		fifth &= masks->keep_icmp;
	key->words[4] = fifth;
}

/* The same of a slot's key. */
static __always_inline void flow_slot_reduce(struct flow_slot *slot,
					     const struct group_masks *masks)
{
	struct flow_key key = { .words = { slot->words[0], slot->words[1], slot->words[2],
					   slot->words[3], slot->words[4] } };

	key.inner_vlan = slot->inner_vlan;
	flow_key_reduce(&key, masks);
	slot->words[0] = key.words[0];
	slot->words[1] = key.words[1];
	slot->words[2] = key.words[2];
	slot->words[3] = key.words[3];
	slot->words[4] = key.words[4];
	slot->inner_vlan = key.inner_vlan;
}

#endif
