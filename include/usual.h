/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The usual segment, by a short way: of an Ethernet frame without tags, and an IP packet without
 * options or extensions that is no fragment, of a flow that is there. All it comes to is what
 * parse.h, account.h and segment.h make of it; what is just beside it is left to them.
 */
#ifndef WEIR_USUAL_H
#define WEIR_USUAL_H

#include "segment.h"

/*
 * A TCP header that is not read until more than the key asks for it: from the fast parser, so
 * that TCP_HEADER_LEN bytes of it are there, and inside the IP length.
 */
struct segment_ahead {
	const __u8 *header; /* NULL: it is no segment */
	const __u8 *end;    /* of the packet */
	__s32 left;         /* bytes inside the IP length */
};

/* As many bytes as any such frame has; what is_usual looks at. */
#define USUAL_FRAME_MIN            (sizeof(struct ethhdr) + sizeof(struct iphdr) + TCP_HEADER_LEN)
#define USUAL_IPV4_VERSION_AND_LEN 0x45

static __always_inline bool is_usual_ipv4(const __u8 *frame)
{
	const __u8 *ip = frame + sizeof(struct ethhdr);

	return wire16(frame + offsetof(struct ethhdr, h_proto)) == host_to_be16(ETH_P_IP) &&
	       ip[offsetof(struct iphdr, protocol)] == IPPROTO_TCP &&
	       likely(ip[0] == USUAL_IPV4_VERSION_AND_LEN) &&
	       likely(!(wire16(ip + offsetof(struct iphdr, frag_off)) &
			host_to_be16(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)));
}

static __always_inline bool is_usual_ipv6(const __u8 *frame)
{
	const __u8 *ip = frame + sizeof(struct ethhdr);

	return wire16(frame + offsetof(struct ethhdr, h_proto)) == host_to_be16(ETH_P_IPV6) &&
	       ip[offsetof(struct ipv6hdr, nexthdr)] == IPPROTO_TCP && likely(ip[0] >> 4 == 6);
}

static __always_inline __u32 usual_ipv4(const __u8 *ip, struct packet *p)
{
	p->src[1] = ipv4_mapped(wire32(ip + offsetof(struct iphdr, saddr)));
	p->dst[1] = ipv4_mapped(wire32(ip + offsetof(struct iphdr, daddr)));
	p->flags |= FLOW_IP;
	return be16_to_host(wire16(ip + offsetof(struct iphdr, tot_len)));
}

static __always_inline __u32 usual_ipv6(const __u8 *ip, struct packet *p)
{
	p->src[0] = wire64(ip + offsetof(struct ipv6hdr, saddr));
	p->src[1] = wire64(ip + offsetof(struct ipv6hdr, saddr) + 8);
	p->dst[0] = wire64(ip + offsetof(struct ipv6hdr, daddr));
	p->dst[1] = wire64(ip + offsetof(struct ipv6hdr, daddr) + 8);
	p->flags |= FLOW_IP | FLOW_IPV6;
	return sizeof(struct ipv6hdr) +
	       be16_to_host(wire16(ip + offsetof(struct ipv6hdr, payload_len)));
}

/*
 * The segment of a frame that is_usual, by IP's version: as parse_ethernet has it, without its many
 * ways. False where it may be another one. is_whole: the frame has no more bytes than those up to
 * end.
 */
static __always_inline bool parse_usual_segment(const __u8 *frame, const __u8 *end, bool is_whole,
						bool is_ipv6, struct packet *p,
						struct segment_ahead *ahead)
{
	const __u8 *ip = frame + sizeof(struct ethhdr);
	__u32 header_len = is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const __u8 *tcp = ip + header_len;
	__u32 ip_len;

	if (unlikely(tcp + TCP_HEADER_LEN > end || !tcp[TCP_FLAGS_OFFSET]))
		return false;
	if (!is_whole && tcp_header_len(tcp) > TCP_HEADER_LEN &&
	    unlikely(tcp + TCP_HEADER_LEN + TCP_STAMPS_LEN > end))
		return false;
	ip_len = is_ipv6 ? usual_ipv6(ip, p) : usual_ipv4(ip, p);
	if (p->wants_ip_len) {
		p->ip_len = ip_len;
		p->link_len += (__u32)sizeof(struct ethhdr);
	}
	p->ip_proto = IPPROTO_TCP;
	p->ports = wire32(tcp);
	p->tcp_flags = tcp[TCP_FLAGS_OFFSET];
	ahead->header = tcp;
	ahead->end = end;
	ahead->left = (__s32)(ip_len - header_len);
	return likely(ahead->left >= TCP_HEADER_LEN);
}

/* All of a header ahead, of a packet that is one segment. */
static __always_inline void segment_read(const struct segment_ahead *ahead, struct segment *s)
{
	struct cursor c = cursor_over(CURSOR_FAST, ahead->header, ahead->end);

	*s = (struct segment){ 0 };
	parse_segment(&c, ahead->left, s);
	s->full = s->payload;
}

/* The slot of a flow that is there; NULL where adding a packet may take more than that, too. */
static __always_inline struct flow_slot *slot_find_usual(struct section_header *section,
							 const struct bank_geometry *g,
							 const struct accounted *a)
{
	__u32 i;

	for (i = 0; i < PROBE_WINDOW; i++) {
		struct flow_slot *slot = section_slot(section, g, a->hash + i, true);

		if (!slot->packets || slot->packets >= SLOT_PACKETS_LIMIT)
			return NULL;
		if (likely(slot_has_key(slot, a->key)))
			return slot_is_full(slot, a->size) ? NULL : slot;
	}
	return NULL;
}

#endif
