/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a packet that is parsed (parse.h) to the one inside it, a level at a time: through MPLS,
 * PPPoE sessions and LLC to an IP header; through IP in IP, EtherIP, GRE, ERSPAN, PPTP, VXLAN,
 * Geneve and GTP-U to the next one. A fragment, or what is no packet that can be parsed, is not
 * entered: the flow then is that of the last header reached, and nothing is malformed that was not
 * so outside.
 */
#ifndef WEIR_INWARD_H
#define WEIR_INWARD_H

#include "encapsulation.h"

/* IP headers entered, one in the other; deeper ones are given up, and marked so. */
#define INWARD_DEPTH_MAX  9
/* The link's way to IP, as many levels, and one that is only looked for. */
#define INWARD_LEVELS_MAX (INWARD_DEPTH_MAX + 2)
/* In a row; labels as many as IPv6's extension headers: real stacks have up to ten. */
#define INWARD_LINKS_MAX  8 /* tags and LLC headers */
#define INWARD_LABELS_MAX 128

#define ETHERNET_LENGTH_MAX 1500
#define LLC_IP_LEN        3
#define LLC_SNAP_LEN      8
#define PPPOE_LEN         6
#define MPLS_LABEL_LEN    4
#define MPLS_LABEL_SHIFT  12

#define PPP_PROTO_IP      0x21
#define PPP_PROTO_IPV6    0x57
#define PPP_PROTO_MPLS    0x281
#define PPP_PROTO_MPLS_MC 0x283

/* PPP's protocol field has one byte where that is odd (RFC 1661). */
static __always_inline __u32 inward_ppp(struct cursor *c)
{
	__u8 copy[2];
	const __u8 *field = cursor_peek(c, copy, 1);
	__u32 protocol;

	if (!field)
		return INWARD_NOTHING;
	protocol = field[0];
	if (!(protocol & 1)) {
		field = cursor_peek(c, copy, 2);
		if (!field)
			return INWARD_NOTHING;
		protocol = host16_at(field);
		cursor_skip(c, 1);
	}
	cursor_skip(c, 1);
	switch (protocol) {
	case PPP_PROTO_IP:
		return ETH_P_IP;
	case PPP_PROTO_IPV6:
		return ETH_P_IPV6;
	case PPP_PROTO_MPLS:
	case PPP_PROTO_MPLS_MC:
		return ETH_P_MPLS_UC;
	default:
		return INWARD_NOTHING;
	}
}

static __always_inline __u32 inward_pppoe(struct cursor *c, __u64 *tunnel)
{
	__u8 copy[PPPOE_LEN];
	const __u8 *pppoe = inward_header(c, copy, sizeof(copy));

	if (!pppoe || pppoe[1])
		return INWARD_NOTHING;
	if (!*tunnel)
		*tunnel = tunnel_numbered(TUNNEL_PPPOE, host16_at(pppoe + 2));
	return INWARD_PPP;
}

/* Labels up to the one that says it is the last. */
static __always_inline __u32 inward_mpls(struct cursor *c, struct packet *q, __u64 *tunnel)
{
	int i;

	for (i = 0; i < INWARD_LABELS_MAX; i++) {
		__u8 copy[MPLS_LABEL_LEN];
		const __u8 *label = inward_header(c, copy, sizeof(copy));

		if (!label)
			return INWARD_NOTHING;
		if (!*tunnel)
			*tunnel = tunnel_numbered(TUNNEL_MPLS,
						 host32_at(label) >> MPLS_LABEL_SHIFT);
		if (label[2] & 1)
			return INWARD_ANY_IP;
	}
	q->marks |= FLOW_HEADERS_GIVEN_UP;
	return INWARD_NOTHING;
}

/* What an LLC header announces (RFC 1042, and LLC's own number of IP). */
static __always_inline __u32 inward_llc(struct cursor *c)
{
	__u8 copy[LLC_SNAP_LEN];
	const __u8 *llc = cursor_peek(c, copy, LLC_SNAP_LEN);
	__u32 type;

	if (llc && llc[0] == 0xaa && llc[1] == 0xaa && llc[2] == 3 &&
	    !(llc[3] | llc[4] | llc[5])) {
		type = host16_at(llc + 6);
		cursor_skip(c, LLC_SNAP_LEN);
		return type > ETHERNET_LENGTH_MAX ? type : INWARD_NOTHING;
	}
	llc = cursor_peek(c, copy, LLC_IP_LEN);
	if (!llc || llc[0] != 6 || llc[1] != 6 || llc[2] != 3)
		return INWARD_NOTHING;
	cursor_skip(c, LLC_IP_LEN);
	return ETH_P_IP;
}

static __always_inline __u32 inward_tag(struct cursor *c, struct packet *q)
{
	__u8 copy[4];
	const __u8 *tag = inward_header(c, copy, sizeof(copy));

	if (!tag)
		return INWARD_NOTHING;
	packet_add_vlan(q, (__u16)host16_at(tag));
	return host16_at(tag + 2);
}

static __always_inline __u32 inward_ethernet(struct cursor *c)
{
	struct ethhdr copy;
	const __u8 *ethernet = inward_header(c, &copy, sizeof(copy));

	return ethernet ? host16_at(ethernet + offsetof(struct ethhdr, h_proto)) : INWARD_NOTHING;
}

/* Which IP header follows: as inward_link. */
static __always_inline __u32 inward_any_ip(struct cursor *c)
{
	__u8 copy[1];
	const __u8 *first = cursor_peek(c, copy, sizeof(copy));

	if (first && *first >> 4 == 4)
		return ETH_P_IP;
	return first && *first >> 4 == 6 ? ETH_P_IPV6 : INWARD_NOTHING;
}

/* The rarer ways of a link to IP, for a thorough cursor. */
static __always_inline __u32 inward_link_rest(struct cursor *c, __u32 type, struct packet *q,
					      __u64 *tunnel)
{
	int i;

	for (i = 0; i < INWARD_LINKS_MAX; i++) {
		if (type < INWARD_ETHERNET && ethertype_is_vlan(host_to_be16((__u16)type)))
			type = inward_tag(c, q);
		else if (type <= ETHERNET_LENGTH_MAX)
			type = inward_llc(c);
		else
			break;
		type = cursor_blur(c, type);
	}
	if (type < INWARD_ETHERNET && ethertype_is_vlan(host_to_be16((__u16)type)))
		q->marks |= FLOW_HEADERS_GIVEN_UP;
	if (type == ETH_P_PPP_SES)
		type = inward_pppoe(c, tunnel);
	if (type == INWARD_PPP)
		type = inward_ppp(c);
	if (ethertype_is_mpls(type))
		type = inward_mpls(c, q, tunnel);
	return type;
}

/*
 * From what was announced to an IP header, at which the cursor then stands: ETH_P_IP, ETH_P_IPV6,
 * or another number where there is none.
 */
static __always_inline __u32 inward_link(struct cursor *c, __u32 type, struct packet *q,
					 __u64 *tunnel)
{
	if (type == INWARD_ETHERNET)
		type = inward_ethernet(c);
	if (type != ETH_P_IP && type != ETH_P_IPV6 && type < INWARD_ANY_IP) {
		if (cursor_defer(c))
			return INWARD_NOTHING;
		type = inward_link_rest(c, type, q, tunnel);
	}
	return type == INWARD_ANY_IP ? inward_any_ip(c) : type;
}

/* Whether an IP header is there that will not be malformed. */
static __always_inline bool inward_has_ip(struct cursor *c, __u32 type)
{
	const __u8 *ip;

	if (likely(type == ETH_P_IP)) {
		struct iphdr copy;

		ip = cursor_peek(c, &copy, sizeof(copy));
		return ip && ip[0] >> 4 == 4 && (ip[0] & 15) >= sizeof(copy) / 4;
	}
	if (type == ETH_P_IPV6) {
		struct ipv6hdr copy;

		ip = cursor_peek(c, &copy, sizeof(copy));
		return ip && ip[0] >> 4 == 6;
	}
	return false;
}

/*
 * What is of the packet outside, and not of the whole frame, goes; headers_len stays, for where
 * that of the packet inside is not known.
 */
static __always_inline void packet_begin_inner(struct packet *p)
{
	p->src[0] = p->dst[0] = 0;
	p->ports = 0;
	p->flags &= FLOW_OUT;
	p->tcp_flags = 0;
	if (p->fragment)
		p->fragment = PACKET_FRAGMENT_ASKED;
}

/*
 * Enters what follows the innermost header parsed so far, the cursor at in->offset and noting how
 * far it comes. True where there was a packet: p and in are its own now. Of a merged packet
 * (in->frame_len) only headers are repeated that are before what was merged: a packet inside that
 * ends before the frame does is one of several, whole, which were merged outside of it.
 */
static __always_inline bool inward_level(struct cursor *c, struct packet *p, struct inward *in)
{
	const packet_tag vlan = p->vlan, inner_vlan = p->inner_vlan;
	const bool is_inside = p->flags & FLOW_IP;
	const __u32 jumbo_len = p->jumbo_len, headers_len = p->headers_len;
	__u64 tunnel = is_inside ? 0 : in->tunnel;
	__u32 type = in->ethertype;
	bool is_there;

	if (!in->offset || in->is_fragment)
		return false;
	if (is_inside)
		type = inward_open(c, in, p, &tunnel);
	type = inward_link(c, type, p, &tunnel);
	is_there = inward_has_ip(c, type);
	if (unlikely(is_there && in->depth == INWARD_DEPTH_MAX)) {
		p->marks |= FLOW_HEADERS_GIVEN_UP;
		is_there = false;
	}
	if (unlikely(!is_there)) {
		p->vlan = vlan;
		p->inner_vlan = inner_vlan;
		return false;
	}
	in->offset = 0;
	in->depth += is_inside;
	if (!in->tunnel)
		in->tunnel = tunnel;
	packet_begin_inner(p);
	if (likely(type == ETH_P_IP))
		parse_ipv4(c, p);
	else
		parse_ipv6(c, p);
	p->jumbo_len = jumbo_len;
	if (unlikely(in->offset + (__u32)in->left < in->frame_len))
		p->headers_len = headers_len;
	return true;
}

#endif
