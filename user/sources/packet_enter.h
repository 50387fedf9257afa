/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link headers in user space: each parser walks one, then enters what it carries. Private to
 * the files of the parsers.
 */
#ifndef WEIR_PACKET_ENTER_H
#define WEIR_PACKET_ENTER_H

#include "packet_parse.h"

/* What a frame is entered with. Returns as packet_parse does. */
typedef int link_parser(const struct capture_packet *packet, struct packet *p, struct inward *in);

/* At the first byte of a frame. Where all that follows is in line, it stays in registers. */
static __always_inline struct cursor packet_cursor(const struct capture_packet *packet,
						   struct inward *in)
{
	struct cursor c = cursor_over(CURSOR_MEMORY, packet->data, packet->data + packet->caplen);

	c.inward = in;
	return c;
}

/* What follows a link header, out of line: many links lead there. */
int enter_ethertype(struct cursor *c, __be16 ethertype, struct packet *p);

#endif
