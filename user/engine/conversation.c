/* SPDX-License-Identifier: BSD-2-Clause */
#include "conversation.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define WELL_KNOWN_END 1024 /* RFC 6335, 6: system ports are 0 to 1023 */

struct icmp_pair {
	uint8_t ip_proto, request, reply;
};

/* RFC 792, RFC 950, RFC 4443. */
static const struct icmp_pair icmp_pairs[] = {
	{ FLOW_PROTO_ICMP, 8, 0 },   /* echo */
	{ FLOW_PROTO_ICMP, 13, 14 }, /* timestamp */
	{ FLOW_PROTO_ICMP, 15, 16 }, /* information */
	{ FLOW_PROTO_ICMP, 17, 18 }, /* address mask */
	{ FLOW_PROTO_ICMPV6, 128, 129 },
};

static bool is_icmp(const struct flow_key *key)
{
	return key->ip_proto == FLOW_PROTO_ICMP || key->ip_proto == FLOW_PROTO_ICMPV6;
}

static bool protocol_has_ports(const struct flow_key *key)
{
	switch (key->ip_proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return key->flags & FLOW_IP;
	default:
		return false;
	}
}

static bool has_ports(const struct flow_key *key)
{
	return protocol_has_ports(key) && !(key->flags & FLOW_NO_PORTS);
}

static void swap_addresses(struct flow_key *key)
{
	__be32 address[4];

	memcpy(address, key->src, sizeof(address));
	memcpy(key->src, key->dst, sizeof(address));
	memcpy(key->dst, address, sizeof(address));
}

static enum half turn(struct flow_key *key)
{
	__be16 port = key->src_port;

	swap_addresses(key);
	if (protocol_has_ports(key)) {
		key->src_port = key->dst_port;
		key->dst_port = port;
	}
	return HALF_REVERSE;
}

/* An address with itself is told apart by ports. */
static enum half turn_to_lower_address(struct flow_key *key)
{
	int order = memcmp(key->src, key->dst, sizeof(key->src));

	if (!order && has_ports(key))
		order = memcmp(&key->src_port, &key->dst_port, sizeof(key->src_port));
	return order > 0 ? turn(key) : HALF_FORWARD;
}

static enum half orient_ports(struct flow_key *key)
{
	unsigned int src = ntohs(key->src_port), dst = ntohs(key->dst_port);

	if (src == dst || !src || !dst || (src >= WELL_KNOWN_END && dst >= WELL_KNOWN_END))
		return turn_to_lower_address(key);
	return src < dst ? turn(key) : HALF_FORWARD;
}

static enum half orient_icmp(struct flow_key *key)
{
	uint8_t *type = (uint8_t *)&key->src_port;

	for (size_t i = 0; i < sizeof(icmp_pairs) / sizeof(icmp_pairs[0]); i++) {
		const struct icmp_pair *pair = &icmp_pairs[i];

		if (pair->ip_proto != key->ip_proto)
			continue;
		if (*type == pair->request)
			return HALF_FORWARD;
		if (*type != pair->reply)
			continue;
		*type = pair->request;
		swap_addresses(key);
		return HALF_REVERSE;
	}
	/* A message that nothing answers: who sends it begins. */
	return HALF_FORWARD;
}

static enum half orient_by_key(struct flow_key *key)
{
	if (!(key->flags & FLOW_IP))
		return HALF_FORWARD;
	if (has_ports(key))
		return orient_ports(key);
	if (is_icmp(key) && !(key->flags & FLOW_NO_PORTS) && flow_key_tells_port(key, key->src_port))
		return orient_icmp(key);
	return turn_to_lower_address(key);
}

enum half conversation_orient(struct flow_key *key, __u8 marks)
{
	enum half half = orient_by_key(key), told = half;

	if (marks & FLOW_SYN)
		told = HALF_FORWARD;
	else if (marks & FLOW_SYN_ACK)
		told = HALF_REVERSE;
	if (told == half || key->ip_proto != IPPROTO_TCP || !has_ports(key))
		return half;
	turn(key);
	return told;
}

void conversation_reverse(struct flow_key *key)
{
	uint8_t *type = (uint8_t *)&key->src_port;

	turn(key);
	for (size_t i = 0; is_icmp(key) && i < sizeof(icmp_pairs) / sizeof(icmp_pairs[0]); i++) {
		if (icmp_pairs[i].ip_proto == key->ip_proto && icmp_pairs[i].request == *type) {
			*type = icmp_pairs[i].reply;
			return;
		}
	}
}

__be16 conversation_service(const struct flow_key *key, __u8 marks)
{
	unsigned int src = ntohs(key->src_port), dst = ntohs(key->dst_port);

	if (!has_ports(key))
		return 0;
	if (key->ip_proto == IPPROTO_TCP && marks & (FLOW_SYN | FLOW_SYN_ACK))
		return key->dst_port;
	if (!src || (dst && (dst < WELL_KNOWN_END || dst <= src)))
		return key->dst_port;
	return key->src_port;
}
