/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link headers in user space: each parser walks one, then enters what it carries. Private to
 * packet_parse.c and packet_wireless.c.
 */
#ifndef WEIR_PACKET_ENTER_H
#define WEIR_PACKET_ENTER_H

#include "packet_parse.h"

/* What a frame is entered with: c stands at its first byte. Returns as packet_parse does. */
typedef int link_parser(struct cursor *c, const struct capture_packet *packet, struct packet *p);

/* What follows a link header, out of line: many links lead there. */
int enter_ethertype(struct cursor *c, __be16 ethertype, struct packet *p);

/* IEEE 802.11: bare, and behind what a radio says of the frame. */
link_parser link_wireless, link_radiotap, link_prism, link_avs, link_ppi;

#endif
