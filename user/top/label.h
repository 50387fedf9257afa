/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flow key in words: source, destination, protocol. Only printable ASCII, whatever a name
 * server or an interface is called.
 */
#ifndef WEIR_LABEL_H
#define WEIR_LABEL_H

#include "../engine/group.h"
#include "names.h"

#define LABEL_MAX 320

struct labeler {
	const struct group_by *group;   /* fields that are not in it are left out */
	struct names *names;            /* NULL: numbers */
	bool only_known;                /* names are not looked up */
	const char *const *link_names;  /* by number; NULL in a replay */
	const struct owner_names *owner_names; /* NULL: there are no owners */
};

/* "10.0.0.1:443", "[fd00::1]:443", "10.0.0.0/24", "10.0.0.2 8/0" (ICMP type and code), "-". */
const char *label_src(const struct labeler *labeler, const struct flow_key *key,
		      char buffer[LABEL_MAX]);
const char *label_dst(const struct labeler *labeler, const struct flow_key *key,
		      char buffer[LABEL_MAX]);

/* False where the group leaves nothing to tell of that end. */
bool label_shows_src(const struct group_by *group);
bool label_shows_dst(const struct group_by *group);

/* "tcp", "arp", "0x88cc"; "-" where the group has no protocol. */
const char *label_proto(const struct labeler *labeler, const struct flow_key *key,
			char buffer[LABEL_MAX]);

/* The interface; "-" where it is not told. */
const char *label_link(const struct labeler *labeler, const struct flow_key *key,
		       char buffer[LABEL_MAX]);

/* Of a key reduced to them, dst_port and proto: "443/tcp", "icmp". */
const char *label_service(const struct labeler *labeler, const struct flow_key *key,
			  char buffer[LABEL_MAX]);

/* "812/curl", or a container's name; "-" where it is not known, or there is none. */
const char *label_process(const struct labeler *labeler, const struct flow_key *key,
			  char buffer[LABEL_MAX]);
const char *label_container(const struct labeler *labeler, const struct flow_key *key,
			    char buffer[LABEL_MAX]);

/* What the columns leave out: VLAN, later fragment; "" where there is nothing. */
const char *label_extra(const struct flow_key *key, char buffer[LABEL_MAX]);

/* "FSPA" in the order of documents; "" where there are none. */
const char *label_tcp_flags(uint8_t tcp_flags, char buffer[LABEL_MAX]);

/* The number that stands at the end of a label, a port say, is of that many characters. */
size_t label_tail_length(const char *label);

#endif
