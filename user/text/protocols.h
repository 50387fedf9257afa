/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What protocols are called.
 */
#ifndef WEIR_PROTOCOLS_H
#define WEIR_PROTOCOLS_H

#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_NAME_MAX 24

/*
 * Short lower-case name of an IP protocol into buffer: "tcp", "icmp6", "ip-253"; of an
 * EtherType: "arp", "llc", "ethertype-0x88cc". Returns buffer. Nothing is longer than
 * PROTOCOL_NAME_MAX with its end mark.
 */
const char *ip_proto_name(uint8_t ip_proto, char *buffer, size_t size);
const char *ethertype_name(uint16_t ethertype, char *buffer, size_t size);

#endif
