/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The packet parser: from the first byte of a frame to its flow key. The flow is that of the
 * outermost IP header, behind any VLAN tags (from there inwards: inward.h); ports are taken where
 * the first four bytes of the transport header are there and lie inside the IP length, and are told
 * as cut where they do not; later fragments have none (RFC 791, RFC 8200). A chain of tags or
 * extension headers past the limits here is given up, and marked: it then counts by the number that
 * stands there. Parsers return 0, or 1 + enum malformed_reason for a packet without a key.
 */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "cursor.h"
#include "flow.h"
#include "outcome.h"

/* Tags skipped before the frame counts as one of the tag's own EtherType. */
#define PARSE_VLAN_TAGS_MAX 8
#define PARSE_VLAN_TAGS_FAST 2
/* Extension headers walked: real packets have up to four, packets made for mischief a hundred. */
#define PARSE_IPV6_EXTENSIONS_MAX 128
/* IP length 0 (segmentation offload, jumbogram): the packet's own end is the limit. */
#define PARSE_LENGTH_UNKNOWN 0x7fff0000

#define ETHERTYPE_QINQ_9100 0x9100
#define ETHERTYPE_QINQ_9200 0x9200

#define TCP_FLAGS_OFFSET 13
#define TCP_DATA_OFFSET  12
#define UDP_HEADER_LEN   8
#define SCTP_HEADER_LEN  12

/* IPv6 extension headers that carry on to another (IANA protocol numbers). */
#define IPV6_EXT_HOP_BY_HOP  0
#define IPV6_EXT_ROUTING     43
#define IPV6_EXT_FRAGMENT    44
#define IPV6_EXT_AH          51
#define IPV6_EXT_DESTINATION 60
#define IPV6_NO_NEXT_HEADER  59
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS  0x01
#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

/* A hop-by-hop header with the jumbo payload option alone (RFC 2675). */
#define IPV6_JUMBO_OPTION     0xc2
#define IPV6_JUMBO_HEADER_LEN 8

/*
 * A VLAN tag of 16 bits, a byte of flags. On the host each is as wide as a register: a compiler
 * that puts it by as 16 bits loads it as 64, which would stall the CPU. In BPF programs the stack
 * is short.
 */
#ifdef __bpf__
typedef __u16 packet_tag;
typedef __u8 packet_byte;
#else
typedef __u64 packet_tag;
typedef __u64 packet_byte;
#endif

/* Of the IP packet whose the flow is: a first or later fragment, where that is asked for. */
enum packet_fragment { PACKET_FRAGMENT_UNASKED, PACKET_FRAGMENT_ASKED, PACKET_FRAGMENT_FIRST,
		       PACKET_FRAGMENT_LATER };

/*
 * What one packet is; all zero before it is parsed, but for what it wants. The parts of its key are
 * kept apart until packet_key, so that they stay in registers: bytes stored one by one and loaded
 * again as a word would stall the CPU.
 */
struct packet {
	__u64 src[2];  /* as the words of a flow key */
	__u64 dst[2];
	__be32 ports;  /* source, then destination */
	__u8 ip_proto;
	__u8 flags;
	packet_byte tcp_flags;
	packet_byte marks;
	bool wants_ip_len;    /* set before it is parsed: what follows is looked for */
	__u8 fragment;        /* enum packet_fragment: to be asked for before */
	__u32 fragment_id;    /* of a fragment that was asked for, as its header has it */
	__u32 ip_len;         /* of the outermost IP packet, as its header has it; 0: it is not IP */
	__u32 link_len;       /* what is before that, a tag beside the packet among it */
	packet_tag vlan;
	packet_tag inner_vlan;
	__u32 headers_len; /* from the first byte through the TCP, UDP or SCTP header; 0: not known */
	__u32 jumbo_len;   /* of those: a jumbo payload option that is cut out of segments */
	__u32 blur;        /* for cursor_blur alone */
};

/*
 * How far inward a packet has been parsed (inward.h): what follows the last header. All zero at
 * first.
 */
struct inward {
	__u64 tunnel;     /* flow_key.tunnel: of the outermost one */
	__u32 offset;     /* of what follows, from the first byte; 0: nothing does */
	__s32 left;       /* bytes of it that lie inside the IP length */
	__u32 ethertype;  /* that announces it, of what is not IP; in host order */
	__u32 frame_len;  /* set before, of a merged packet: see inward_level */
	__u8 depth;       /* IP headers entered, one in the other */
	bool is_fragment;
};

/* The key of a packet that has one, but for its tunnel. */
static __always_inline void packet_key(const struct packet *p, struct flow_key *key)
{
	key->words[0] = p->src[0];
	key->words[1] = p->src[1];
	key->words[2] = p->dst[0];
	key->words[3] = p->dst[1];
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	key->words[4] = p->ports | (__u64)p->ip_proto << 32 | (__u64)p->flags << 40 |
			(__u64)p->vlan << 48;
	key->words[5] = p->inner_vlan;
#else
	key->words[4] = (__u64)p->ports << 32 | (__u64)p->ip_proto << 24 |
			(__u64)p->flags << 16 | p->vlan;
	key->words[5] = (__u64)p->inner_vlan << 48;
#endif
}

/* The TCP flags and marks as the notes of a slot (FLOW_NOTES). */
static __always_inline __u16 packet_notes(const struct packet *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u16)(p->tcp_flags | p->marks << 8);
#else
	return (__u16)(p->tcp_flags << 8 | p->marks);
#endif
}

/* The second word of an IPv4-mapped address. */
static __always_inline __u64 ipv4_mapped(__be32 address)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u64)address << 32 | 0xffff0000u;
#else
	return 0x0000ffff00000000ull | address;
#endif
}

static __always_inline bool ethertype_is_vlan(__be16 ethertype)
{
	return ethertype == host_to_be16(ETH_P_8021Q) || ethertype == host_to_be16(ETH_P_8021AD) ||
	       ethertype == host_to_be16(ETHERTYPE_QINQ_9100) ||
	       ethertype == host_to_be16(ETHERTYPE_QINQ_9200);
}

/* Adds the next tag, outermost first; more than two are left out of the key. */
static __always_inline void packet_add_vlan(struct packet *p, __u16 tci)
{
	__u16 tag = VLAN_TAG_PRESENT | (tci & VLAN_TAG_ID);

	if (!p->vlan)
		p->vlan = tag;
	else if (!p->inner_vlan)
		p->inner_vlan = tag;
}

/*
 * TCP and UDP where 14 bytes are there, as nearly always: by one path, for no CPU foresees which
 * of the two comes next. A TCP header of so many bytes gives its flags too.
 */
static __always_inline bool parse_tcp_udp(struct cursor *c, __s32 left, struct packet *p)
{
	__u8 copy[TCP_FLAGS_OFFSET + 1];
	const __u8 *bytes = NULL;

	if (likely(left >= (__s32)sizeof(copy)))
		bytes = cursor_peek(c, copy, sizeof(copy));
	if (unlikely(!bytes))
		return false;
	p->ports = wire32(bytes);
	p->headers_len = cursor_offset(c);
	p->tcp_flags = bytes[TCP_FLAGS_OFFSET] & -(__u8)(p->ip_proto == IPPROTO_TCP);
	p->headers_len += p->ip_proto == IPPROTO_TCP ? (bytes[TCP_DATA_OFFSET] >> 4) * 4
						     : UDP_HEADER_LEN;
	return true;
}

static __always_inline void parse_ports(struct cursor *c, __s32 left, struct packet *p)
{
	__u8 copy[4];
	const __u8 *ports = left >= 4 ? cursor_peek(c, copy, sizeof(copy)) : NULL;

	if (unlikely(!ports)) {
		if (cursor_defer(c))
			return;
		p->flags |= FLOW_NO_PORTS;
		p->ports = host_to_be32((__u32)FLOW_PORT_CUT << 16 | FLOW_PORT_CUT);
		return;
	}
	p->ports = wire32(ports);
	if (p->ip_proto == IPPROTO_TCP)
		return;
	p->headers_len = cursor_offset(c);
	p->headers_len += p->ip_proto == IPPROTO_UDP ? UDP_HEADER_LEN : SCTP_HEADER_LEN;
}

static __always_inline void parse_icmp(struct cursor *c, __s32 left, struct packet *p)
{
	__u8 copy[2];
	const __u8 *icmp = left >= 2 ? cursor_peek(c, copy, sizeof(copy)) : NULL;
	__u32 type = FLOW_ICMP_CUT, code = FLOW_ICMP_CUT;

	if (likely(icmp)) {
		type = (__u32)icmp[0] << 8;
		code = (__u32)icmp[1] << 8;
	} else if (!cursor_defer(c)) {
		icmp = left >= 1 ? cursor_peek(c, copy, 1) : NULL;
		if (icmp)
			type = (__u32)icmp[0] << 8;
	}
	p->ports = host_to_be32(type << 16 | code);
}

/* The transport header at the cursor, of which left bytes lie inside the IP length. */
static __always_inline void parse_transport(struct cursor *c, __s32 left, struct packet *p)
{
	__u8 proto = p->ip_proto;

	if (c->inward) {
		c->inward->offset = cursor_offset(c);
		c->inward->left = left;
	}
	if (likely(proto == IPPROTO_TCP || proto == IPPROTO_UDP)) {
		if (unlikely(!parse_tcp_udp(c, left, p)))
			parse_ports(c, left, p);
	} else if (proto == IPPROTO_SCTP || proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE) {
		parse_ports(c, left, p);
	} else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		parse_icmp(c, left, p);
	}
}

/* The outermost IP header, at the cursor, says that its packet has len bytes. */
static __always_inline void packet_note_ip(struct packet *p, const struct cursor *c, __u32 len)
{
	if (p->ip_len)
		return;
	p->ip_len = len;
	/* Whole: a sum of halves of pointers would be refused. */
	p->link_len += opaque(cursor_offset(c));
}

static __always_inline __u32 ipv4_total_len(const __u8 *ip)
{
	__u32 total_len = be16_to_host(wire16(ip + offsetof(struct iphdr, tot_len)));

	return unlikely(!total_len) ? PARSE_LENGTH_UNKNOWN : total_len;
}

/* To be asked for what all fragments of a datagram have in common. */
static __always_inline void packet_note_fragment(struct packet *p, bool is_later, __u32 id)
{
	p->fragment = is_later ? PACKET_FRAGMENT_LATER : PACKET_FRAGMENT_FIRST;
	p->fragment_id = id;
}

static __always_inline int parse_ipv4(struct cursor *c, struct packet *p)
{
	struct iphdr copy;
	const __u8 *ip = cursor_peek(c, &copy, sizeof(copy));
	__u32 header_len, total_len;
	__be16 fragment;

	if (!ip)
		return 1 + MALFORMED_IPV4_HEADER_CUT;
	if (unlikely(ip[0] >> 4 != 4))
		return 1 + MALFORMED_IPV4_VERSION;
	header_len = (ip[0] & 15) * 4;
	if (unlikely(header_len < sizeof(copy)))
		return 1 + MALFORMED_IPV4_HEADER_LEN;

	p->src[1] = ipv4_mapped(wire32(ip + offsetof(struct iphdr, saddr)));
	p->dst[1] = ipv4_mapped(wire32(ip + offsetof(struct iphdr, daddr)));
	p->ip_proto = ip[offsetof(struct iphdr, protocol)];
	p->flags |= FLOW_IP;

	if (p->wants_ip_len)
		packet_note_ip(p, c, ipv4_total_len(ip));
	fragment = wire16(ip + offsetof(struct iphdr, frag_off));
	if (p->fragment &&
	    unlikely(fragment & host_to_be16(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))) {
		if (cursor_defer(c))
			return 0;
		packet_note_fragment(p, fragment & host_to_be16(IPV4_FRAGMENT_OFFSET),
				     wire16(ip + offsetof(struct iphdr, id)));
	}
	if (unlikely(fragment & host_to_be16(IPV4_FRAGMENT_OFFSET))) {
		p->flags |= FLOW_NO_PORTS;
		return 0;
	}
	if (c->inward)
		c->inward->is_fragment = fragment & host_to_be16(IPV4_MORE_FRAGMENTS);
	total_len = ipv4_total_len(ip);
	cursor_skip(c, header_len);
	parse_transport(c, (__s32)(total_len - header_len), p);
	return 0;
}

static __always_inline bool ipv6_is_extension(__u8 next_header)
{
	return next_header == IPV6_EXT_HOP_BY_HOP || next_header == IPV6_EXT_ROUTING ||
	       next_header == IPV6_EXT_FRAGMENT || next_header == IPV6_EXT_AH ||
	       next_header == IPV6_EXT_DESTINATION;
}

/* Length in bytes of the extension header that begins with these bytes (RFC 8200, RFC 4302). */
static __always_inline __u32 ipv6_extension_len(__u8 kind, const __u8 *header)
{
	if (kind == IPV6_EXT_FRAGMENT)
		return 8;
	if (kind == IPV6_EXT_AH)
		return (header[1] + 2) * 4;
	return (header[1] + 1) * 8;
}

/* One that is whole, and no fragment (RFC 6946), may stand behind another one's header. */
static __always_inline void ipv6_note_fragment(struct packet *p, const __u8 *header)
{
	bool is_later = wire16(header + 2) & host_to_be16(IPV6_FRAGMENT_OFFSET);

	p->fragment_id = wire32(header + 4);
	if (is_later || header[3] & IPV6_MORE_FRAGMENTS)
		packet_note_fragment(p, is_later, wire32(header + 4));
}

/*
 * Walks from the end of the fixed header to the transport header. ip_proto is the last
 * next-header value reached, an extension header's own where it is cut.
 */
static __always_inline void parse_ipv6_extensions(struct cursor *c, __s32 left, struct packet *p)
{
	int i;

	for (i = 0; i < PARSE_IPV6_EXTENSIONS_MAX; i++) {
		__u8 kind = p->ip_proto;
		__u8 copy[8];
		const __u8 *header = left >= 8 ? cursor_peek(c, copy, sizeof(copy)) : NULL;
		__u32 header_len;

		if (!header)
			return;
		p->ip_proto = header[0];
		if (kind == IPV6_EXT_FRAGMENT && p->fragment)
			ipv6_note_fragment(p, header);
		if (kind == IPV6_EXT_FRAGMENT &&
		    (wire16(header + 2) & host_to_be16(IPV6_FRAGMENT_OFFSET))) {
			p->flags |= FLOW_NO_PORTS;
			return;
		}
		if (c->inward && kind == IPV6_EXT_FRAGMENT)
			c->inward->is_fragment |= header[3] & IPV6_MORE_FRAGMENTS;
		header_len = ipv6_extension_len(kind, header);
		cursor_skip(c, header_len);
		left = (__s32)cursor_blur(c, (__u32)left - header_len);
		if (!ipv6_is_extension(p->ip_proto)) {
			parse_transport(c, left, p);
			return;
		}
	}
	p->marks |= FLOW_HEADERS_GIVEN_UP;
}

/*
 * Packets that the kernel merged past 64 KiB (BIG TCP) begin with an option that has their
 * length; it goes when they are segmented (ipv6_hopopt_jumbo_remove, include/net/ipv6.h).
 */
static __always_inline void parse_ipv6_jumbo(struct cursor *c, __u32 payload_len, struct packet *p)
{
	__u8 copy[4];
	const __u8 *header;

	if (payload_len != PARSE_LENGTH_UNKNOWN || p->ip_proto != IPV6_EXT_HOP_BY_HOP)
		return;
	header = cursor_peek(c, copy, sizeof(copy));
	if (header && header[1] == 0 && header[2] == IPV6_JUMBO_OPTION)
		p->jumbo_len = IPV6_JUMBO_HEADER_LEN;
}

/* Where nothing follows its header a packet has no payload, rather than one of unknown length. */
static __always_inline __u32 ipv6_total_len(__u32 payload_len, __u8 next_header)
{
	if (unlikely(payload_len == PARSE_LENGTH_UNKNOWN && next_header == IPV6_NO_NEXT_HEADER))
		payload_len = 0;
	return sizeof(struct ipv6hdr) + payload_len;
}

static __always_inline int parse_ipv6(struct cursor *c, struct packet *p)
{
	struct ipv6hdr copy;
	const __u8 *ip = cursor_peek(c, &copy, sizeof(copy));
	__u32 payload_len;

	if (!ip)
		return 1 + MALFORMED_IPV6_HEADER_CUT;
	if (unlikely(ip[0] >> 4 != 6))
		return 1 + MALFORMED_IPV6_VERSION;
	p->src[0] = wire64(ip + offsetof(struct ipv6hdr, saddr));
	p->src[1] = wire64(ip + offsetof(struct ipv6hdr, saddr) + 8);
	p->dst[0] = wire64(ip + offsetof(struct ipv6hdr, daddr));
	p->dst[1] = wire64(ip + offsetof(struct ipv6hdr, daddr) + 8);
	p->ip_proto = ip[offsetof(struct ipv6hdr, nexthdr)];
	p->flags |= FLOW_IP | FLOW_IPV6;

	payload_len = be16_to_host(wire16(ip + offsetof(struct ipv6hdr, payload_len)));
	if (unlikely(!payload_len))
		payload_len = PARSE_LENGTH_UNKNOWN;
	if (p->wants_ip_len)
		packet_note_ip(p, c, ipv6_total_len(payload_len, p->ip_proto));
	cursor_skip(c, sizeof(copy));
	if (likely(!ipv6_is_extension(p->ip_proto))) {
		parse_transport(c, (__s32)payload_len, p);
	} else if (!cursor_defer(c)) {
		parse_ipv6_jumbo(c, payload_len, p);
		parse_ipv6_extensions(c, (__s32)payload_len, p);
	}
	return 0;
}

static __always_inline int parse_non_ip(__be16 ethertype, struct packet *p)
{
	if (be16_to_host(ethertype) < ETH_P_802_3_MIN)
		ethertype = host_to_be16(FLOW_ETHERTYPE_LLC);
	p->ports = host_to_be32((__u32)be16_to_host(ethertype) << 16);
	return 0;
}

/* What follows an EtherType field, the cursor standing behind it. */
static __always_inline int parse_ethertype(struct cursor *c, __be16 ethertype, struct packet *p)
{
	int i, tags_max = c->kind == CURSOR_FAST ? PARSE_VLAN_TAGS_FAST : PARSE_VLAN_TAGS_MAX;

	for (i = 0; i < tags_max && unlikely(ethertype_is_vlan(ethertype)); i++) {
		__u8 copy[4];
		const __u8 *tag = cursor_peek(c, copy, sizeof(copy));

		if (!tag)
			return 1 + MALFORMED_VLAN_HEADER_CUT;
		packet_add_vlan(p, be16_to_host(wire16(tag)));
		ethertype = wire16(tag + 2);
		cursor_skip(c, sizeof(copy));
	}
	if (likely(ethertype == host_to_be16(ETH_P_IP)))
		return parse_ipv4(c, p);
	if (likely(ethertype == host_to_be16(ETH_P_IPV6)))
		return parse_ipv6(c, p);
	if (ethertype_is_vlan(ethertype) && !cursor_defer(c))
		p->marks |= FLOW_HEADERS_GIVEN_UP;
	if (c->inward) {
		c->inward->offset = cursor_offset(c);
		c->inward->ethertype = be16_to_host(ethertype);
	}
	return parse_non_ip(ethertype, p);
}

/* A whole Ethernet frame, the cursor at its first byte. */
static __always_inline int parse_ethernet(struct cursor *c, struct packet *p)
{
	struct ethhdr copy;
	const __u8 *ethernet = cursor_peek(c, &copy, sizeof(copy));

	if (!ethernet)
		return 1 + MALFORMED_LINK_HEADER_CUT;
	cursor_skip(c, sizeof(copy));
	return parse_ethertype(c, wire16(ethernet + offsetof(struct ethhdr, h_proto)), p);
}

#endif
