/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One section of a bank, and packets counted to it by hand.
 */
#ifndef WEIR_ACCOUNT_SCENE_H
#define WEIR_ACCOUNT_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host_bank.h"

#define SLOTS 64

/* One section of SLOTS slots, with room for so many spilled records. */
static inline struct host_bank bank_with_spill(uint32_t spill_slots)
{
	struct bank_geometry g = bank_geometry_make(&(struct bank_shape){ .slots_per_cpu = SLOTS, .cpus = 1,
								      .links = 1 });
	struct host_bank bank;

	g.spill_slots = spill_slots;
	host_bank_create(&bank, &g);
	return bank;
}

static inline struct flow_key key_of(uint32_t flow)
{
	return (struct flow_key){ .src = { 0, 0, 0xffff0000, flow }, .flags = FLOW_IP };
}

/* One packet of a flow that lives at this place of the table. */
struct given {
	uint32_t flow, hash, len, now_ms;
	uint8_t tcp_flags, marks;
	bool has_owners;
	bool is_sent;
	uint64_t cookie;
};

static inline void count_size(struct host_bank *bank, struct given given, struct packet_size size)
{
	struct flow_key key = key_of(given.flow);
	struct accounted a = { .key = &key, .size = &size, .hash = given.hash,
			       .now_ms = (__u16)given.now_ms, .tcp_flags = given.tcp_flags,
			       .marks = given.marks, .has_extra = given.has_owners,
			       .has_owners = given.has_owners,
			       .skb = given.is_sent ? bank : NULL, .cookie = given.cookie };

	account_flow(host_bank_section(bank, 0), &bank->geometry, &a);
}

static inline void count(struct host_bank *bank, struct given given)
{
	count_size(bank, given, packet_size_single(given.len));
}

static inline struct flow_slot *slot_at(const struct host_bank *bank, uint32_t index)
{
	return section_slot(host_bank_section(bank, 0), &bank->geometry, index, false);
}

#endif
