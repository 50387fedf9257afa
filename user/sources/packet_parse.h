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

/* As packet_parse, of any link type and with every header that the parser knows. */
int packet_parse_thorough(const struct capture_packet *packet, struct packet *p);

/* Through a copy: a p whose address were known out of line would not stay in registers. */
static __always_inline int packet_parse_unusual(const struct capture_packet *packet,
						struct packet *p)
{
	struct packet copy = { .wants_window = p->wants_window,
			       .wants_ip_len = p->wants_ip_len };
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
