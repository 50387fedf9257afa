/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP segment of a packet, or those that were merged to it: what its header tells beyond the
 * key, for who asks for that.
 */
#ifndef WEIR_SEGMENT_H
#define WEIR_SEGMENT_H

#include "account.h"
#include "parse.h"

#define TCP_HEADER_LEN 20
#define TCP_SEQ        4
#define TCP_ACK        8
#define TCP_WINDOW     14
#define TCP_STAMPS_LEN 12

/* Two empty options, then that of timestamps, as RFC 7323 (appendix A) recommends it. */
#define TCP_STAMPS_BEGIN 0x0101080a

/* Of what has no length (BIG TCP): at least so many bytes of payload. */
#define TCP_PAYLOAD_UNTOLD (PARSE_LENGTH_UNKNOWN / 2)

struct segment {
	__u64 name;    /* of its connection, where the slot has not all of its key; else 0 */
	__u64 tunnel;  /* of its key */
#ifndef __bpf__
	__u64 time_ns; /* in the kernel the clock is read when it is needed */
#endif
	__u32 seq;     /* these in host order */
	__u32 ack;
	__u32 payload; /* bytes */
	__u32 full;    /* of those, in each of the segments that were merged, but for the last */
	__u32 sent;    /* its timestamp, and the one it echoes; 0: it has none */
	__u32 echoed;
	__u32 tick;    /* a clock that may wrap: milliseconds, or ticks of the kernel */
	__u8 flags;
	__u8 is_out;
	__u8 has_zero_window;
	__u8 zero;
};

static __always_inline __s32 tcp_header_len(const __u8 *header)
{
	return (header[TCP_DATA_OFFSET] >> 4) * 4;
}

/*
 * A TCP header at the cursor whose first 14 bytes are there, and of which left bytes lie inside the
 * IP length. Where lengths lie it is no segment, at most a reset. A receiver that has no room left
 * has a window of 0; what FIN, SYN and RST segments have there says nothing of that.
 */
static __always_inline void parse_segment(struct cursor *c, __s32 left, struct segment *s)
{
	__u8 copy[TCP_HEADER_LEN], stamps[TCP_STAMPS_LEN];
	const __u8 *bytes = left >= TCP_HEADER_LEN ? cursor_peek(c, copy, sizeof(copy)) : NULL;
	__s32 header_len;

	if (unlikely(!bytes)) {
		*s = (struct segment){ .tunnel = s->tunnel };
		return;
	}
	s->name = 0;
	s->payload = s->sent = s->echoed = 0;
	header_len = tcp_header_len(bytes);
	s->seq = be32_to_host(wire32(bytes + TCP_SEQ));
	s->ack = be32_to_host(wire32(bytes + TCP_ACK));
	s->flags = bytes[TCP_FLAGS_OFFSET];
	s->has_zero_window = !(s->flags & (TCP_FLAG_FIN | TCP_FLAG_SYN | TCP_FLAG_RST)) &&
			     !wire16(bytes + TCP_WINDOW);
	if (unlikely(header_len < TCP_HEADER_LEN || left < header_len)) {
		s->flags &= TCP_FLAG_RST;
		return;
	}
	s->payload = (__u32)(left - header_len);
	if (header_len < TCP_HEADER_LEN + TCP_STAMPS_LEN)
		return;
	cursor_skip(c, TCP_HEADER_LEN);
	bytes = cursor_peek(c, stamps, sizeof(stamps));
	if (bytes && wire32(bytes) == host_to_be32(TCP_STAMPS_BEGIN)) {
		s->sent = be32_to_host(wire32(bytes + 4));
		s->echoed = be32_to_host(wire32(bytes + 8));
	}
}

/* What the packet has besides that. */
static __always_inline void segment_complete(struct segment *s, const struct packet *p,
					     const struct packet_size *size)
{
	if (unlikely(s->payload >= TCP_PAYLOAD_UNTOLD)) {
		__u32 headers = size->packets * (p->headers_len - p->jumbo_len);

		s->payload = size->bytes > headers ? size->bytes - headers : 0;
	}
	s->full = s->payload;
	/* All but the last are equally long. */
	if (unlikely(size->packets > 1))
		s->full = (s->payload + size->max_len - size->min_len) / size->packets;
	s->is_out = (p->flags & FLOW_OUT) != 0;
}

/* What segments add to the second line by themselves; connection.h has the rest. */
static __always_inline void segment_add_extra(const struct segment *s,
					      const struct packet_size *size,
					      struct flow_extra *extra)
{
	if (s->has_zero_window)
		extra->zero_windows += saturate16(size->packets);
	if (s->flags & TCP_FLAG_RST)
		extra->resets += 1;
}

/* Whether one of the small counters of a slot may not hold what a packet adds to it. */
static __always_inline bool slot_is_full(struct flow_slot *slot, const struct packet_size *size)
{
	return slot_extra(slot)->small_counts & EXTRA_SMALL_COUNTS_HIGH ||
	       size->packets > EXTRA_SMALL_STEP_MAX;
}

/* The slot of a flow that is there; NULL: it is not. */
static __always_inline struct flow_slot *slot_find(struct section_header *section,
						   const struct bank_geometry *g,
						   const struct accounted *a)
{
	__u32 i;

	for (i = 0; i < PROBE_WINDOW; i++) {
		struct flow_slot *slot = section_slot(section, g, a->hash + i, true);

		if (slot->packets && slot_is_of(slot, a))
			return slot;
	}
	return NULL;
}

/*
 * As account_flow, of a segment whose connection is followed: returns its slot, which has the small
 * counters; NULL where it is unattributed. By itself, so that the programs of who does not ask for
 * it stay as they are.
 */
static __always_inline struct flow_slot *account_segment(struct section_header *section,
							 const struct bank_geometry *g,
							 const struct accounted *a)
{
	__u32 i;

	account_size(section, a->size);
	for (i = 0; i < PROBE_WINDOW; i++) {
		struct flow_slot *slot = section_slot(section, g, a->hash + i, true);

		if (!slot->packets) {
			slot_start(slot, a);
			section_mark(section, g, a->hash + i);
			return slot;
		}
		if (unlikely(!slot_is_of(slot, a)))
			continue;
		if (likely(!slot_is_full(slot, a->size)))
			slot_take(section, g, slot, a);
		else
			slot_renew(section, g, slot, a);
		return slot_is_full(slot, a->size) ? NULL : slot;
	}
	load_anew();
	section_evict(section, g, a);
	return slot_find(section, g, a);
}

#endif
