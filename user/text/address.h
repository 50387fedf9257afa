/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses in network order as text: RFC 5952, as inet_ntop writes them, and faster. Each
 * function writes without an end mark, at most its PUT_*_MAX bytes, and returns the end.
 */
#ifndef WEIR_ADDRESS_H
#define WEIR_ADDRESS_H

#include <stdint.h>

#define PUT_IPV4_MAX 15
#define PUT_IPV6_MAX 45

char *put_ipv4(char *out, const uint8_t address[4]);
char *put_ipv6(char *out, const uint8_t address[16]);

#endif
