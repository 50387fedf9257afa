/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a frame is, worked out from the definition of a flow in the plainest
 * way: what the parser is compared with on packets that nobody thought of.
 */
#ifndef WEIR_TESTS_PACKET_MEANING_H
#define WEIR_TESTS_PACKET_MEANING_H

#include <stdbool.h>
#include <string.h>

#include "../include/platform.h"
#include "../include/parse.h"

struct packet_meaning {
	int malformed;          /* 0, or 1 + enum malformed_reason */
	struct flow_key key;
	__u8 tcp_flags;
	__u8 marks;
	__u64 ip_at, ip_len;    /* the IP packet, as its header has it; 0: it does not tell, or is not */
};

/* The bytes that may be looked at: from 0 to end. */
struct extent {
	const __u8 *bytes;
	__u64 end;
};

static inline bool extent_has(const struct extent *e, __u64 at, __u64 size)
{
	return at + size <= e->end;
}

static inline unsigned int extent_16(const struct extent *e, __u64 at)
{
	return (unsigned int)e->bytes[at] << 8 | e->bytes[at + 1];
}

/* Nothing at or past the end that the IP header tells counts. 0: it does not tell. */
static inline void extent_limit(struct extent *e, __u64 ip_at, __u64 header, __u64 length)
{
	if (length && ip_at + header + length < e->end)
		e->end = ip_at + header + length;
}

static inline void mean_transport(const struct extent *e, __u64 at, struct packet_meaning *m)
{
	switch (m->key.ip_proto) {
	case 6:
		if (extent_has(e, at, 14))
			m->tcp_flags = e->bytes[at + 13];
		/* fall through */
	case 17: case 33: case 132: case 136:
		if (extent_has(e, at, 4)) {
			memcpy(&m->key.src_port, e->bytes + at, 2);
			memcpy(&m->key.dst_port, e->bytes + at + 2, 2);
		} else {
			m->key.flags |= FLOW_NO_PORTS;
			m->key.src_port = m->key.dst_port = FLOW_PORT_CUT;
		}
		break;
	case 1: case 58:
		m->key.src_port = m->key.dst_port = htons(FLOW_ICMP_CUT);
		if (extent_has(e, at, 1))
			m->key.src_port = htons((__u16)(e->bytes[at] << 8));
		if (extent_has(e, at, 2))
			m->key.dst_port = htons((__u16)(e->bytes[at + 1] << 8));
		break;
	}
}

static inline int mean_ipv4(struct extent e, __u64 at, struct packet_meaning *m)
{
	__u64 header;

	if (!extent_has(&e, at, 20))
		return 1 + MALFORMED_IPV4_HEADER_CUT;
	if (e.bytes[at] >> 4 != 4)
		return 1 + MALFORMED_IPV4_VERSION;
	header = e.bytes[at] % 16 * 4u;
	if (header < 20)
		return 1 + MALFORMED_IPV4_HEADER_LEN;
	m->key.flags = FLOW_IP;
	m->key.ip_proto = e.bytes[at + 9];
	memcpy((__u8 *)m->key.src + 10, "\xff\xff", 2);
	memcpy((__u8 *)m->key.src + 12, e.bytes + at + 12, 4);
	memcpy((__u8 *)m->key.dst + 10, "\xff\xff", 2);
	memcpy((__u8 *)m->key.dst + 12, e.bytes + at + 16, 4);
	m->ip_at = at;
	m->ip_len = extent_16(&e, at + 2);
	extent_limit(&e, at, 0, m->ip_len);
	if (((unsigned int)e.bytes[at + 6] << 8 | e.bytes[at + 7]) % 0x2000)
		m->key.flags |= FLOW_NO_PORTS;
	else
		mean_transport(&e, at + header, m);
	return 0;
}

static inline bool means_extension(__u8 number)
{
	return number == 0 || number == 43 || number == 44 || number == 51 || number == 60;
}

/* From the extension header of the key's ip_proto at this place to the transport header. */
static inline void mean_extensions(struct extent e, __u64 at, struct packet_meaning *m)
{
	for (int i = 0; means_extension(m->key.ip_proto); i++) {
		__u8 kind = m->key.ip_proto;

		if (i == PARSE_IPV6_EXTENSIONS_MAX)
			m->marks |= FLOW_HEADERS_GIVEN_UP;
		if (i == PARSE_IPV6_EXTENSIONS_MAX || !extent_has(&e, at, 8))
			return;
		m->key.ip_proto = e.bytes[at];
		if (kind == 44 && extent_16(&e, at + 2) / 8) {
			m->key.flags |= FLOW_NO_PORTS;
			return;
		}
		if (kind == 44)
			at += 8;
		else
			at += kind == 51 ? e.bytes[at + 1] * 4u + 8 : e.bytes[at + 1] * 8u + 8;
	}
	mean_transport(&e, at, m);
}

static inline int mean_ipv6(struct extent e, __u64 at, struct packet_meaning *m)
{
	if (!extent_has(&e, at, 40))
		return 1 + MALFORMED_IPV6_HEADER_CUT;
	if (e.bytes[at] >> 4 != 6)
		return 1 + MALFORMED_IPV6_VERSION;
	m->key.flags = FLOW_IP | FLOW_IPV6;
	m->key.ip_proto = e.bytes[at + 6];
	memcpy(m->key.src, e.bytes + at + 8, 16);
	memcpy(m->key.dst, e.bytes + at + 24, 16);
	m->ip_at = at;
	m->ip_len = extent_16(&e, at + 4);
	extent_limit(&e, at, 40, m->ip_len);
	if (m->ip_len || m->key.ip_proto == 59)
		m->ip_len += 40;
	mean_extensions(e, at + 40, m);
	return 0;
}

static inline int mean_frame(struct extent e, struct packet_meaning *m)
{
	unsigned int type;
	__u64 at = 14;
	int tags = 0;

	if (!extent_has(&e, 0, 14))
		return 1 + MALFORMED_LINK_HEADER_CUT;
	for (type = extent_16(&e, 12); type == 0x8100 || type == 0x88a8 || type == 0x9100 ||
	     type == 0x9200; type = extent_16(&e, at - 2)) {
		if (tags == PARSE_VLAN_TAGS_MAX) {
			m->marks |= FLOW_HEADERS_GIVEN_UP;
			break;
		}
		if (!extent_has(&e, at, 4))
			return 1 + MALFORMED_VLAN_HEADER_CUT;
		if (tags == 0)
			m->key.vlan = (__u16)(0x1000 | extent_16(&e, at) % 0x1000);
		if (tags == 1)
			m->key.inner_vlan = (__u16)(0x1000 | extent_16(&e, at) % 0x1000);
		tags++;
		at += 4;
	}
	if (type == 0x0800)
		return mean_ipv4(e, at, m);
	if (type == 0x86dd)
		return mean_ipv6(e, at, m);
	m->key.src_port = htons((__u16)(type < 0x600 ? FLOW_ETHERTYPE_LLC : type));
	return 0;
}

static inline struct packet_meaning packet_meaning_of(const __u8 *bytes, size_t len)
{
	struct extent e = { bytes, len };
	struct packet_meaning m = { 0 };

	m.malformed = mean_frame(e, &m);
	return m;
}

#endif
