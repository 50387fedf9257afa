/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet parser on any bytes: the first one chooses the link type. The packet is a copy of
 * its very length, so that a read beyond it is seen.
 */
#include <stdlib.h>
#include <string.h>

#include "../../user/sources/packet_parse.h"
#include "../../include/fragment.h"
#include "../../include/usual.h"

#define CHECK(condition)        \
	do {                    \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct flow_key *key, const struct packet *p)
{
	static const __be16 none[3];

	CHECK(!memcmp(key->zero, none, sizeof(none)));
	CHECK(!(key->flags & FLOW_IPV6) || key->flags & FLOW_IP);
	CHECK(!(key->flags & FLOW_NO_PORTS) || key->src_port == key->dst_port);
	CHECK(!(key->flags & FLOW_NO_PORTS) || !key->src_port || key->src_port == FLOW_PORT_CUT);
	CHECK(key->flags & FLOW_IP || (!key->ip_proto && !key->src[3] && !key->dst[3]));
	CHECK(!key->inner_vlan || key->vlan);
	CHECK(!p->tcp_flags || key->ip_proto == IPPROTO_TCP);
}

/* What is inside changes nothing of what a packet is outside. */
static void check_inside(const struct capture_packet *packet, int malformed,
			 const struct packet *outside)
{
	struct packet p = { .fragment = PACKET_FRAGMENT_ASKED };
	struct inward in = { 0 };
	struct flow_key key;

	CHECK(packet_parse(packet, &p, &in, true) == malformed);
	if (malformed)
		return;
	packet_key(&p, &key);
	check_key(&key, &p);
	CHECK(in.depth <= INWARD_DEPTH_MAX && tunnel_kind_of(in.tunnel) < TUNNEL_KIND_COUNT);
	CHECK(!in.depth || in.tunnel);
	CHECK(!in.tunnel || p.flags & FLOW_IP);
	CHECK(!outside->vlan || p.vlan == outside->vlan);
	CHECK(p.jumbo_len == outside->jumbo_len);
	CHECK(p.fragment != PACKET_FRAGMENT_LATER || (key.flags & FLOW_NO_PORTS && !key.src_port));
	CHECK(!packet_is_fragment(&p) || p.flags & FLOW_IP);
}

/* Where there is a short way it leads to the same. */
static void check_usual(const struct capture_packet *packet, int malformed,
			const struct packet *parsed)
{
	if (packet->caplen < USUAL_FRAME_MIN)
		return;
	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		struct packet p = { 0 };
		struct segment_ahead ahead;
		struct flow_key usual = { 0 }, key = { 0 };

		if (!(is_ipv6 ? is_usual_ipv6(packet->data) : is_usual_ipv4(packet->data)) ||
		    !parse_usual_segment(packet->data, packet->data + packet->caplen, true,
					 is_ipv6, &p, &ahead))
			continue;
		packet_key(&p, &usual);
		packet_key(parsed, &key);
		CHECK(!malformed && !memcmp(&usual, &key, sizeof(key)));
		CHECK(p.tcp_flags == parsed->tcp_flags && p.marks == parsed->marks);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p = { 0 };
	struct capture_packet packet = { 0 };
	struct flow_key key;
	uint8_t *copy;
	int malformed;

	if (!size)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	packet.data = copy;
	packet.caplen = packet.len = (uint32_t)size - 1;
	packet.swapped = data[0] >= LINK_COUNT;
	packet.link = data[0] % LINK_COUNT;
	malformed = packet_parse(&packet, &p, NULL, false);
	CHECK(malformed >= 0 && malformed <= MALFORMED_REASON_COUNT);
	packet_key(&p, &key);
	if (!malformed)
		check_key(&key, &p);
	check_inside(&packet, malformed, &p);
	if (packet.link == LINK_ETHERNET)
		check_usual(&packet, malformed, &p);
	free(copy);
	return 0;
}
