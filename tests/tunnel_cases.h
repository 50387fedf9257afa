/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets in tunnels, and what is inside: layers beside those of packet_builder.h. Of what is
 * built so only the innermost IP header has its length; that of the others is 0, not known.
 */
#ifndef WEIR_TESTS_TUNNEL_CASES_H
#define WEIR_TESTS_TUNNEL_CASES_H

#include "packet_cases.h"

/* A type field that nobody reads: the next layer has none. */
#define TYPE_NOWHERE (FRAME_MAX - 2)

/* a: port of the destination. */
static inline void put_udp_to(struct frame *f, const struct layer *layer)
{
	f->bytes[f->next_at] = IPPROTO_UDP;
	frame_put16(f, SRC_PORT);
	frame_put16(f, layer->a);
	frame_put_fill(f, 4);
}

/* a: VNI; b: flags. */
static inline void put_vxlan(struct frame *f, const struct layer *layer)
{
	frame_put32(f, layer->b << 24);
	frame_put32(f, layer->a << 8);
}

/* a: VNI; b: words of options, and from 0x100 on the version. */
static inline void put_geneve(struct frame *f, const struct layer *layer)
{
	*frame_grow(f, 1) = (uint8_t)((layer->b & 0x3f) | layer->b >> 8 << 6);
	*frame_grow(f, 1) = 0;
	f->type_at = f->len;
	frame_put16(f, 0x6558);
	frame_put32(f, layer->a << 8);
	frame_put_fill(f, (layer->b & 0x3f) * 4);
}

/* a: flags; b: key. */
static inline void put_gre(struct frame *f, const struct layer *layer)
{
	f->bytes[f->next_at] = 47;
	frame_put16(f, layer->a);
	f->type_at = f->len;
	frame_put16(f, 0x6558);
	if (layer->a & 0x8000)
		frame_put_fill(f, 4);
	if (layer->a & 0x2000)
		frame_put32(f, layer->b);
	if (layer->a & 0x1000)
		frame_put_fill(f, 4);
}

/* a: 2 or 3, in a GRE header; b: session. */
static inline void put_erspan(struct frame *f, const struct layer *layer)
{
	f->bytes[f->type_at] = layer->a == 2 ? 0x88 : 0x22;
	f->bytes[f->type_at + 1] = layer->a == 2 ? 0xbe : 0xeb;
	frame_put16(f, 0x1007);
	frame_put16(f, 0xfc00 | layer->b);
	memset(frame_grow(f, layer->a == 2 ? 4 : 8), 0, layer->a == 2 ? 4 : 8);
}

/* a: protocol number of what follows, an IP header or EtherIP's two bytes. */
static inline void put_ip_in_ip(struct frame *f, const struct layer *layer)
{
	f->bytes[f->next_at] = (uint8_t)layer->a;
	f->type_at = TYPE_NOWHERE;
	if (layer->a == 97)
		frame_put16(f, 0x3000);
}

/* a: label; b: bottom of the stack. */
static inline void put_mpls(struct frame *f, const struct layer *layer)
{
	if (f->type_at != TYPE_NOWHERE)
		frame_set16(f, f->type_at, ETH_P_MPLS_UC);
	else if (f->next_at && f->len == f->next_at + 3 + 8)
		f->bytes[f->next_at] = 137;
	frame_put32(f, layer->a << 12 | 0xa00 | layer->b << 8 | 64);
	f->type_at = TYPE_NOWHERE;
}

/* a: session; b: PPP's protocol. */
static inline void put_pppoe(struct frame *f, const struct layer *layer)
{
	frame_set16(f, f->type_at, ETH_P_PPP_SES);
	frame_put16(f, 0x1100);
	frame_put16(f, layer->a);
	frame_put16(f, 0);
	frame_put16(f, layer->b);
	f->type_at = TYPE_NOWHERE;
}

/*
 * a: TEID; b: flags, and from bit 8 on how many extension headers come before the last one; with
 * extension, sequence or N-PDU number their four bytes.
 */
static inline void put_gtp(struct frame *f, const struct layer *layer)
{
	*frame_grow(f, 1) = (uint8_t)layer->b;
	*frame_grow(f, 1) = 255;
	frame_put16(f, 0);
	frame_put32(f, layer->a);
	if (layer->b & 7) {
		frame_put16(f, 0x4711);
		*frame_grow(f, 1) = 0;
		*frame_grow(f, 1) = layer->b & 4 ? 0x85 : 0;
	}
	for (uint32_t more = layer->b >> 8; more; more--)
		frame_put32(f, 0x01090985);
	if (layer->b & 4)
		frame_put32(f, 0x01090900);
	f->type_at = TYPE_NOWHERE;
}

/* LLC and SNAP, in place of an EtherType. */
static inline void put_snap(struct frame *f, const struct layer *layer)
{
	(void)layer;
	frame_set16(f, f->type_at, 40);
	frame_put16(f, 0xaaaa);
	frame_put32(f, 0x03000000);
	f->type_at = f->len;
	frame_put16(f, 0);
}

#define UDP_TO(port)        { put_udp_to, port, 0 }
#define VXLAN(vni)          UDP_TO(4789), { put_vxlan, vni, 8 }, ETHERNET
#define GENEVE(vni, words)  UDP_TO(6081), { put_geneve, vni, words }
#define GRE(flags, key)     { put_gre, flags, key }
#define ERSPAN(type, number) { put_erspan, type, number }, ETHERNET
#define IPIP(proto)         { put_ip_in_ip, proto, 0 }
#define MPLS(label, last)   { put_mpls, label, last }
#define PPPOE(number, ppp)  { put_pppoe, number, ppp }
#define GTP(teid, flags)    UDP_TO(2152), { put_gtp, teid, flags }
#define SNAP                { put_snap, 0, 0 }
#define TAGS_8              VLAN(5), VLAN(6), VLAN(7), VLAN(7), VLAN(7), VLAN(7), VLAN(7), VLAN(7)

struct tunnel_case {
	const char *name;
	struct layer layers[FRAME_LAYERS];
	struct expectation is;
	__u64 tunnel;
};

#define IN(kind)             .tunnel = (__u64)TUNNEL_##kind << TUNNEL_KIND_SHIFT
#define NUMBERED(kind, id)   IN(kind) | TUNNEL_HAS_NUMBER | (id)
#define INNER_TCP(version, size)  { .ip = version, .proto = IPPROTO_TCP, PORTS, .tcp_flags = SYN_ACK, \
			       .headers_len = size }
#define OUTER_UDP(port)      { IP4(IPPROTO_UDP), .src_port = SRC_PORT, .dst_port = port, \
			       .headers_len = 42 }

static const struct tunnel_case tunnel_cases[] = {
	{ "VXLAN", { ETHERNET, IPV4, VXLAN(0xabcdef), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 104), NUMBERED(VXLAN, 0xabcdef) },
	{ "VXLAN, Linux's old port", { ETHERNET, IPV6, UDP_TO(8472), { put_vxlan, 7, 8 }, ETHERNET,
	  IPV6, TCP(SYN_ACK) }, INNER_TCP(6, 144), NUMBERED(VXLAN, 7) },
	{ "VXLAN, tags inside and outside", { ETHERNET, VLAN(3), IPV4, VXLAN(9), VLAN(5), IPV4, UDP },
	  { IP4(IPPROTO_UDP), PORTS, .vlan = ID(3), .inner_vlan = ID(5), .headers_len = 100 },
	  NUMBERED(VXLAN, 9) },
	{ "VXLAN with as many tags inside as are walked", { ETHERNET, IPV4, VXLAN(9), TAGS_8, IPV4,
	  TCP(SYN_ACK) }, { IP4(IPPROTO_TCP), PORTS, .tcp_flags = SYN_ACK, .vlan = ID(5),
	  .inner_vlan = ID(6), .headers_len = 136 }, NUMBERED(VXLAN, 9) },
	{ "VXLAN with one more", { ETHERNET, IPV4, VXLAN(9), TAGS_8, VLAN(7), IPV4, TCP(SYN_ACK) },
	  { IP4(IPPROTO_UDP), .src_port = SRC_PORT, .dst_port = 4789, .headers_len = 42,
	    .marks = FLOW_HEADERS_GIVEN_UP }, IN(NONE) },
	{ "VXLAN without its flag", { ETHERNET, IPV4, UDP_TO(4789), { put_vxlan, 7, 0 }, ETHERNET,
	  IPV4, TCP(SYN_ACK) }, OUTER_UDP(4789), IN(NONE) },
	{ "VXLAN with ARP inside", { ETHERNET, IPV4, VXLAN(1), ETHERTYPE(ETH_P_ARP), PAYLOAD(28) },
	  OUTER_UDP(4789), IN(NONE) },
	{ "VXLAN of a first fragment", { ETHERNET, IPV4_FRAGMENT(0x2000), VXLAN(1), IPV4,
	  TCP(SYN_ACK) }, OUTER_UDP(4789), IN(NONE) },
	{ "fragment inside VXLAN", { ETHERNET, IPV4, VXLAN(1), IPV4_FRAGMENT(0x2001), UDP },
	  { IP4(IPPROTO_UDP), .flags = FLOW_NO_PORTS, .headers_len = 42 }, NUMBERED(VXLAN, 1) },
	{ "a tag inside that leads nowhere is none", { ETHERNET, IPV4, VXLAN(1), VLAN(5),
	  ETHERTYPE(ETH_P_ARP), PAYLOAD(28) }, OUTER_UDP(4789), IN(NONE) },
	{ "Geneve", { ETHERNET, IPV4, GENEVE(5, 0), ETHERNET, IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 104), NUMBERED(GENEVE, 5) },
	{ "Geneve with options", { ETHERNET, IPV4, GENEVE(0xffffff, 63), ETHERNET, IPV6,
	  TCP(SYN_ACK) }, INNER_TCP(6, 376), NUMBERED(GENEVE, 0xffffff) },
	{ "Geneve without Ethernet", { ETHERNET, IPV4, GENEVE(0, 1), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 94), NUMBERED(GENEVE, 0) },
	{ "Geneve of version 1", { ETHERNET, IPV4, GENEVE(5, 0x100), ETHERNET, IPV4, TCP(SYN_ACK) },
	  OUTER_UDP(6081), IN(NONE) },
	{ "GRE", { ETHERNET, IPV4, GRE(0, 0), IPV4, TCP(SYN_ACK) }, INNER_TCP(4, 78), IN(GRE) },
	{ "GRE with key, checksum and sequence", { ETHERNET, IPV6, GRE(0xb000, 0xdeadbeef), IPV6,
	  TCP(SYN_ACK) }, INNER_TCP(6, 130), NUMBERED(GRE, 0xdeadbeef) },
	{ "Ethernet in GRE", { ETHERNET, IPV4, GRE(0x2000, 0), ETHERNET, IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 96), NUMBERED(GRE, 0) },
	{ "GRE with a route", { ETHERNET, IPV4, GRE(0x4000, 0), IPV4, TCP(SYN_ACK) }, { IP4(47) }, IN(NONE) },
	{ "ERSPAN I", { ETHERNET, IPV4, GRE(0, 0), ETHERTYPE(0x88be), ETHERNET, IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 92), IN(ERSPAN) },
	{ "ERSPAN II", { ETHERNET, IPV4, GRE(0x1000, 0), ERSPAN(2, 1023), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 104), NUMBERED(ERSPAN, 1023) },
	{ "ERSPAN III", { ETHERNET, IPV4, GRE(0x1000, 0), ERSPAN(3, 1), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 108), NUMBERED(ERSPAN, 1) },
	{ "IPv4 in IPv4", { ETHERNET, IPV4, IPIP(4), IPV4, TCP(SYN_ACK) }, INNER_TCP(4, 74), IN(IPIP) },
	{ "IPv6 in IPv4", { ETHERNET, IPV4, IPIP(41), IPV6, TCP(SYN_ACK) }, INNER_TCP(6, 94), IN(IPIP) },
	{ "IPv4 in IPv6", { ETHERNET, IPV6, IPIP(4), IPV4, TCP(SYN_ACK) }, INNER_TCP(4, 94), IN(IPIP) },
	{ "IPv6 in IPv6", { ETHERNET, IPV6, EXTENSION(60, 8), IPIP(41), IPV6, TCP(SYN_ACK) },
	  INNER_TCP(6, 122), IN(IPIP) },
	{ "EtherIP", { ETHERNET, IPV4, IPIP(97), ETHERNET, IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 90), IN(ETHERIP) },
	{ "MPLS", { ETHERNET, MPLS(16, 1), IPV4, TCP(SYN_ACK) }, INNER_TCP(4, 58), NUMBERED(MPLS, 16) },
	{ "stack of labels behind a tag", { ETHERNET, VLAN(8), MPLS(0xfffff, 0), MPLS(3, 0),
	  MPLS(4, 1), IPV6, TCP(SYN_ACK) },
	  { IP6(IPPROTO_TCP), PORTS, .tcp_flags = SYN_ACK, .vlan = ID(8), .headers_len = 90 },
	  NUMBERED(MPLS, 0xfffff) },
	{ "label without what follows", { ETHERNET, MPLS(16, 0), IPV4, TCP(SYN_ACK) },
	  { .src_port = ETH_P_MPLS_UC }, IN(NONE) },
	{ "PPPoE", { ETHERNET, PPPOE(0x1234, 0x21), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 62), NUMBERED(PPPOE, 0x1234) },
	{ "PPPoE with LCP", { ETHERNET, PPPOE(0x1234, 0xc021), PAYLOAD(20) },
	  { .src_port = ETH_P_PPP_SES }, IN(NONE) },
	{ "MPLS in PPPoE", { ETHERNET, PPPOE(1, 0x281), MPLS(5, 1), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 66), NUMBERED(PPPOE, 1) },
	{ "GTP", { ETHERNET, IPV4, GTP(0x80000001, 0x30), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 90), NUMBERED(GTP, 0x80000001) },
	{ "GTP with a number and an extension", { ETHERNET, IPV4, GTP(2, 0x36), IPV6, TCP(SYN_ACK) },
	  INNER_TCP(6, 118), NUMBERED(GTP, 2) },
	{ "GTP with as many extensions as are walked", { ETHERNET, IPV4, GTP(2, 0x734), IPV4,
	  TCP(SYN_ACK) }, INNER_TCP(4, 126), NUMBERED(GTP, 2) },
	{ "GTP with one more", { ETHERNET, IPV4, GTP(2, 0x834), IPV4, TCP(SYN_ACK) },
	  { IP4(IPPROTO_UDP), .src_port = SRC_PORT, .dst_port = 2152, .headers_len = 42,
	    .marks = FLOW_HEADERS_GIVEN_UP }, IN(NONE) },
	{ "GTP'", { ETHERNET, IPV4, GTP(2, 0x20), IPV4, TCP(SYN_ACK) }, OUTER_UDP(2152), IN(NONE) },
	{ "SNAP is no tunnel", { ETHERNET, SNAP, IPV4, TCP(SYN_ACK) }, INNER_TCP(4, 62), IN(NONE) },
	{ "the outermost one is told", { ETHERNET, MPLS(77, 1), IPV4, VXLAN(5), IPV4, GRE(0x2000, 6),
	  IPV6, IPIP(4), IPV4, TCP(SYN_ACK) }, INNER_TCP(4, 176), NUMBERED(MPLS, 77) },
	{ "VXLAN behind Linux's SNAP", { ETHERNET, SNAP, IPV4, VXLAN(5), IPV4, TCP(SYN_ACK) },
	  INNER_TCP(4, 112), NUMBERED(VXLAN, 5) },
};

#define TUNNEL_CASES (sizeof(tunnel_cases) / sizeof(tunnel_cases[0]))

/* TCP in so many IP headers, one in the other. */
static inline void frame_build_nested(struct frame *f, uint32_t inside)
{
	const struct layer begin[FRAME_LAYERS] = { ETHERNET, IPV4 }, ip = IPV4, end = TCP(SYN_ACK);
	const struct layer ip_in_ip = IPIP(4);

	frame_build(f, begin);
	for (uint32_t i = 0; i < inside; i++) {
		ip_in_ip.put(f, &ip_in_ip);
		ip.put(f, &ip);
	}
	end.put(f, &end);
	f->ip_length = -1;
	frame_end(f);
}

#endif
