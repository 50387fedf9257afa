/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transport session with a collector: its connection, and what is under way in it. By UDP it
 * lasts as long as the output, by TCP as long as the connection (RFC 7011, 10).
 */
#ifndef WEIR_IPFIX_SESSION_H
#define WEIR_IPFIX_SESSION_H

#include "ipfix.h"

#define MESSAGE_MAX       65535
#define TEMPLATES_MAX     8192

struct addrinfo;

/* The state of a carrier; all 0 at first. */
struct ipfix {
	bool is_tcp;
	struct ipfix_target target;
	uint32_t domain;                 /* of its messages; of the target or the first document */
	bool has_domain;
	struct addrinfo *addresses;
	uint32_t sequence;               /* records sent in this session (RFC 7011, 3.1) */
	size_t message_max;

	uint8_t message[MESSAGE_MAX];
	size_t length;
	size_t set_at;                   /* of the set being filled; 0: none */
	uint16_t set;
	uint32_t records;                /* in the message */

	uint8_t units[TEMPLATES_MAX];    /* templates, as they came with the document at hand */
	size_t units_length;
	bool templates_due;
	uint64_t templates_ns;
	uint32_t since_templates;        /* messages */
	uint32_t burst;

	uint8_t partial[sizeof(struct ipfix_unit) + UINT16_MAX];
	size_t partial_length;

	uint64_t retry_ns;
	uint64_t back_off_ns;
	bool was_away;                   /* which has been told */
	bool is_taken;                   /* the window before was committed, and counted so */
};

/* Addresses of the target. 0 or negative errno, then *reason is static text. */
int ipfix_session_resolve(struct ipfix *ipfix, const struct endpoint *endpoint,
			  const char **reason);

/*
 * Connects where it is time to try again, and tells when the collector goes and comes. 0 or
 * negative errno; a session that is new knows no template.
 */
int ipfix_session_try(struct carrier *carrier);
void ipfix_session_drop(struct carrier *carrier);

/* A collector that has gone has closed its end of a TCP connection; it has nothing to say else. */
bool ipfix_session_is_closed(int fd);

/* By UDP: a host that nothing listens on has said so (ICMP) since the window before. */
void ipfix_session_take_refusal(struct carrier *carrier);

/* Bytes of a datagram that go by the path in one piece, as far as the kernel knows by now. */
size_t ipfix_session_payload(int fd);

#endif
