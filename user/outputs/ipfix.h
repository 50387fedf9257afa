/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPFIX (RFC 7011) by UDP and TCP. The encoder is of our own: libfixbuf copies every record
 * through descriptions that it looks up at run time and brings GLib along, and what is needed here
 * are six fixed layouts and a header.
 *
 * A document of the encoder is a run of units: what set it goes to, its length, a whole template
 * or record. The carrier makes messages of units, as long as the way to the collector takes.
 */
#ifndef WEIR_IPFIX_H
#define WEIR_IPFIX_H

#include "carrier.h"
#include "../text/endpoint.h"

#define IPFIX_SCHEME_UDP "ipfix://"
#define IPFIX_SCHEME_TCP "ipfix+tcp://"

#define IPFIX_VERSION       10
#define IPFIX_SET_DOMAIN    0   /* no set: the domain of the documents, 4 bytes as the machine has them */
#define IPFIX_SET_TEMPLATES 2
#define IPFIX_SET_OPTIONS   3
#define IPFIX_SET_FIRST     256 /* from here on sets are of data, and named by their template */

/* The layouts of records; a template's identifier is IPFIX_SET_FIRST and this. */
enum ipfix_layout { IPFIX_IPV4, IPFIX_IPV4_ICMP, IPFIX_IPV6, IPFIX_IPV6_ICMP, IPFIX_OTHER,
		    IPFIX_ACCOUNT, IPFIX_LAYOUT_COUNT };

/* Options records, whose scope, the observation domain, is left to the carrier. */
#define IPFIX_SET_ACCOUNT   (IPFIX_SET_FIRST + IPFIX_ACCOUNT)

/* In the byte order of the machine: it goes no further than the carrier. */
struct ipfix_unit {
	uint16_t set;
	uint16_t length; /* of what follows, without padding */
};

#define IPFIX_UNIT_MAX 512

/* ipfix://HOST[:PORT][?OPTION=VALUE&...], and ipfix+tcp://... */
struct ipfix_target {
	struct endpoint endpoint;
	bool has_domain;     /* domain=N; else it is made of what is counted */
	uint32_t domain;
	bool has_accounting; /* options records, unless accounting=no */
};

/* NULL, or what is wrong: static text, and *target is undefined. */
const char *ipfix_target_parse(const char *text, struct ipfix_target *target);

extern const struct carrier_kind ipfix_udp_kind;
extern const struct carrier_kind ipfix_tcp_kind;

#endif
