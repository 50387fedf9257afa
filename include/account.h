/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The accounting step: adds one packet to its flow's slot in a section. The section belongs to
 * the caller alone (one CPU, or one thread on the host): no lock, no atomic.
 */
#ifndef WEIR_ACCOUNT_H
#define WEIR_ACCOUNT_H

#include "bank.h"
#include "packet_size.h"
#include "platform.h"

/* A slot whose packets reach this goes to the spill area; one merged packet adds up to 65536. */
#define SLOT_PACKETS_LIMIT 0xfff00000u

/* RFC 9293: the flags as a byte. */
#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_PSH 0x08
#define TCP_FLAG_ACK 0x10

/* SOCK_RAW (socket(2)), which no header for the kernel side names. */
#define SOCKET_TYPE_RAW 3

static __always_inline void tally_add(struct tally *tally, __u32 packets, __u64 bytes)
{
	tally->packets += packets;
	tally->bytes += bytes;
}

/* Counts the sizes of a packet seen, whatever becomes of it. */
static __always_inline void account_size(struct section_header *header,
					 const struct packet_size *size)
{
	__u32 last = size->min_len >> SIZE_BUCKET_SHIFT;
	__u32 full = size->max_len >> SIZE_BUCKET_SHIFT;

	if (last > SIZE_BUCKETS - 1)
		last = SIZE_BUCKETS - 1;
	header->size_histogram[last] += 1;
	if (size->packets == 1)
		return;
	if (full > SIZE_BUCKETS - 1)
		full = SIZE_BUCKETS - 1;
	header->size_histogram[full] += size->packets - 1;
}

/* The tally of a link and direction (link_tally_index) in a section. */
struct tallied {
	struct section_header *section;
	const struct bank_geometry *g;
	__u32 index;
};

/*
 * The verifier would tell apart all the keys that the index can be made of, and take five times
 * as long over a program.
 */
static __always_inline struct link_tally *section_tally(const struct tallied *t)
{
	__u32 index = (__u32)unproven((int)t->index) & (2 * t->g->links - 1);

	return (struct link_tally *)((__u8 *)t->section + t->g->tallies_offset) + index;
}

static __always_inline void account_filtered(const struct tallied *t,
					     const struct packet_size *size)
{
	tally_add(&section_tally(t)->filtered, size->packets, size->bytes);
	account_size(t->section, size);
}

static __always_inline void account_malformed(const struct tallied *t,
					      const struct packet_size *size, __u32 reason)
{
	struct link_tally *tally = section_tally(t);

	tally_add(&tally->malformed, size->packets, size->bytes);
	account_size(t->section, size);
	if (reason < MALFORMED_REASON_COUNT)
		tally->malformed_reason[reason] += size->packets;
}

static __always_inline void account_unattributed(const struct tallied *t, __u32 packets,
						 __u64 bytes)
{
	tally_add(&section_tally(t)->unattributed, packets, bytes);
}

/*
 * The record at this place of slots or spilled records. has_extra is a constant where they have
 * one line, so that no more is computed than for an array of them.
 */
static __always_inline struct flow_slot *record_at(void *records, __u32 index, bool has_extra)
{
	if (has_extra)
		return &((struct flow_record *)records)[index].slot;
	return &((struct flow_slot *)records)[index];
}

static __always_inline struct flow_slot *section_slot(struct section_header *section,
						      const struct bank_geometry *g, __u32 index,
						      bool has_extra)
{
	return record_at((__u8 *)section + g->slots_offset, index & (g->slots - 1), has_extra);
}

static inline bool bank_has_extra(const struct bank_geometry *g)
{
	return g->record_size != sizeof(struct flow_slot);
}

/* But for what of the key lies beside the slot. */
static __always_inline bool slot_has_key(const struct flow_slot *slot, const struct flow_key *key)
{
	return slot->words[4] == key->words[4] && slot->words[1] == key->words[1] &&
	       slot->words[3] == key->words[3] && slot->words[0] == key->words[0] &&
	       slot->words[2] == key->words[2] && slot->inner_vlan == key->inner_vlan;
}

static __always_inline struct tallied tallied_slot(struct section_header *section,
						   const struct bank_geometry *g,
						   const struct flow_slot *slot)
{
	__u32 link = flow_link_number(slot->flags, slot->vlan, slot->inner_vlan);

	return (struct tallied){ section, g, link_tally_index(link, slot->flags & FLOW_OUT) };
}

static __always_inline struct tallied tallied_key(struct section_header *section,
						  const struct bank_geometry *g,
						  const struct flow_key *key)
{
	bool is_out = flow_word_flags(key->words[4]) & FLOW_OUT;

	return (struct tallied){ section, g, link_tally_index(flow_key_link(key), is_out) };
}

/* One packet with its key, ready to be counted. */
struct accounted {
	const struct flow_key *key;
	const struct packet_size *size;
	__u32 hash;
	__u16 now_ms; /* as slot_time_of_ms tells it */
	union {
		struct {
			__u8 tcp_flags;
			__u8 marks;
		};
		__u16 notes;
	};
	bool has_extra;            /* the record has its second line, to which are added where */
	bool has_ip_bytes;         /* they are asked for: */
	__u32 ip_bytes;
	bool has_tunnels;          /* and the tunnel of the key is there */
	bool has_owners;           /* and its socket is told */
	void *skb;                 /* of a packet sent, or NULL; */
	__u64 cookie;              /* the socket that has it, 0 where none does */
};

/* The sizes of single packets that a slot holds, and the mark that they were too large for it. */
struct slot_sizes {
	__u16 max_len;
	__u16 min_len;
	__u16 notes;
};

/* SYN is bit 1 and ACK bit 4: its mark is one further up where both are set. */
static __always_inline __u16 notes_of(const struct accounted *a)
{
	const struct accounted one_mark = { .marks = 1 };
	__u32 ack = a->tcp_flags >> 4 & 1u;

	if (likely(!(a->tcp_flags & 2u)))
		return a->notes;
	return (__u16)(a->notes | one_mark.notes * (2u << 1 << ack));
}

_Static_assert(FLOW_SYN == 2 << 1 && FLOW_SYN_ACK == 2 << 2, "SYN is moved there");

static __always_inline struct slot_sizes slot_sizes_of(const struct accounted *a)
{
	struct slot_sizes sizes = { .max_len = (__u16)a->size->max_len,
				    .min_len = (__u16)a->size->min_len,
				    .notes = notes_of(a) };

	if (unlikely(a->size->max_len > 0xffff)) {
		struct accounted marked = { .marks = FLOW_SIZE_SATURATED };

		sizes.max_len = 0xffff;
		sizes.min_len = saturate16(a->size->min_len);
		sizes.notes |= marked.notes;
	}
	return sizes;
}

static __always_inline struct flow_extra *slot_extra(struct flow_slot *slot)
{
	return &((struct flow_record *)slot)->extra;
}

/*
 * The bytes of the IP packets that a packet is or stands for: as long as the header says (ip_len,
 * 0: it is not IP), but no longer than what follows the link_len bytes before it; padding is not
 * of them. Merged ones have none, and no length of their own.
 */
static __always_inline __u32 ip_bytes_of_packet(const struct packet_size *size, __u32 ip_len,
						__u32 link_len)
{
	__u32 links = size->packets * link_len;
	__u32 most = size->bytes > links ? size->bytes - links : 0;

	if (!ip_len)
		return 0;
	return size->packets > 1 || most < ip_len ? most : ip_len;
}

/*
 * Whether a TCP packet is sent by a socket that is the kernel's own, a raw one: for a connection
 * that is over, until Linux 6.13 gave such packets the socket of that.
 */
#ifdef __bpf__
static __noinline bool is_of_control_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	return sk && sk->type == SOCKET_TYPE_RAW;
}
#else
static inline bool is_of_control_socket(const void *skb)
{
	(void)skb;
	return false;
}
#endif

/* The socket that the packet is of: 0 where it is none of a process, or the packet was received. */
static __always_inline __u64 accounted_cookie(const struct accounted *a)
{
	bool is_tcp = a->tcp_flags;

	return a->cookie && is_tcp && is_of_control_socket(a->skb) ? 0 : a->cookie;
}

/* Makes the slot that of a new flow with this packet. */
static __always_inline void slot_start(struct flow_slot *slot, const struct accounted *a)
{
	struct slot_sizes sizes = slot_sizes_of(a);

	slot->words[0] = a->key->words[0];
	slot->words[1] = a->key->words[1];
	slot->words[2] = a->key->words[2];
	slot->words[3] = a->key->words[3];
	slot->words[4] = a->key->words[4];
	slot->inner_vlan = a->key->inner_vlan;
#define COUNT_SET(name)          slot->name = a->size->name;
#define INSTANT_SET(name, merge) slot->name##_ms = a->now_ms;
#define SIZE_SET(name, merge)    slot->name = sizes.name;
	FLOW_COUNTS(COUNT_SET)
	FLOW_INSTANTS(INSTANT_SET)
	FLOW_LENGTHS(SIZE_SET)
	FLOW_BITS(SIZE_SET)
	if (a->has_extra) {
		__builtin_memset(slot_extra(slot), 0, sizeof(struct flow_extra));
		if (a->has_ip_bytes)
			slot_extra(slot)->ip_bytes = a->ip_bytes;
		if (a->has_tunnels)
			slot_extra(slot)->tunnel = a->key->tunnel;
		if (a->has_owners)
			slot_extra(slot)->cookie = accounted_cookie(a);
	}
}

/* As MERGE_, but what is seldom another value is seldom written. */
#define SLOT_BITS(to, more)  MERGE_BITS(to, more);
#define SLOT_LEAST(to, more)              \
	if (unlikely((more) < (to)))      \
		(to) = (more);
#define SLOT_MOST(to, more)               \
	if ((more) > (to))                \
		(to) = (more);

/* Whether a flow had a packet in the same millisecond is not foreseen: without a branch. */
#define INSTANT_LEAST(to, more) SLOT_LEAST(to, more)
#define INSTANT_MOST(to, more)  MERGE_MOST(to, more);

static __always_inline void slot_add(struct flow_slot *slot, const struct accounted *a)
{
	struct slot_sizes sizes = slot_sizes_of(a);

#define COUNT_ADD(name)          MERGE_SUM(slot->name, a->size->name);
#define INSTANT_ADD(name, merge) INSTANT_##merge(slot->name##_ms, a->now_ms)
#define SIZE_ADD(name, merge)    SLOT_##merge(slot->name, sizes.name)
	FLOW_COUNTS(COUNT_ADD)
	FLOW_BITS(SIZE_ADD)
	FLOW_LENGTHS(SIZE_ADD)
	FLOW_INSTANTS(INSTANT_ADD)
	if (a->has_extra) {
		if (a->has_ip_bytes)
			slot_extra(slot)->ip_bytes += a->ip_bytes;
	}
}

static __always_inline void section_mark(struct section_header *section,
					 const struct bank_geometry *g, __u32 index)
{
	__u64 *bitmap = (__u64 *)((__u8 *)section + g->bitmap_offset);

	index &= g->slots - 1;
	bitmap[index / 64] |= 1ull << (index % 64);
}

/* Copies a finished record to the spill area; false when that is full. */
static __always_inline bool section_spill(struct section_header *section,
					  const struct bank_geometry *g,
					  struct flow_slot *record, bool has_extra)
{
	__u32 used = section->spill_used;
	struct flow_slot *spill;
	int i;

	if (used >= g->spill_slots)
		return false;
	spill = record_at((__u8 *)section + g->spill_offset, opaque(used) & (g->spill_slots - 1),
			  has_extra);
#pragma GCC unroll 8
	for (i = 0; i < 8; i++)
		spill->words[i] = record->words[i];
	if (has_extra)
		*slot_extra(spill) = *slot_extra(record);
	section->spill_used = used + 1;
	return true;
}

/*
 * The full probe window at index makes room: its flow of fewest bytes (ties: the first of the
 * window) goes to the spill area and the packet takes its slot. Once the spill area is full,
 * whichever of the two has fewer bytes is unattributed, the packet on a tie: heavy flows stay.
 */
static __always_inline void section_evict(struct section_header *section,
					  const struct bank_geometry *g,
					  const struct accounted *a)
{
	struct flow_slot *victim = section_slot(section, g, a->hash, a->has_extra);
	__u32 i;

	for (i = 1; i < PROBE_WINDOW; i++) {
		struct flow_slot *slot = section_slot(section, g, a->hash + i, a->has_extra);

		if (slot->bytes < victim->bytes)
			victim = slot;
	}
	if (unlikely(!section_spill(section, g, victim, a->has_extra))) {
		struct tallied of_packet = tallied_key(section, g, a->key);
		struct tallied of_victim = tallied_slot(section, g, victim);

		if (victim->bytes >= a->size->bytes) {
			account_unattributed(&of_packet, a->size->packets, a->size->bytes);
			return;
		}
		account_unattributed(&of_victim, victim->packets, victim->bytes);
	}
	slot_start(victim, a);
}

/* A slot of the packet's flow that is near its limit is spilled and starts anew. */
static __always_inline void slot_renew(struct section_header *section,
				       const struct bank_geometry *g, struct flow_slot *slot,
				       const struct accounted *a)
{
	struct tallied of_slot = tallied_slot(section, g, slot);

	if (section_spill(section, g, slot, a->has_extra))
		slot_start(slot, a);
	else
		account_unattributed(&of_slot, a->size->packets, a->size->bytes);
}

/*
 * Whether the slot is of another connection or socket than the packet. One that is sent tells by
 * its socket, whatever CPU the slot of another one stood on; what no socket sends is the kernel's,
 * for what is in the slot. Of those received, a SYN may be sent again (RFC 9293, 3.8.1) while there
 * is nothing else; an answer to one has been waited for by nobody else.
 */
static __always_inline bool slot_is_of_another(struct flow_slot *slot, const struct accounted *a)
{
	if (!a->has_owners)
		return false;
	if (a->skb) {
		if (likely(a->cookie == slot_extra(slot)->cookie))
			return false;
		return a->tcp_flags & TCP_FLAG_SYN || accounted_cookie(a);
	}
	if (likely(!(a->tcp_flags & TCP_FLAG_SYN)))
		return false;
	return a->tcp_flags & TCP_FLAG_ACK ||
	       slot->tcp_flags & (TCP_FLAG_FIN | TCP_FLAG_RST | TCP_FLAG_PSH | TCP_FLAG_ACK);
}

/*
 * The connection before goes to the spill area, of which the half that --processes brought is for
 * this: evictions find as much room as without it. Past that both are in one slot.
 */
static __noinline bool slot_part(struct section_header *section, const struct bank_geometry *g,
				 struct flow_slot *slot)
{
	if (section->spill_used < g->spill_slots / 2 && section_spill(section, g, slot, true))
		return true;
	slot_extra(slot)->cookie = COOKIE_MIXED;
	return false;
}

/* Adds a packet to the slot of its key. */
static __always_inline void slot_take(struct section_header *section,
				      const struct bank_geometry *g, struct flow_slot *slot,
				      const struct accounted *a)
{
	if (unlikely(slot->packets >= SLOT_PACKETS_LIMIT)) {
		load_anew();
		slot_renew(section, g, slot, a);
	} else if (unlikely(slot_is_of_another(slot, a)) && slot_part(section, g, slot)) {
		slot_start(slot, a);
	} else {
		slot_add(slot, a);
	}
}

static __always_inline bool slot_is_of(struct flow_slot *slot, const struct accounted *a)
{
	return slot_has_key(slot, a->key) &&
	       (!a->has_tunnels || slot_extra(slot)->tunnel == a->key->tunnel);
}

/*
 * Counts one packet to its flow: its slot is found or started within PROBE_WINDOW slots of its
 * hash, or made by evicting another flow.
 */
static __always_inline void account_flow(struct section_header *section,
					 const struct bank_geometry *g, const struct accounted *a)
{
	__u32 i;

	account_size(section, a->size);
	for (i = 0; i < PROBE_WINDOW; i++) {
		struct flow_slot *slot = section_slot(section, g, a->hash + i, a->has_extra);

		if (!slot->packets) {
			slot_start(slot, a);
			section_mark(section, g, a->hash + i);
			return;
		}
		if (likely(slot_is_of(slot, a))) {
			slot_take(section, g, slot, a);
			return;
		}
	}
	load_anew();
	section_evict(section, g, a);
}

#endif
