/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets and what they are, for the parser on the host and in the kernel.
 */
#ifndef WEIR_TESTS_PACKET_CASES_H
#define WEIR_TESTS_PACKET_CASES_H

#include "packet_builder.h"

#define SYN_ACK 0x12
#define ID(tci) ((__u16)(VLAN_TAG_PRESENT | (tci)))

/* What a packet is. Ports in host order. */
struct expectation {
	int malformed;       /* 0, or 1 + enum malformed_reason: then nothing else */
	__u8 ip;             /* 0, 4 or 6; the addresses are those of the builder */
	__u8 proto;
	__u8 flags;          /* FLOW_NO_PORTS */
	__u8 tcp_flags;
	__u8 marks;          /* FLOW_HEADERS_GIVEN_UP */
	__u16 src_port, dst_port;
	__u16 vlan, inner_vlan;
	__u32 headers_len;   /* 0: none of the protocols that are merged */
};

struct packet_case {
	const char *name;
	struct layer layers[FRAME_LAYERS];
	struct expectation is;
};

#define PORTS .src_port = SRC_PORT, .dst_port = DST_PORT
#define CUT .flags = FLOW_NO_PORTS, .src_port = FLOW_PORT_CUT, .dst_port = FLOW_PORT_CUT
#define IP4(number) .ip = 4, .proto = number
#define IP6(number) .ip = 6, .proto = number
#define TCP4(size) { IP4(IPPROTO_TCP), PORTS, .tcp_flags = SYN_ACK, .headers_len = size }
#define TCP6(size) { IP6(IPPROTO_TCP), PORTS, .tcp_flags = SYN_ACK, .headers_len = size }
#define MALFORMED(reason) { .malformed = 1 + MALFORMED_##reason }

static const struct packet_case packet_cases[] = {
	{ "TCP over IPv4", { ETHERNET, IPV4, TCP(SYN_ACK), PAYLOAD(6) }, TCP4(54) },
	{ "TCP with options", { ETHERNET, IPV4, TCP_OPTIONS(SYN_ACK, 12), PAYLOAD(6) }, TCP4(66) },
	{ "TCP over IPv6", { ETHERNET, IPV6, TCP(SYN_ACK), PAYLOAD(6) }, TCP6(74) },
	{ "TCP behind 4 bytes of IPv4 options", { ETHERNET, IPV4_OPTIONS(4), TCP(SYN_ACK) },
	  TCP4(58) },
	{ "TCP behind 40 bytes of IPv4 options", { ETHERNET, IPV4_OPTIONS(40), TCP(SYN_ACK) },
	  TCP4(94) },
	{ "UDP over IPv4", { ETHERNET, IPV4, UDP, PAYLOAD(18) },
	  { IP4(IPPROTO_UDP), PORTS, .headers_len = 42 } },
	{ "UDP over IPv6", { ETHERNET, IPV6, UDP, PAYLOAD(18) },
	  { IP6(IPPROTO_UDP), PORTS, .headers_len = 62 } },
	{ "SCTP over IPv4", { ETHERNET, IPV4, SCTP },
	  { IP4(IPPROTO_SCTP), PORTS, .headers_len = 46 } },
	{ "SCTP over IPv6", { ETHERNET, IPV6, SCTP },
	  { IP6(IPPROTO_SCTP), PORTS, .headers_len = 66 } },
	{ "UDP-Lite", { ETHERNET, IPV4, UDPLITE }, { IP4(IPPROTO_UDPLITE), PORTS } },
	{ "DCCP", { ETHERNET, IPV6, DCCP }, { IP6(IPPROTO_DCCP), PORTS } },
	{ "ICMP has type and code", { ETHERNET, IPV4, ICMP(3, 13) },
	  { IP4(IPPROTO_ICMP), .src_port = 3 << 8, .dst_port = 13 << 8 } },
	{ "ICMPv6 has type and code", { ETHERNET, IPV6, ICMPV6(129, 2) },
	  { IP6(IPPROTO_ICMPV6), .src_port = 129 << 8, .dst_port = 2 << 8 } },
	{ "GRE has no ports", { ETHERNET, IPV4, PROTO(47), PAYLOAD(24) }, { IP4(47) } },
	{ "ESP has no ports", { ETHERNET, IPV6, PROTO(50), PAYLOAD(24) }, { IP6(50) } },
	{ "AH over IPv4 is a protocol", { ETHERNET, IPV4, PROTO(51), PAYLOAD(24) }, { IP4(51) } },
	{ "no next header", { ETHERNET, IPV6, PROTO(59) }, { IP6(59) } },

	{ "first fragment of IPv4 has its ports", { ETHERNET, IPV4_FRAGMENT(0x2000), UDP },
	  { IP4(IPPROTO_UDP), PORTS, .headers_len = 42 } },
	{ "later fragment of IPv4 has no ports", { ETHERNET, IPV4_FRAGMENT(0x2001), UDP },
	  { IP4(IPPROTO_UDP), .flags = FLOW_NO_PORTS } },
	{ "last fragment of IPv4 has no ports", { ETHERNET, IPV4_FRAGMENT(0x1fff), TCP(SYN_ACK) },
	  { IP4(IPPROTO_TCP), .flags = FLOW_NO_PORTS } },
	{ "unfragmentable packet is no fragment", { ETHERNET, IPV4_FRAGMENT(0x4000), TCP(SYN_ACK) },
	  TCP4(54) },
	{ "later fragment of ICMP has no type", { ETHERNET, IPV4_FRAGMENT(2), ICMP(8, 0) },
	  { IP4(IPPROTO_ICMP), .flags = FLOW_NO_PORTS } },
	{ "first fragment of IPv6 has its ports", { ETHERNET, IPV6, FRAGMENT6(1), UDP },
	  { IP6(IPPROTO_UDP), PORTS, .headers_len = 70 } },
	{ "atomic fragment has its ports", { ETHERNET, IPV6, FRAGMENT6(0), TCP(SYN_ACK) },
	  TCP6(82) },
	{ "reserved bits make no fragment", { ETHERNET, IPV6, FRAGMENT6(6), TCP(SYN_ACK) },
	  TCP6(82) },
	{ "later fragment of IPv6 has no ports", { ETHERNET, IPV6, FRAGMENT6(8), UDP },
	  { IP6(IPPROTO_UDP), .flags = FLOW_NO_PORTS } },
	{ "later fragment of an extension header",
	  { ETHERNET, IPV6, FRAGMENT6(0xfff9), EXTENSION(60, 8), TCP(SYN_ACK) },
	  { IP6(60), .flags = FLOW_NO_PORTS } },

	{ "hop-by-hop options", { ETHERNET, IPV6, EXTENSION(0, 8), TCP(SYN_ACK) }, TCP6(82) },
	{ "routing header", { ETHERNET, IPV6, EXTENSION(43, 24), TCP(SYN_ACK) }, TCP6(98) },
	{ "destination options", { ETHERNET, IPV6, EXTENSION(60, 2048), TCP(SYN_ACK) },
	  TCP6(2122) },
	{ "AH counts in words of 4", { ETHERNET, IPV6, AH(28), TCP(SYN_ACK) }, TCP6(102) },
	{ "smallest AH", { ETHERNET, IPV6, AH(8), UDP },
	  { IP6(IPPROTO_UDP), PORTS, .headers_len = 70 } },
	{ "all extension headers in a row",
	  { ETHERNET, IPV6, EXTENSION(0, 8), EXTENSION(60, 16), EXTENSION(43, 24), FRAGMENT6(1),
	    AH(24), EXTENSION(60, 8), TCP(SYN_ACK), PAYLOAD(3) },
	  TCP6(162) },
	{ "extension headers with ESP at the end", { ETHERNET, IPV6, EXTENSION(0, 8), PROTO(50),
	    PAYLOAD(20) }, { IP6(50) } },
	{ "extension headers with ICMPv6 at the end",
	  { ETHERNET, IPV6, EXTENSION(0, 8), ICMPV6(143, 0) },
	  { IP6(IPPROTO_ICMPV6), .src_port = 143 << 8 } },
	{ "ARP number in an extension chain is a protocol",
	  { ETHERNET, IPV6, EXTENSION(60, 8), PROTO(4), PAYLOAD(20) }, { IP6(4) } },

	{ "one VLAN tag", { ETHERNET, VLAN(0x6007), IPV4, UDP },
	  { IP4(IPPROTO_UDP), PORTS, .vlan = ID(7), .headers_len = 46 } },
	{ "VLAN 0 is a tag", { ETHERNET, VLAN(0), IPV6, TCP(SYN_ACK) },
	  { IP6(IPPROTO_TCP), PORTS, .tcp_flags = SYN_ACK, .vlan = ID(0), .headers_len = 78 } },
	{ "802.1ad and 802.1Q", { ETHERNET, TAG(ETH_P_8021AD, 0xffff), VLAN(9), IPV4, UDP },
	  { IP4(IPPROTO_UDP), PORTS, .vlan = ID(0xfff), .inner_vlan = ID(9), .headers_len = 50 } },
	{ "old tags", { ETHERNET, TAG(0x9100, 1), TAG(0x9200, 2), IPV4, UDP },
	  { IP4(IPPROTO_UDP), PORTS, .vlan = ID(1), .inner_vlan = ID(2), .headers_len = 50 } },
	{ "third tag is skipped", { ETHERNET, VLAN(1), VLAN(2), VLAN(3), IPV4, UDP },
	  { IP4(IPPROTO_UDP), PORTS, .vlan = ID(1), .inner_vlan = ID(2), .headers_len = 54 } },
	{ "tag before ARP", { ETHERNET, VLAN(5), ETHERTYPE(ETH_P_ARP), PAYLOAD(28) },
	  { .src_port = ETH_P_ARP, .vlan = ID(5) } },

	{ "ARP", { ETHERNET, ETHERTYPE(ETH_P_ARP), PAYLOAD(28) }, { .src_port = ETH_P_ARP } },
	{ "LLDP", { ETHERNET, ETHERTYPE(0x88cc), PAYLOAD(40) }, { .src_port = 0x88cc } },
	{ "MPLS is not looked into", { ETHERNET, ETHERTYPE(0x8847), PAYLOAD(40) },
	  { .src_port = 0x8847 } },
	{ "PPPoE is not looked into", { ETHERNET, ETHERTYPE(0x8864), PAYLOAD(40) },
	  { .src_port = 0x8864 } },
	{ "length in place of an EtherType", { ETHERNET, ETHERTYPE(38), PAYLOAD(38) },
	  { .src_port = FLOW_ETHERTYPE_LLC } },
	{ "greatest length", { ETHERNET, ETHERTYPE(0x5ff), PAYLOAD(38) },
	  { .src_port = FLOW_ETHERTYPE_LLC } },
	{ "smallest EtherType", { ETHERNET, ETHERTYPE(0x600), PAYLOAD(38) },
	  { .src_port = 0x600 } },
	{ "nothing behind Ethernet", { ETHERNET, ETHERTYPE(0xffff) }, { .src_port = 0xffff } },

	{ "IPv4 of version 5", { ETHERNET, IPV4, UDP, IP_BYTE(0, 0x55) }, MALFORMED(IPV4_VERSION) },
	{ "IPv4 EtherType before IPv6", { ETHERNET, IPV6, UDP, ETHERTYPE(ETH_P_IP) },
	  MALFORMED(IPV4_VERSION) },
	{ "IPv4 header of 16 bytes", { ETHERNET, IPV4, UDP, IP_BYTE(0, 0x44) },
	  MALFORMED(IPV4_HEADER_LEN) },
	{ "IPv4 header of no bytes", { ETHERNET, IPV4, UDP, IP_BYTE(0, 0x40) },
	  MALFORMED(IPV4_HEADER_LEN) },
	{ "IPv4 cut", { ETHERNET, ETHERTYPE(ETH_P_IP), PAYLOAD(19) }, MALFORMED(IPV4_HEADER_CUT) },
	{ "IPv6 of version 4", { ETHERNET, IPV6, UDP, IP_BYTE(0, 0x45) }, MALFORMED(IPV6_VERSION) },
	{ "IPv6 cut", { ETHERNET, ETHERTYPE(ETH_P_IPV6), PAYLOAD(39) },
	  MALFORMED(IPV6_HEADER_CUT) },
	{ "tag cut", { ETHERNET, ETHERTYPE(ETH_P_8021Q), PAYLOAD(3) }, MALFORMED(VLAN_HEADER_CUT) },
	{ "second tag cut", { ETHERNET, VLAN(1), ETHERTYPE(ETH_P_8021AD), PAYLOAD(2) },
	  MALFORMED(VLAN_HEADER_CUT) },
	{ "third tag cut", { ETHERNET, VLAN(1), VLAN(2), ETHERTYPE(ETH_P_8021Q), PAYLOAD(1) },
	  MALFORMED(VLAN_HEADER_CUT) },

	{ "IPv4 length 0 is not known", { ETHERNET, IPV4, TCP(SYN_ACK), IP_LENGTH(0) }, TCP4(54) },
	{ "IPv6 length 0 is not known", { ETHERNET, IPV6, TCP(SYN_ACK), IP_LENGTH(0) }, TCP6(74) },
	{ "IPv4 length under its header", { ETHERNET, IPV4, TCP(SYN_ACK), IP_LENGTH(19) },
	  { IP4(IPPROTO_TCP), CUT } },
	{ "IPv4 length without options", { ETHERNET, IPV4_OPTIONS(40), UDP, IP_LENGTH(20) },
	  { IP4(IPPROTO_UDP), CUT } },
	{ "ports cut by the IPv4 length", { ETHERNET, IPV4, UDP, IP_LENGTH(23) },
	  { IP4(IPPROTO_UDP), CUT } },
	{ "ports just inside the IPv4 length", { ETHERNET, IPV4, UDP, IP_LENGTH(24) },
	  { IP4(IPPROTO_UDP), PORTS, .headers_len = 42 } },
	{ "TCP flags cut by the IPv4 length", { ETHERNET, IPV4, TCP(SYN_ACK), IP_LENGTH(33) },
	  { IP4(IPPROTO_TCP), PORTS } },
	{ "TCP flags just inside the IPv4 length", { ETHERNET, IPV4, TCP(SYN_ACK), IP_LENGTH(34) },
	  TCP4(54) },
	{ "ICMP code cut by the IPv4 length", { ETHERNET, IPV4, ICMP(3, 1), IP_LENGTH(21) },
	  { IP4(IPPROTO_ICMP), .src_port = 3 << 8, .dst_port = FLOW_ICMP_CUT } },
	{ "ICMP type cut by the IPv4 length", { ETHERNET, IPV4, ICMP(3, 1), IP_LENGTH(20) },
	  { IP4(IPPROTO_ICMP), .src_port = FLOW_ICMP_CUT, .dst_port = FLOW_ICMP_CUT } },
	{ "ICMPv6 code cut by the IPv6 length", { ETHERNET, IPV6, ICMPV6(128, 0), IP_LENGTH(1) },
	  { IP6(IPPROTO_ICMPV6), .src_port = 128 << 8, .dst_port = FLOW_ICMP_CUT } },
	{ "echo reply is not of an unknown type", { ETHERNET, IPV4, ICMP(0, 0) },
	  { IP4(IPPROTO_ICMP) } },
	{ "ports of 0 are not cut", { ETHERNET, IPV4, PROTO(IPPROTO_UDP), ZEROS(8) },
	  { IP4(IPPROTO_UDP), .headers_len = 42 } },
	{ "ports cut by the IPv6 length", { ETHERNET, IPV6, UDP, IP_LENGTH(3) },
	  { IP6(IPPROTO_UDP), CUT } },
	{ "TCP flags cut by the IPv6 length", { ETHERNET, IPV6, TCP(SYN_ACK), IP_LENGTH(13) },
	  { IP6(IPPROTO_TCP), PORTS } },
	{ "extension header cut by the IPv6 length",
	  { ETHERNET, IPV6, EXTENSION(60, 8), UDP, IP_LENGTH(7) }, { IP6(60) } },
	{ "extension header that leads past the IPv6 length",
	  { ETHERNET, IPV6, EXTENSION(60, 16), UDP, IP_LENGTH(15) },
	  { IP6(IPPROTO_UDP), CUT } },
	{ "second extension header cut by the IPv6 length",
	  { ETHERNET, IPV6, EXTENSION(0, 8), EXTENSION(43, 8), UDP, IP_LENGTH(12) }, { IP6(43) } },
	{ "IPv4 length greater than the packet", { ETHERNET, IPV4, TCP(SYN_ACK), IP_LENGTH(65535) },
	  TCP4(54) },
	{ "IPv4 header longer than the packet", { ETHERNET, IPV4, UDP, IP_BYTE(0, 0x4f) },
	  { IP4(IPPROTO_UDP), CUT } },
	{ "padding behind a short packet",
	  { ETHERNET, IPV4, UDP, PAYLOAD(18), IP_LENGTH(20) },
	  { IP4(IPPROTO_UDP), CUT } },
};

#define PACKET_CASES (sizeof(packet_cases) / sizeof(packet_cases[0]))

/* The key of a packet with the builder's addresses. */
static inline struct flow_key expected_key(const struct expectation *is)
{
	struct flow_key key = { .src_port = htons(is->src_port), .dst_port = htons(is->dst_port),
				.ip_proto = is->proto, .flags = is->flags, .vlan = is->vlan,
				.inner_vlan = is->inner_vlan };
	const uint8_t src[] = IPV6_SRC, dst[] = IPV6_DST;

	if (is->ip == 6) {
		key.flags |= FLOW_IP | FLOW_IPV6;
		memcpy(key.src, src, sizeof(src));
		memcpy(key.dst, dst, sizeof(dst));
	} else if (is->ip == 4) {
		key.flags |= FLOW_IP;
		key.src[2] = key.dst[2] = htonl(0xffff);
		key.src[3] = htonl(IPV4_SRC);
		key.dst[3] = htonl(IPV4_DST);
	}
	return key;
}

#endif
