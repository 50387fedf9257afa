/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The outcomes of a packet. Each packet seen at a hook ends in exactly one; their sum is the
 * number of packets seen, in packets and in bytes, in every pane and window.
 */
#ifndef WEIR_OUTCOME_H
#define WEIR_OUTCOME_H

#include <linux/types.h>

#define PACKET_OUTCOMES(X)                             \
	X(PACKET_FLOW,         "flow")                 \
	X(PACKET_FILTERED,     "filtered")             \
	X(PACKET_MALFORMED,    "malformed")            \
	X(PACKET_UNATTRIBUTED, "unattributed")

#define MALFORMED_REASONS(X)                                   \
	X(MALFORMED_LINK_HEADER_CUT,  "link_header_cut")       \
	X(MALFORMED_VLAN_HEADER_CUT,  "vlan_header_cut")       \
	X(MALFORMED_IPV4_HEADER_CUT,  "ipv4_header_cut")       \
	X(MALFORMED_IPV4_VERSION,     "ipv4_version")          \
	X(MALFORMED_IPV4_HEADER_LEN,  "ipv4_header_length")    \
	X(MALFORMED_IPV6_HEADER_CUT,  "ipv6_header_cut")       \
	X(MALFORMED_IPV6_VERSION,     "ipv6_version")          \
	X(MALFORMED_LINK_TYPE,        "link_type")

#define OUTCOME_AS_ENUM(id, text) id,
enum packet_outcome { PACKET_OUTCOMES(OUTCOME_AS_ENUM) PACKET_OUTCOME_COUNT };
enum malformed_reason { MALFORMED_REASONS(OUTCOME_AS_ENUM) MALFORMED_REASON_COUNT };

struct tally {
	__u64 packets;
	__u64 bytes;
};

#endif
