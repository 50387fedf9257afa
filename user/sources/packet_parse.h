/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors to the parser for packets in user space: by link type, then the same lines as in
 * the kernel.
 */
#ifndef WEIR_PACKET_PARSE_H
#define WEIR_PACKET_PARSE_H

/* First: linux/in.h makes way for the C library's netinet/in.h only if that came before. */
#include "../../include/platform.h"
#include "../../include/parse.h"
#include "capture.h"

#define COOKED_HEADER_LEN     16
#define COOKED2_HEADER_LEN    20
#define NULL_HEADER_LEN       4

/* Address families of LINK_NULL: IPv4 is 2 everywhere, IPv6 differs from system to system. */
#define NULL_FAMILY_INET      2
#define NULL_FAMILY_INET6(X)  X(10) X(23) X(24) X(28) X(30)

/* A protocol field of Linux cooked captures: under 0x600 are numbers of its own (4 is LLC). */
static inline int parse_cooked_protocol(struct cursor *c, __be16 protocol, struct packet *p)
{
	if (be16_to_host(protocol) < ETH_P_802_3_MIN) {
		p->ports = host_to_be32((__u32)be16_to_host(protocol) << 16);
		return 0;
	}
	return parse_ethertype(c, protocol, p);
}

/* size: of the header, which has the protocol at offset. */
static inline int parse_cooked(struct cursor *c, __u32 size, __u32 offset, struct packet *p)
{
	const __u8 *header = cursor_peek(c, NULL, size);

	if (!header)
		return 1 + MALFORMED_LINK_HEADER_CUT;
	cursor_skip(c, size);
	return parse_cooked_protocol(c, wire16(header + offset), p);
}

/* IP without a link header: its first four bits tell which. */
static inline int parse_raw(struct cursor *c, struct packet *p)
{
	const __u8 *first = cursor_peek(c, NULL, 1);

	if (!first)
		return 1 + MALFORMED_LINK_HEADER_CUT;
	return *first >> 4 == 6 ? parse_ipv6(c, p) : parse_ipv4(c, p);
}

/*
 * BSD loopback: LINK_LOOP has the family in network order, LINK_NULL in that of its host, most
 * of which are little-endian. Families are small numbers, so the wrong order shows.
 */
static inline int parse_null(struct cursor *c, bool network_order, struct packet *p)
{
	const __u8 *header = cursor_peek(c, NULL, NULL_HEADER_LEN);
	__u32 family;

	if (!header)
		return 1 + MALFORMED_LINK_HEADER_CUT;
	family = ntohl(wire32(header));
	if (!network_order)
		family = __builtin_bswap32(family);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	cursor_skip(c, NULL_HEADER_LEN);
#define AS_CASE(number) case number:
	switch (family) {
	case NULL_FAMILY_INET:
		return parse_ipv4(c, p);
	NULL_FAMILY_INET6(AS_CASE)
		return parse_ipv6(c, p);
	default:
		return 0;
	}
#undef AS_CASE
}

/* As packet_parse, of any link type and with every header that the parser knows. */
static __noinline int packet_parse_thorough(const struct capture_packet *packet, struct packet *p)
{
	struct cursor c = cursor_over(CURSOR_MEMORY, packet->data,
				      packet->data + packet->caplen);

	switch (packet->link) {
	case LINK_ETHERNET:
		return parse_ethernet(&c, p);
	case LINK_COOKED:
		return parse_cooked(&c, COOKED_HEADER_LEN, 14, p);
	case LINK_COOKED2:
		return parse_cooked(&c, COOKED2_HEADER_LEN, 0, p);
	case LINK_IPV4:
		return parse_ipv4(&c, p);
	case LINK_IPV6:
		return parse_ipv6(&c, p);
	case LINK_NULL:
	case LINK_LOOP:
		return parse_null(&c, packet->link == LINK_LOOP, p);
	default:
		return parse_raw(&c, p);
	}
}

/* Through a copy: a p whose address were known out of line would not stay in registers. */
static __always_inline int packet_parse_unusual(const struct capture_packet *packet,
						struct packet *p)
{
	struct packet copy = { 0 };
	int malformed = packet_parse_thorough(packet, &copy);

	*p = copy;
	return malformed;
}

/*
 * Parses a packet, p zero before. 0, or 1 + enum malformed_reason. A frame without IP and without
 * an EtherType is a non-IP flow of EtherType 0. The usual headers are parsed in line.
 */
static __always_inline int packet_parse(const struct capture_packet *packet, struct packet *p)
{
	struct cursor c = cursor_over(CURSOR_FAST, packet->data, packet->data + packet->caplen);
	int malformed;

	if (likely(packet->link == LINK_ETHERNET)) {
		malformed = parse_ethernet(&c, p);
		if (likely(!c.incomplete))
			return malformed;
	}
	return packet_parse_unusual(packet, p);
}

#endif
