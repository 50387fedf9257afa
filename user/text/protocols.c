/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocols.h"

#include <linux/if_ether.h>
#include <stdio.h>

#include "../../include/flow.h"

/* The IANA registry of protocol numbers; names as /etc/protocols and tcpdump have them. */
#define IP_PROTOCOLS(X)      \
	X(0, "hopopt")       \
	X(1, "icmp")         \
	X(2, "igmp")         \
	X(3, "ggp")          \
	X(4, "ipip")         \
	X(5, "st")           \
	X(6, "tcp")          \
	X(8, "egp")          \
	X(9, "igp")          \
	X(12, "pup")         \
	X(17, "udp")         \
	X(20, "hmp")         \
	X(22, "xns-idp")     \
	X(27, "rdp")         \
	X(29, "iso-tp4")     \
	X(33, "dccp")        \
	X(36, "xtp")         \
	X(37, "ddp")         \
	X(41, "ipv6")        \
	X(43, "ipv6-route")  \
	X(44, "ipv6-frag")   \
	X(45, "idrp")        \
	X(46, "rsvp")        \
	X(47, "gre")         \
	X(50, "esp")         \
	X(51, "ah")          \
	X(55, "mobile")      \
	X(57, "skip")        \
	X(58, "icmp6")       \
	X(59, "ipv6-nonxt")  \
	X(60, "ipv6-opts")   \
	X(73, "rspf")        \
	X(81, "vmtp")        \
	X(88, "eigrp")       \
	X(89, "ospf")        \
	X(93, "ax.25")       \
	X(94, "ip-in-ip")    \
	X(97, "etherip")     \
	X(98, "encap")       \
	X(103, "pim")        \
	X(108, "ipcomp")     \
	X(112, "vrrp")       \
	X(113, "pgm")        \
	X(115, "l2tp")       \
	X(124, "isis")       \
	X(132, "sctp")       \
	X(133, "fc")         \
	X(135, "mobility")   \
	X(136, "udplite")    \
	X(137, "mpls-in-ip") \
	X(138, "manet")      \
	X(139, "hip")        \
	X(140, "shim6")      \
	X(141, "wesp")       \
	X(142, "rohc")       \
	X(143, "ethernet")   \
	X(144, "aggfrag")    \
	X(145, "nsh")

#define AS_NAME(number, name) [number] = (name),
static const char *const ip_proto_names[256] = { IP_PROTOCOLS(AS_NAME) };

const char *ip_proto_name(uint8_t ip_proto, char *buffer, size_t size)
{
	const char *name = ip_proto_names[ip_proto];

	if (name)
		snprintf(buffer, size, "%s", name);
	else
		snprintf(buffer, size, "ip-%u", ip_proto);
	return buffer;
}

const char *ethertype_name(uint16_t ethertype, char *buffer, size_t size)
{
	if (ethertype == ETH_P_ARP)
		snprintf(buffer, size, "arp");
	else if (ethertype == ETH_P_RARP)
		snprintf(buffer, size, "rarp");
	else if (ethertype == FLOW_ETHERTYPE_LLC)
		snprintf(buffer, size, "llc");
	else
		snprintf(buffer, size, "ethertype-0x%04x", ethertype);
	return buffer;
}
