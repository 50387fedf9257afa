/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow: its key and its record, as the kernel counts it and the agent reads it.
 * Flow and flow key are those of RFC 7011; addresses and ports stay in network order.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "measures.h"
#include "tunnel.h"

/* flow_key.flags. A non-IP flow has neither FLOW_IP nor FLOW_IPV6; IPv6 has both. */
#define FLOW_IP             0x01
#define FLOW_IPV6           0x02
#define FLOW_OUT            0x04 /* direction: in when clear */
#define FLOW_NO_PORTS       0x08 /* of a later fragment, or cut off: then FLOW_PORT_CUT */

/*
 * The number of the link (interface) has nine bits: the lowest four in flags, three in inner_vlan,
 * the highest two in vlan.
 */
#define FLOW_LINKS_MAX           512
#define FLOW_LINK_FLAGS          0xf0
#define FLOW_LINK_INNER_VLAN     0xe000
#define FLOW_LINK_VLAN           0x6000
#define FLOW_LINK_SHIFT          4
#define FLOW_LINK_INNER_SHIFT    13
#define FLOW_LINK_VLAN_SHIFT     13

/* flow_key.vlan and .inner_vlan: 0 is no tag, else the bit and the 12-bit VLAN identifier. */
#define VLAN_TAG_PRESENT    0x1000
#define VLAN_TAG_ID         0x0fff

/* flow_key.vlan, of a capture file: it tells the packet's direction. Live, all are told. */
#define FLOW_DIRECTION_TOLD 0x8000

/* The EtherType recorded for frames whose type field is a length (IEEE 802.3, LLC). */
#define FLOW_ETHERTYPE_LLC  0x0004

/* flow_key.src_port and .dst_port where FLOW_NO_PORTS is set; of a later fragment both are 0. */
#define FLOW_PORT_CUT       0xffff

/* The protocols that have type and code: IANA's numbers, for linux/in.h keeps others out. */
#define FLOW_PROTO_ICMP     1
#define FLOW_PROTO_ICMPV6   58

/* The byte beside an ICMP type or code: it was cut off, and the type or code is 0 for that. */
#define FLOW_ICMP_CUT       0x01

/* flow_slot.marks: what was so for some packet of the flow, besides its TCP flags. */
#define FLOW_SIZE_SATURATED   0x01 /* longer than a slot can tell: its sizes are at least 65535 */
#define FLOW_HEADERS_GIVEN_UP 0x02 /* tags or extension headers past the limits of parse.h */
#define FLOW_SYN              0x04 /* a SYN without ACK: who sends one begins (RFC 9293, 3.5) */
#define FLOW_SYN_ACK          0x08 /* a SYN with ACK: the answer to it */

/*
 * Times in a slot: milliseconds since the pane began, from 0x8000 on in steps of 4096 behind that
 * bit, which reach 37 hours. They compare as what they stand for.
 */
#define SLOT_TIME_LONG       0x8000
#define SLOT_TIME_LONG_SHIFT 12
#define SLOT_TIME_LAST       0xffff

static inline __u16 slot_time_of_ms(__u64 ms)
{
	__u64 steps = ms >> SLOT_TIME_LONG_SHIFT;

	if (ms < SLOT_TIME_LONG)
		return (__u16)ms;
	return steps < SLOT_TIME_LONG ? (__u16)(SLOT_TIME_LONG | steps) : SLOT_TIME_LAST;
}

static inline __u64 slot_time_ms(__u16 time)
{
	__u64 steps = time & (SLOT_TIME_LONG - 1);

	return time & SLOT_TIME_LONG ? steps << SLOT_TIME_LONG_SHIFT : time;
}

#define FLOW_KEY_WORDS      7

/*
 * The owner in a key (user/owners/), which the agent alone knows: in flow_key.process the pid and
 * the lower bits of its name's number, whose upper bits lie in flow_key.container before the number
 * of the container. 0: there is none, or it is not known.
 */
#define FLOW_OWNER_PID_BITS   22 /* PID_MAX_LIMIT of 64 bits */
#define FLOW_OWNER_CONTAINER  0x1fff
#define FLOW_OWNER_NAME       0xe000
#define FLOW_OWNER_NAME_SHIFT 13

/*
 * What packets are grouped by. 56 bytes: 42 lie in a slot, 6 the kernel does not know, the last 8,
 * the tunnel, lie in the second line of a record. Keys compare and hash as words. IPv4 addresses
 * are IPv4-mapped (RFC 4291, 2.5.5.2). A non-IP flow has its EtherType in src_port. ICMP and ICMPv6
 * have type in the first byte of src_port and code in the first byte of dst_port, the other byte
 * zero or FLOW_ICMP_CUT.
 */
struct flow_key {
	union {
		struct {
			__be32 src[4];
			__be32 dst[4];
			__be16 src_port;
			__be16 dst_port;
			__u8   ip_proto;
			__u8   flags;
			__u16  vlan;
			__u16  inner_vlan;
			union {
				__u16 zero[3];
				struct {
					__u16 container;
					__u32 process;
				} __attribute__((packed));
			};
			__u64 tunnel; /* tunnel.h */
		};
		__u64 words[FLOW_KEY_WORDS];
	};
};

/*
 * Parts of a key's fifth word. Where the key is in registers this is how to look into it: bytes
 * and words of one field make a compiler take it to pieces and put it together again.
 */
static inline __u8 flow_word_flags(__u64 fifth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u8)(fifth >> 40);
#else
	return (__u8)(fifth >> 16);
#endif
}

static inline __be32 flow_word_ports(__u64 fifth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__be32)fifth;
#else
	return (__be32)(fifth >> 32);
#endif
}

static inline __u8 flow_word_ip_proto(__u64 fifth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u8)(fifth >> 32);
#else
	return (__u8)(fifth >> 24);
#endif
}

static inline __u16 flow_word_vlan(__u64 fifth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u16)(fifth >> 48);
#else
	return (__u16)fifth;
#endif
}

static inline __u16 flow_word_inner_vlan(__u64 sixth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u16)sixth;
#else
	return (__u16)(sixth >> 48);
#endif
}

/* Where a link's number lies in a key, as masks to OR into one whose number is 0. */
struct flow_link {
	__u8  flags;
	__u16 vlan;
	__u16 inner_vlan;
};

static inline struct flow_link flow_link_of(__u32 number)
{
	return (struct flow_link){
		.flags = (__u8)((number & 0xf) << FLOW_LINK_SHIFT),
		.inner_vlan = (__u16)((number >> 4 & 0x7) << FLOW_LINK_INNER_SHIFT),
		.vlan = (__u16)((number >> 7 & 0x3) << FLOW_LINK_VLAN_SHIFT),
	};
}

static inline __u32 flow_link_number(__u8 flags, __u16 vlan, __u16 inner_vlan)
{
	return (__u32)flags >> FLOW_LINK_SHIFT |
	       (__u32)(inner_vlan & FLOW_LINK_INNER_VLAN) >> FLOW_LINK_INNER_SHIFT << 4 |
	       (__u32)(vlan & FLOW_LINK_VLAN) >> FLOW_LINK_VLAN_SHIFT << 7;
}

static inline __u32 flow_key_link(const struct flow_key *key)
{
	return flow_link_number(flow_word_flags(key->words[4]), flow_word_vlan(key->words[4]),
				flow_word_inner_vlan(key->words[5]));
}

/* Also of a key reduced to some fields, one of the ports among them. */
static inline bool flow_key_is_later_fragment(const struct flow_key *key)
{
	return key->flags & FLOW_NO_PORTS && !key->src_port && !key->dst_port;
}

/* Whether the key tells its src_port or dst_port, or of ICMP the type or code that is in it. */
static inline bool flow_key_tells_port(const struct flow_key *key, __be16 port)
{
	if (key->ip_proto == FLOW_PROTO_ICMP || key->ip_proto == FLOW_PROTO_ICMPV6)
		return !(((const __u8 *)&port)[1] & FLOW_ICMP_CUT);
	return !(key->flags & FLOW_NO_PORTS) || !port;
}

/*
 * One flow's state in a pane: one cache line. Empty when packets is 0. Times are milliseconds
 * since the pane began, told by slot_time_of_ms; lengths of single packets saturate at 65535. Notes
 * are TCP flags and marks at once: they come together by OR.
 */
struct flow_slot {
	union {
		struct {
			__be32 src[4];
			__be32 dst[4];
			__be16 src_port;
			__be16 dst_port;
			__u8   ip_proto;
			__u8   flags;
			__u16  vlan;
			__u16  inner_vlan;
			__u16  first_ms;
			__u16  max_len;
			__u16  min_len;
			__u64  bytes;
			__u32  packets;
			FLOW_NOTES;
			__u16  last_ms;
		};
		__u64 words[8];
	};
} __attribute__((aligned(64)));

/* A record where extra measures are asked for: side by side, one after the other. */
struct flow_record {
	struct flow_slot slot;
	struct flow_extra extra;
};

/* The sixth word of a slot shares its 16 lowest-addressed bits with that of its key. */
#define FLOW_KEY_FULL_WORDS 5

_Static_assert((FLOW_LINK_VLAN | VLAN_TAG_PRESENT | VLAN_TAG_ID | FLOW_DIRECTION_TOLD) == 0xffff &&
	       (FLOW_LINK_INNER_VLAN | VLAN_TAG_PRESENT | VLAN_TAG_ID) == 0xffff,
	       "every bit of the tags is given out");
_Static_assert(sizeof(struct flow_key) == 56, "a key is seven words");
_Static_assert(sizeof(struct flow_slot) == 64, "a slot is one cache line");
_Static_assert(sizeof(struct flow_record) == 128, "a record is one or two");
_Static_assert(offsetof(struct flow_key, ip_proto) == 36 &&
	       offsetof(struct flow_key, flags) == 37 && offsetof(struct flow_key, vlan) == 38,
	       "the fifth word has ports, ip_proto, flags and vlan");
_Static_assert(offsetof(struct flow_key, inner_vlan) == 40, "five words, then inner_vlan");
_Static_assert(offsetof(struct flow_slot, src_port) == offsetof(struct flow_key, src_port) &&
	       offsetof(struct flow_slot, flags) == offsetof(struct flow_key, flags) &&
	       offsetof(struct flow_slot, inner_vlan) == offsetof(struct flow_key, inner_vlan),
	       "a slot begins with its key");
_Static_assert(offsetof(struct flow_slot, bytes) == 48, "counters are aligned");

#endif
