/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The information elements (IANA's registry, RFC 7012) that records have, in this order.
 */
#ifndef WEIR_IPFIX_ELEMENTS_H
#define WEIR_IPFIX_ELEMENTS_H

#include "encoder.h"
#include "ipfix.h"

#define IPFIX_REVERSE_PEN 29305 /* RFC 5103, 6.1: the element, of what came back */

/* X(id, number, bytes, of what came back) */
#define IPFIX_ELEMENTS(X)                                          \
	X(START,         152, 8,  false)                           \
	X(END,           153, 8,  false)                           \
	X(PACKETS,       2,   8,  false)                           \
	X(BYTES,         1,   8,  false)                           \
	X(L2_BYTES,      352, 8,  false)                           \
	X(SRC4,          8,   4,  false)                           \
	X(SRC4_PREFIX,   9,   1,  false)                           \
	X(DST4,          12,  4,  false)                           \
	X(DST4_PREFIX,   13,  1,  false)                           \
	X(SRC6,          27,  16, false)                           \
	X(SRC6_PREFIX,   29,  1,  false)                           \
	X(DST6,          28,  16, false)                           \
	X(DST6_PREFIX,   30,  1,  false)                           \
	X(SRC_PORT,      7,   2,  false)                           \
	X(DST_PORT,      11,  2,  false)                           \
	X(ICMP4,         32,  2,  false)                           \
	X(ICMP4_TYPE,    176, 1,  false)                           \
	X(ICMP4_CODE,    177, 1,  false)                           \
	X(ICMP6,         139, 2,  false)                           \
	X(ICMP6_TYPE,    178, 1,  false)                           \
	X(ICMP6_CODE,    179, 1,  false)                           \
	X(PROTO,         4,   1,  false)                           \
	X(TCP_FLAGS,     6,   1,  false)                           \
	X(ETHERTYPE,     256, 2,  false)                           \
	X(VLAN,          243, 2,  false)                           \
	X(INNER_VLAN,    245, 2,  false)                           \
	X(INGRESS,       10,  4,  false)                           \
	X(EGRESS,        14,  4,  false)                           \
	X(DIRECTION,     61,  1,  false)                           \
	X(END_REASON,    136, 1,  false)                           \
	X(BIFLOW,        239, 1,  false)                           \
	X(BACK_START,    152, 8,  true)                            \
	X(BACK_END,      153, 8,  true)                            \
	X(BACK_PACKETS,  2,   8,  true)                            \
	X(BACK_BYTES,    1,   8,  true)                            \
	X(BACK_L2_BYTES, 352, 8,  true)                            \
	X(BACK_FLAGS,    6,   1,  true)                            \
	X(DOMAIN,        149, 4,  false)                           \
	X(OBSERVED,      318, 8,  false)                           \
	X(SELECTED,      319, 8,  false)                           \
	X(DROPPED,       133, 8,  false)                           \
	X(IGNORED_PACKETS, 164, 8, false)                          \
	X(IGNORED_BYTES, 165, 8,  false)                           \
	X(UNSENT_FLOWS,  166, 8,  false)                           \
	X(UNSENT_PACKETS, 167, 8, false)                           \
	X(UNSENT_BYTES,  168, 8,  false)

#define IPFIX_AS_ENUM(id, number, bytes, is_reverse) IPFIX_##id,
enum ipfix_element { IPFIX_ELEMENTS(IPFIX_AS_ENUM) IPFIX_ELEMENT_COUNT };

struct ipfix_template {
	enum ipfix_element elements[IPFIX_ELEMENT_COUNT];
	size_t count;
	size_t length; /* of a record */
};

/* Bytes that a value of it takes. */
size_t ipfix_element_length(enum ipfix_element element);

/* What a record of the layout has: what the group-by keeps, and what the run can tell. */
void ipfix_template_make(struct ipfix_template *made, enum ipfix_layout layout,
			 const struct encoding *encoding);

/* Appends the template as a unit. */
void ipfix_template_unit(struct text *text, const struct ipfix_template *made,
			 enum ipfix_layout layout);

#endif
