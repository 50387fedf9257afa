/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors to the parser for packets in user space: by link type, then the same lines as in
 * the kernel.
 */
#ifndef WEIR_PACKET_PARSE_H
#define WEIR_PACKET_PARSE_H

/* First: linux/in.h makes way for the C library's netinet/in.h only if that came before. */
#include "../../include/platform.h"
#include "../../include/inward.h"
#include "../../include/segment.h"
#include "capture.h"

/*
 * As packet_parse, of any link type and with every header that the parser knows, but no further
 * inward; in (or NULL) is where it would go on.
 */
int packet_parse_thorough(const struct capture_packet *packet, struct packet *p,
			  struct inward *in);

/* Goes on from there to the innermost packet. */
void packet_parse_inside(const struct capture_packet *packet, struct packet *p,
			 struct inward *in);

/* Through a copy: a p whose address were known out of line would not stay in registers. */
static __always_inline int packet_parse_unusual(const struct capture_packet *packet,
						struct packet *p, struct inward *in, bool enters)
{
	struct packet copy = { .wants_ip_len = p->wants_ip_len,
			       .fragment = p->fragment };
	struct inward within = { 0 };
	int malformed = packet_parse_thorough(packet, &copy, in ? &within : NULL);

	if (enters && !malformed)
		packet_parse_inside(packet, &copy, &within);
	*p = copy;
	if (in)
		*in = within;
	return malformed;
}

/*
 * Parses a packet, p and in zero before: the outermost one, or where it enters the innermost; in
 * (or NULL) is where it would go on. 0, or 1 + enum malformed_reason. A frame without IP and
 * without an EtherType is a non-IP flow of EtherType 0. The usual headers are parsed in line.
 */
static __always_inline int packet_parse(const struct capture_packet *packet, struct packet *p,
					struct inward *in, bool enters)
{
	struct cursor c = cursor_over(CURSOR_FAST, packet->data, packet->data + packet->caplen);
	int malformed;

	if (likely(packet->link == LINK_ETHERNET)) {
		c.inward = in;
		malformed = parse_ethernet(&c, p);
		if (likely(!c.incomplete) &&
		    (!enters || malformed || !packet_may_hold_another(p)))
			return malformed;
	}
	return packet_parse_unusual(packet, p, in, enters);
}

/* The segment of a packet that was parsed as far as in tells; its tunnel is there. */
static __always_inline void packet_segment(const struct capture_packet *packet,
					   const struct inward *in, struct segment *segment)
{
	struct cursor c = cursor_over(CURSOR_MEMORY, packet->data, packet->data + packet->caplen);

	cursor_skip(&c, in->offset);
	parse_segment(&c, in->left, segment);
	segment->time_ns = packet->time_ns;
	segment->tick = (__u32)(packet->time_ns / 1000000);
}

#endif
