/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of addresses and ports, looked up by a thread of its own: nobody waits for a name
 * server. Names are sanitised: printable ASCII, the rest as \xNN.
 */
#ifndef WEIR_NAMES_H
#define WEIR_NAMES_H

#include <stdbool.h>

#include "../../include/flow.h"

struct names;

#define NAME_SHOWN_MAX 256

/* NULL where it cannot be had. No thread runs before the first name is asked for. */
struct names *names_create(void);

/* Lookups under way end by themselves, later. */
void names_destroy(struct names *names);

/* Readable when names have come. */
int names_fd(const struct names *names);
void names_drain(struct names *names);

struct name_query {
	__be32 address[4]; /* IPv4-mapped; all zero in a query for a port */
	__be16 port;
	__u8 ip_proto;     /* of a port */
	__u8 is_ipv6;
};

/* Copies the name if it is known already and true; else asks for it, once, and false. False for
 * ever where it has none. */
bool names_find(struct names *names, const struct name_query *query, char name[NAME_SHOWN_MAX]);

/* The same, without asking. */
bool names_known(struct names *names, const struct name_query *query, char name[NAME_SHOWN_MAX]);

#endif
