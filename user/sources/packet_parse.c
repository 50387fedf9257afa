/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link headers but those of IEEE 802.11, as the tcpdump group's list of LINKTYPE_ values has
 * them. Frames of PPP and Frame Relay that carry no IP have no EtherType of their own: they are
 * those of PPP's (IANA), and 0.
 */
#include "packet_parse.h"

#include "packet_enter.h"
#include "packet_wireless.h"

#define COOKED_HEADER_LEN     16
#define COOKED2_HEADER_LEN    20
#define NULL_HEADER_LEN       4
#define ENC_HEADER_LEN        12
#define IPNET_HEADER_LEN      24
#define IPNET_INET6           26
#define DIRECTION_LEN         1

/* Address families of BSD: IPv4 is 2 everywhere, IPv6 differs from system to system. */
#define FAMILY_INET           2
#define FAMILY_INET6(X)       X(10) X(23) X(24) X(28) X(30)

#define PPP_IP                0x21
#define PPP_IPV6              0x57
#define PPP_MPLS_UNICAST      0x281
#define PPP_MPLS_MULTICAST    0x283
#define ETHERTYPE_PPP         0x880b
#define ETHERTYPE_PPPOE_OTHER 0x8863
#define PPPOE_HEADER_LEN      6
#define PPPD_HEADER_LEN       2

#define HDLC_HEADER_LEN       4
#define HDLC_UNICAST          0x0f
#define HDLC_MULTICAST        0x8f

#define FRELAY_ADDRESS_MAX    4
#define FRELAY_UNNUMBERED     0x03
#define NLPID_PADDING         0x00
#define NLPID_SNAP            0x80
#define NLPID_IPV6            0x8e
#define NLPID_IP              0xcc

#define NFLOG_HEADER_LEN      4
#define NFLOG_PAYLOAD         9

#define LINK_HEADER_CUT (1 + MALFORMED_LINK_HEADER_CUT)

static __noinline int enter_ipv4(struct cursor *c, struct packet *p)
{
	return parse_ipv4(c, p);
}

static __noinline int enter_ipv6(struct cursor *c, struct packet *p)
{
	return parse_ipv6(c, p);
}

static int enter_family(struct cursor *c, __u32 family, struct packet *p)
{
#define AS_CASE(number) case number:
	switch (family) {
	case FAMILY_INET:
		return enter_ipv4(c, p);
	FAMILY_INET6(AS_CASE)
		return enter_ipv6(c, p);
	default:
		return 0;
	}
#undef AS_CASE
}

/* A header of so many bytes, walked over; NULL where it is cut. */
static const __u8 *link_header(struct cursor *c, __u32 size)
{
	const __u8 *header = cursor_peek(c, NULL, size);

	if (header)
		cursor_skip(c, size);
	return header;
}

/* What an EtherType announces that no header told. */
static int enter_non_ip(struct cursor *c, __u16 ethertype, struct packet *p)
{
	if (c->inward) {
		c->inward->offset = cursor_offset(c);
		c->inward->ethertype = ethertype;
	}
	return parse_non_ip(host_to_be16(ethertype), p);
}

static int link_ethernet(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return parse_ethernet(&c, p);
}

/* A protocol field of Linux cooked captures: under 0x600 are numbers of its own (4 is LLC). */
static int enter_cooked(struct cursor *c, __be16 protocol, struct packet *p)
{
	if (be16_to_host(protocol) == FLOW_ETHERTYPE_LLC)
		return enter_non_ip(c, FLOW_ETHERTYPE_LLC, p);
	if (be16_to_host(protocol) < ETH_P_802_3_MIN) {
		p->ports = host_to_be32((__u32)be16_to_host(protocol) << 16);
		return 0;
	}
	return enter_ethertype(c, protocol, p);
}

static int link_cooked(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, COOKED_HEADER_LEN);

	return header ? enter_cooked(&c, wire16(header + 14), p) : LINK_HEADER_CUT;
}

static int link_cooked2(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, COOKED2_HEADER_LEN);

	return header ? enter_cooked(&c, wire16(header), p) : LINK_HEADER_CUT;
}

/* IP without anything before it: its first four bits tell which. */
static int link_raw(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *first = cursor_peek(&c, NULL, 1);

	if (!first)
		return LINK_HEADER_CUT;
	return *first >> 4 == 6 ? parse_ipv6(&c, p) : parse_ipv4(&c, p);
}

static int link_ipv4(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return enter_ipv4(&c, p);
}

static int link_ipv6(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return enter_ipv6(&c, p);
}

/* Families are small numbers, so the wrong byte order shows. */
static __u32 family_of(__u32 family)
{
	return family > 0xffff ? __builtin_bswap32(family) : family;
}

/* BSD loopback, the family in the byte order of its host: most are little-endian. */
static int link_null(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, NULL_HEADER_LEN);

	if (!header)
		return LINK_HEADER_CUT;
	return enter_family(&c, family_of(__builtin_bswap32(ntohl(wire32(header)))), p);
}

static int link_loop(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, NULL_HEADER_LEN);

	return header ? enter_family(&c, family_of(ntohl(wire32(header))), p) : LINK_HEADER_CUT;
}

/* OpenBSD's IPsec interfaces: family, SPI, flags. */
static int link_enc(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, ENC_HEADER_LEN);

	if (!header)
		return LINK_HEADER_CUT;
	return enter_family(&c, family_of(__builtin_bswap32(ntohl(wire32(header)))), p);
}

/* BSD's packet filter: the header's length without its padding, the family. */
static int link_pflog(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = cursor_peek(&c, NULL, 2);
	__u32 len = header ? (header[0] + 3u) & ~3u : 0;

	if (len < 2 || packet->caplen < len)
		return LINK_HEADER_CUT;
	cursor_skip(&c, len);
	return enter_family(&c, header[1], p);
}

static int link_ipnet(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, IPNET_HEADER_LEN);

	if (!header)
		return LINK_HEADER_CUT;
	return header[1] == IPNET_INET6 ? enter_ipv6(&c, p) : enter_family(&c, header[1], p);
}

/* PPP from its protocol field on, which has one byte where it is odd (RFC 1661). */
static int enter_ppp(struct cursor *c, struct packet *p)
{
	const __u8 *field = cursor_peek(c, NULL, 1);
	__u16 protocol;

	if (field && !(*field & 1))
		field = cursor_peek(c, NULL, 2);
	if (!field)
		return LINK_HEADER_CUT;
	protocol = *field & 1 ? *field : be16_to_host(wire16(field));
	cursor_skip(c, *field & 1 ? 1 : 2);
	switch (protocol) {
	case PPP_IP:
		return enter_ipv4(c, p);
	case PPP_IPV6:
		return enter_ipv6(c, p);
	case PPP_MPLS_UNICAST:
		return enter_non_ip(c, ETH_P_MPLS_UC, p);
	case PPP_MPLS_MULTICAST:
		return enter_non_ip(c, ETH_P_MPLS_MC, p);
	default:
		return enter_non_ip(c, ETHERTYPE_PPP, p);
	}
}

/* In HDLC's frame or not (RFC 1662). */
static int enter_framed_ppp(struct cursor *c, struct packet *p)
{
	const __u8 *framing = cursor_peek(c, NULL, 2);

	if (framing && framing[0] == 0xff && framing[1] == 0x03)
		cursor_skip(c, 2);
	return enter_ppp(c, p);
}

static int link_ppp(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return enter_framed_ppp(&c, p);
}

static int enter_hdlc(struct cursor *c, struct packet *p)
{
	const __u8 *header = link_header(c, HDLC_HEADER_LEN);

	return header ? enter_ethertype(c, wire16(header + 2), p) : LINK_HEADER_CUT;
}

static int link_hdlc(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return enter_hdlc(&c, p);
}

/* PPP, or Cisco's HDLC where the address is one of its own. */
static int link_ppp_serial(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *address = cursor_peek(&c, NULL, 1);

	if (address && (*address == HDLC_UNICAST || *address == HDLC_MULTICAST))
		return enter_hdlc(&c, p);
	return enter_framed_ppp(&c, p);
}

/* PPPoE without the Ethernet header (RFC 2516): version and type, code, session, length. */
static int link_ppp_ether(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, PPPOE_HEADER_LEN);

	if (!header)
		return LINK_HEADER_CUT;
	return header[1] ? enter_non_ip(&c, ETHERTYPE_PPPOE_OTHER, p) : enter_ppp(&c, p);
}

static int link_ppp_pppd(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return link_header(&c, PPPD_HEADER_LEN) ? enter_framed_ppp(&c, p) : LINK_HEADER_CUT;
}

static int link_ppp_told(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return link_header(&c, DIRECTION_LEN) ? enter_framed_ppp(&c, p) : LINK_HEADER_CUT;
}

static int link_hdlc_told(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return link_header(&c, DIRECTION_LEN) ? enter_hdlc(&c, p) : LINK_HEADER_CUT;
}

/* What follows the control field of Frame Relay (RFC 2427). */
static int enter_nlpid(struct cursor *c, struct packet *p)
{
	static const __u8 ethertypes[3];
	const __u8 *nlpid = link_header(c, 1), *snap;

	if (nlpid && *nlpid == NLPID_PADDING)
		nlpid = link_header(c, 1);
	if (!nlpid)
		return LINK_HEADER_CUT;
	if (*nlpid == NLPID_IP)
		return enter_ipv4(c, p);
	if (*nlpid == NLPID_IPV6)
		return enter_ipv6(c, p);
	if (*nlpid != NLPID_SNAP)
		return 0;
	snap = link_header(c, 5);
	if (!snap)
		return LINK_HEADER_CUT;
	return memcmp(snap, ethertypes, sizeof(ethertypes)) ? 0
							    : enter_ethertype(c, wire16(snap + 3), p);
}

/*
 * The address ends with the byte whose lowest bit is set (Q.922). Where no control field follows
 * it, the frame is one of Cisco's, with an EtherType.
 */
static int enter_frelay(struct cursor *c, struct packet *p)
{
	const __u8 *header;
	int i;

	for (i = 0; i < FRELAY_ADDRESS_MAX; i++) {
		header = link_header(c, 1);
		if (!header)
			return LINK_HEADER_CUT;
		if (*header & 1)
			break;
	}
	header = cursor_peek(c, NULL, 1);
	if (header && *header == FRELAY_UNNUMBERED) {
		cursor_skip(c, 1);
		return enter_nlpid(c, p);
	}
	header = link_header(c, 2);
	return header ? enter_ethertype(c, wire16(header), p) : LINK_HEADER_CUT;
}

static int link_frelay(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return enter_frelay(&c, p);
}

static int link_frelay_told(const struct capture_packet *packet, struct packet *p,
			    struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return link_header(&c, DIRECTION_LEN) ? enter_frelay(&c, p) : LINK_HEADER_CUT;
}

static __u16 host16(const __u8 *at, bool swapped)
{
	__u16 value;

	memcpy(&value, at, sizeof(value));
	return swapped ? __builtin_bswap16(value) : value;
}

/*
 * Linux's packet log: family, version, resource, then attributes of length, type and value in
 * the byte order of the host that captured; one of them is the packet.
 */
static int link_nflog(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = link_header(&c, NFLOG_HEADER_LEN), *attribute;
	__u32 len;

	if (!header)
		return LINK_HEADER_CUT;
	for (;;) {
		attribute = cursor_peek(&c, NULL, 4);
		if (!attribute)
			return LINK_HEADER_CUT;
		len = host16(attribute, packet->swapped);
		if (len < 4)
			return LINK_HEADER_CUT;
		if (host16(attribute + 2, packet->swapped) == NFLOG_PAYLOAD)
			break;
		cursor_skip(&c, (len + 3) & ~3u);
	}
	cursor_skip(&c, 4);
	return enter_family(&c, header[0], p);
}

/* At in->offset, a level further inward. */
static __noinline bool packet_enter(const struct capture_packet *packet, struct packet *p,
				    struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	cursor_skip(&c, in->offset);
	return inward_level(&c, p, in);
}

void packet_parse_inside(const struct capture_packet *packet, struct packet *p,
			 struct inward *in)
{
	for (int i = 0; i < INWARD_LEVELS_MAX && packet_enter(packet, p, in);)
		i++;
}

int packet_parse_thorough(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
#define AS_PARSER(id, type, dlt, parser) [id] = parser,
	static link_parser *const parsers[] = { CAPTURE_LINKS(AS_PARSER) };
#undef AS_PARSER

	if (packet->link == LINK_UNKNOWN)
		return 1 + MALFORMED_LINK_TYPE;
	return parsers[packet->link](packet, p, in);
}
