/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the agent tells the programs before they are loaded.
 */
#ifndef WEIR_SETTINGS_H
#define WEIR_SETTINGS_H

#include "bank.h"
#include "fragment.h"
#include "group.h"
#include "hash.h"

struct count_settings {
	struct bank_geometry geometry;
	struct hash_seed seed;
	struct group_masks group;
	__u32 tick_scaled;   /* length of a kernel tick, see slot_time_of_ticks */
	__u8 claim_sections; /* PREEMPT_RT: programs may interrupt one another on a CPU */
	__u8 reduce_keys;    /* the group-by is not all of the key: group applies */
	__u8 has_links;      /* the number of a link is looked up; else it is 0 */
	__u32 connection_sets;         /* connection.h; a power of two */
	__u32 connection_missed_ticks; /* CONNECTION_MISSED_MS */
	__u8 has_extra;      /* records have their second line, */
	__u8 has_tcp;        /* what is told of TCP in it, */
	__u8 has_owners;     /* the socket in it, */
	__u8 has_ip_bytes;   /* and the bytes of IP packets */
	__u8 has_tunnels;    /* the tunnel in it: flows are those inside */
	__u8 has_fragments;  /* later fragments get the ports of their first */
	struct fragment_seed fragment_seed;
};

/* Of an interface index: the number of the link, and the words to OR into a key without one. */
struct link_entry {
	__u64 word4;
	__u64 word5;
	__u32 number;
	__u32 is_known;
};

#endif
