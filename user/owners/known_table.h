/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered from pane to pane, in two tables: the owners of sockets by their cookies, and
 * sockets by the flows that they receive. Both are bounded: what finds no room is not known.
 */
#ifndef WEIR_KNOWN_TABLE_H
#define WEIR_KNOWN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/hash.h"

/* Of each table. */
#define OWNERS_KEPT_MAX (1u << 18)

/* Entries that no pane needed for so long are forgotten. */
#define OWNERS_KEPT_PANES 120

enum owner_state {
	OWNER_UNKNOWN,
	OWNER_SHARED, /* several processes have it */
	OWNER_TOLD,
};

struct known_socket {
	uint64_t cookie;      /* 0: the place is empty */
	uint64_t owner;       /* owner_make; where it is told */
	uint64_t released_ns; /* 0: not that it was known */
	uint32_t pane;        /* the last that asked */
	uint32_t retry;       /* no earlier than in that pane */
	uint32_t told_pid;    /* by the hooks, of what is told, */
	uint8_t  told_use;    /* and how they knew */
	uint8_t  tries;
	uint8_t  state;
	bool     is_final;    /* it will not be another's */
};

/* Packets that are received, by their key's ends; and the sockets that sent in the other way. */
struct known_flow {
	struct flow_key ends; /* without flags, tags and links; ip_proto 0: the place is empty */
	uint64_t cookie[2];   /* 0: none */
	uint16_t first_ms[2]; /* when these sent in the pane, as slots tell it; */
	uint16_t last_ms[2];  /* not of one that has_before */
	uint32_t pane;
	uint32_t retry;
	uint8_t  tries;
	bool     is_mixed;    /* of more than two */
	bool     is_heard;    /* packets were received in the pane */
	bool     is_sent;     /* and sent: the cookies are of the pane */
	bool     is_recent;   /* there were packets in the pane before, */
	bool     has_before;  /* and the first cookie is of that one's */
};

struct known_table {
	struct hash_seed seed;
	void *places;
	size_t size;          /* of an entry */
	uint32_t bits;
	uint32_t count;
};

/* size: of one of the two structures above. 0 or a negative errno. */
int known_table_init(struct known_table *table, size_t size);
void known_table_fini(struct known_table *table);

/* Found or made, all 0 but its key. NULL: there is no room. It stays until another is made. */
struct known_socket *known_socket_of(struct known_table *table, uint64_t cookie);
struct known_flow *known_flow_of(struct known_table *table, const struct flow_key *ends);

/* NULL: there is none. */
struct known_flow *known_flow_find(const struct known_table *table, const struct flow_key *ends);

/* Whether there may be no room for those of another pane. */
bool known_table_is_crowded(const struct known_table *table);

/* Forgets what no pane from oldest on needed. */
void known_table_sweep(struct known_table *table, uint32_t oldest);

/* Calls fn with each entry of that pane. */
void known_table_walk(const struct known_table *table, uint32_t pane,
		      void (*fn)(void *context, void *entry), void *context);

#endif
