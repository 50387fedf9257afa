/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a TCP or UDP peer is, as the user writes it.
 */
#ifndef WEIR_ENDPOINT_H
#define WEIR_ENDPOINT_H

#define ENDPOINT_HOST_MAX 256

struct endpoint {
	char host[ENDPOINT_HOST_MAX]; /* a name or an address, without brackets */
	char port[6];                 /* a number from 1 to 65535 */
};

/*
 * Parses HOST:PORT, where an IPv6 address stands in brackets and may have a zone. NULL, or what
 * is wrong: static text, and *endpoint is undefined.
 */
const char *endpoint_parse(const char *text, struct endpoint *endpoint);

#endif
