/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers of tunnels: behind an IP header, what each of them announces, and which tunnel it is
 * (for inward.h).
 */
#ifndef WEIR_ENCAPSULATION_H
#define WEIR_ENCAPSULATION_H

#include "parse.h"

/* GTP's extension headers in a row. */
#define INWARD_GTP_MAX    8

#define PORT_GTP          2152
#define PORT_VXLAN        4789
#define PORT_GENEVE       6081
#define PORT_VXLAN_LINUX  8472 /* before there was a number assigned */

/* What follows a header: an EtherType, or past those: */
#define INWARD_ETHERNET   0x10000u
#define INWARD_PPP        0x20000u
#define INWARD_ANY_IP     0x30000u /* its first four bits tell which */
#define INWARD_NOTHING    0x40000u

#define ETHERIP_LEN       2
#define VXLAN_LEN         8
#define VXLAN_HAS_VNI     0x08
#define GENEVE_LEN        8
#define GENEVE_OPTIONS    0x3f
#define ERSPAN2_LEN       8
#define ERSPAN3_LEN       12
#define ERSPAN_SESSION    0x3ff
#define GTP_LEN           8
#define GTP_OPTIONS_LEN   4
#define GTP_PACKET        255
#define GTP_HAS_OPTIONS   0x07
#define GTP_HAS_EXTENSION 0x04

/* GRE (RFC 2784, 2890, 1701), version 1 that of PPTP (RFC 2637). */
#define GRE_LEN           4
#define GRE_CHECKSUM      0x8000
#define GRE_ROUTING       0x4000
#define GRE_KEY           0x2000
#define GRE_SEQUENCE      0x1000
#define GRE_ACKNOWLEDGE   0x0080
#define GRE_VERSION       0x0007
#define GRE_ETHERNET      0x6558
#define GRE_ERSPAN2       0x88be
#define GRE_ERSPAN3       0x22eb
#define GRE_PPP           0x880b
#define PPTP_LEN          8

#define INWARD_PROTO_IPIP    4
#define INWARD_PROTO_6IN4    41
#define INWARD_PROTO_GRE     47
#define INWARD_PROTO_ETHERIP 97
#define INWARD_PROTO_MPLS    137

static __always_inline bool port_is_of_tunnel(__u32 port)
{
	return port == PORT_VXLAN || port == PORT_GENEVE || port == PORT_GTP ||
	       port == PORT_VXLAN_LINUX;
}

/* The destination's of a pair of ports as packets have it. */
static __always_inline __u32 ports_dst(__be32 ports)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return be16_to_host((__be16)(ports >> 16));
#else
	return ports & 0xffff;
#endif
}

static __always_inline bool ethertype_is_mpls(__u32 ethertype)
{
	return ethertype == ETH_P_MPLS_UC || ethertype == ETH_P_MPLS_MC;
}

/* Whether what is parsed is of a kind that can hold another packet: most are not. */
static __always_inline bool packet_may_hold_another(const struct packet *p)
{
	__u32 ethertype;

	if (likely(p->flags & FLOW_IP)) {
		if (likely(p->ip_proto == IPPROTO_TCP))
			return false;
		if (p->ip_proto == IPPROTO_UDP)
			return port_is_of_tunnel(ports_dst(p->ports));
		return p->ip_proto == INWARD_PROTO_IPIP || p->ip_proto == INWARD_PROTO_6IN4 ||
		       p->ip_proto == INWARD_PROTO_GRE || p->ip_proto == INWARD_PROTO_ETHERIP ||
		       p->ip_proto == INWARD_PROTO_MPLS;
	}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	ethertype = be16_to_host((__be16)p->ports);
#else
	ethertype = p->ports >> 16;
#endif
	return ethertype_is_mpls(ethertype) || ethertype == ETH_P_PPP_SES ||
	       ethertype == FLOW_ETHERTYPE_LLC;
}

/* A header of len bytes (a constant), in place or in copy, and moves behind it. */
static __always_inline const __u8 *inward_header(struct cursor *c, void *copy, __u32 len)
{
	const __u8 *bytes = cursor_peek(c, copy, len);

	if (bytes)
		cursor_skip(c, len);
	return bytes;
}

static __always_inline __u32 host16_at(const __u8 *bytes)
{
	return be16_to_host(wire16(bytes));
}

static __always_inline __u32 host32_at(const __u8 *bytes)
{
	return host16_at(bytes) << 16 | host16_at(bytes + 2);
}

static __always_inline __u32 inward_vxlan(struct cursor *c, __u64 *tunnel)
{
	__u8 copy[VXLAN_LEN];
	const __u8 *vxlan = inward_header(c, copy, sizeof(copy));

	if (!vxlan || !(vxlan[0] & VXLAN_HAS_VNI))
		return INWARD_NOTHING;
	*tunnel = tunnel_numbered(TUNNEL_VXLAN, host32_at(vxlan + 4) >> 8);
	return INWARD_ETHERNET;
}

/* What a type field of GRE or Geneve announces. */
static __always_inline __u32 inward_type(__u32 ethertype)
{
	return ethertype == GRE_ETHERNET ? INWARD_ETHERNET : ethertype;
}

static __always_inline __u32 inward_geneve(struct cursor *c, __u64 *tunnel)
{
	__u8 copy[GENEVE_LEN];
	const __u8 *geneve = inward_header(c, copy, sizeof(copy));
	__u32 type;

	if (!geneve || geneve[0] >> 6)
		return INWARD_NOTHING;
	*tunnel = tunnel_numbered(TUNNEL_GENEVE, host32_at(geneve + 4) >> 8);
	type = host16_at(geneve + 2);
	cursor_skip(c, (geneve[0] & GENEVE_OPTIONS) * 4u);
	return inward_type(type);
}

/*
 * Extension headers say their length in words, and at their end what follows. More of them than here
 * are given up, and p is marked.
 */
static __always_inline bool inward_gtp_extensions(struct cursor *c, __u32 next, struct packet *p)
{
	int i;

	for (i = 0; i < INWARD_GTP_MAX && next; i++) {
		__u8 copy[1];
		const __u8 *length = cursor_peek(c, copy, sizeof(copy));

		if (!length || !*length)
			return false;
		cursor_skip(c, *length * 4u - 1);
		length = inward_header(c, copy, sizeof(copy));
		if (!length)
			return false;
		next = cursor_blur(c, *length);
	}
	if (next)
		p->marks |= FLOW_HEADERS_GIVEN_UP;
	return !next;
}

static __always_inline __u32 inward_gtp(struct cursor *c, struct packet *p, __u64 *tunnel)
{
	__u8 copy[GTP_LEN], options_copy[GTP_OPTIONS_LEN];
	const __u8 *gtp = inward_header(c, copy, sizeof(copy)), *options;
	bool has_extension;

	/* Version 1, and no GTP'. */
	if (!gtp || gtp[0] >> 4 != 3 || gtp[1] != GTP_PACKET)
		return INWARD_NOTHING;
	*tunnel = tunnel_numbered(TUNNEL_GTP, host32_at(gtp + 4));
	if (!(gtp[0] & GTP_HAS_OPTIONS))
		return INWARD_ANY_IP;
	if (cursor_defer(c))
		return INWARD_NOTHING;
	has_extension = gtp[0] & GTP_HAS_EXTENSION;
	options = inward_header(c, options_copy, sizeof(options_copy));
	if (!options)
		return INWARD_NOTHING;
	if (has_extension && !inward_gtp_extensions(c, options[3], p))
		return INWARD_NOTHING;
	return INWARD_ANY_IP;
}

static __always_inline __u32 inward_udp(struct cursor *c, const struct inward *in,
					struct packet *p, __u64 *tunnel)
{
	__u32 port = ports_dst(p->ports);

	if (in->left < UDP_HEADER_LEN)
		return INWARD_NOTHING;
	cursor_skip(c, UDP_HEADER_LEN);
	if (likely(port == PORT_VXLAN || port == PORT_VXLAN_LINUX))
		return inward_vxlan(c, tunnel);
	if (port == PORT_GENEVE)
		return inward_geneve(c, tunnel);
	return port == PORT_GTP ? inward_gtp(c, p, tunnel) : INWARD_NOTHING;
}

/* ERSPAN II and III begin with their session; I, without a sequence number, with the frame. */
static __always_inline __u32 inward_erspan(struct cursor *c, bool is_three, __u64 *tunnel)
{
	__u8 copy[ERSPAN3_LEN];
	const __u8 *erspan = cursor_peek(c, copy, is_three ? ERSPAN3_LEN : ERSPAN2_LEN);

	if (!erspan)
		return INWARD_NOTHING;
	*tunnel = tunnel_numbered(TUNNEL_ERSPAN, host16_at(erspan + 2) & ERSPAN_SESSION);
	if (is_three)
		cursor_skip(c, ERSPAN3_LEN + (erspan[ERSPAN3_LEN - 1] & 1) * 8u);
	else
		cursor_skip(c, ERSPAN2_LEN);
	return INWARD_ETHERNET;
}

/* The call's number is the lower half of the key, in which the length of the payload is too. */
static __always_inline __u32 inward_pptp(struct cursor *c, __u32 flags, __u64 *tunnel)
{
	__u8 copy[PPTP_LEN];
	const __u8 *gre;
	const __u8 *framing;

	if (cursor_defer(c))
		return INWARD_NOTHING;
	gre = inward_header(c, copy, sizeof(copy));
	if (!gre)
		return INWARD_NOTHING;
	*tunnel = tunnel_numbered(TUNNEL_PPTP, host16_at(gre + 6));
	cursor_skip(c, (flags & GRE_SEQUENCE ? 4u : 0) + (flags & GRE_ACKNOWLEDGE ? 4u : 0));
	framing = cursor_peek(c, copy, 2);
	if (!framing)
		return INWARD_NOTHING;
	if (framing[0] == 0xff && framing[1] == 0x03)
		cursor_skip(c, 2);
	return INWARD_PPP;
}

static __always_inline __u32 inward_gre(struct cursor *c, __u64 *tunnel)
{
	__u8 copy[GRE_LEN];
	const __u8 *gre = cursor_peek(c, copy, sizeof(copy));
	__u32 flags, type;

	if (!gre)
		return INWARD_NOTHING;
	flags = host16_at(gre);
	type = host16_at(gre + 2);
	if ((flags & GRE_VERSION) == 1 && type == GRE_PPP)
		return inward_pptp(c, flags, tunnel);
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return INWARD_NOTHING;
	cursor_skip(c, GRE_LEN + (flags & GRE_CHECKSUM ? 4u : 0));
	*tunnel = tunnel_of(TUNNEL_GRE);
	if (flags & GRE_KEY) {
		gre = inward_header(c, copy, sizeof(copy));
		if (!gre)
			return INWARD_NOTHING;
		*tunnel = tunnel_numbered(TUNNEL_GRE, host32_at(gre));
	}
	cursor_skip(c, flags & GRE_SEQUENCE ? 4u : 0);
	if (type == GRE_ERSPAN3 || (type == GRE_ERSPAN2 && flags & GRE_SEQUENCE))
		return inward_erspan(c, type == GRE_ERSPAN3, tunnel);
	if (type == GRE_ERSPAN2)
		*tunnel = tunnel_of(TUNNEL_ERSPAN);
	return type == GRE_ERSPAN2 ? INWARD_ETHERNET : inward_type(type);
}

/* Behind the IP header that was parsed, the cursor there: what follows, and in which tunnel. */
static __always_inline __u32 inward_open(struct cursor *c, const struct inward *in,
					 struct packet *p, __u64 *tunnel)
{
	switch (p->ip_proto) {
	case IPPROTO_UDP:
		return inward_udp(c, in, p, tunnel);
	case INWARD_PROTO_GRE:
		return inward_gre(c, tunnel);
	case INWARD_PROTO_IPIP:
		*tunnel = tunnel_of(TUNNEL_IPIP);
		return ETH_P_IP;
	case INWARD_PROTO_6IN4:
		*tunnel = tunnel_of(TUNNEL_IPIP);
		return ETH_P_IPV6;
	case INWARD_PROTO_ETHERIP:
		*tunnel = tunnel_of(TUNNEL_ETHERIP);
		cursor_skip(c, ETHERIP_LEN);
		return INWARD_ETHERNET;
	case INWARD_PROTO_MPLS:
		return ETH_P_MPLS_UC;
	default:
		return INWARD_NOTHING;
	}
}

#endif
