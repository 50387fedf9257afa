/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of owners share.
 */
#ifndef WEIR_OWNERS_PRIVATE_H
#define WEIR_OWNERS_PRIVATE_H

#include "known_table.h"
#include "owner_hooks.h"
#include "owners.h"
#include "process_scan.h"
#include "socket_list.h"

/* A container by its control group, as it was found last. */
#define GROUPS_KEPT 256

struct known_group {
	uint64_t number;
	char *name;          /* NULL: it has none */
};

/* A socket that no hook tells of, and what its ends are. */
struct pending_socket {
	uint64_t cookie;
	struct socket_ends ends;
	uint32_t inode;        /* 0: it is not open */
	uint32_t listener;     /* the inode of who listens at its local end; 0: nobody does */
};

struct owners {
	struct owner_names *names;
	struct owner_hooks *hooks;  /* NULL: there are none */
	int root_fd;                /* of the control groups; negative: there are none */
	struct known_table sockets, flows;
	struct known_group groups[GROUPS_KEPT];
	uint32_t pane;              /* its number, from 1 */
	uint64_t begin_ns;          /* when it began: CLOCK_MONOTONIC */
	struct socket_list list;    /* made in this pane, if is_listed */
	bool is_listed;
	bool may_seek;              /* in this pane: looks at all sockets and processes are rare, */
	uint64_t seek_ns;           /* none before that */
	struct pending_socket *pending;
	size_t pending_count, pending_room;
};

/*
 * The socket of that cookie as it is known in this pane, asked about once. NULL: there was no room.
 */
struct known_socket *owners_socket(struct owners *owners, uint64_t cookie);

/* The same, or what is found of one that is not known yet is to be found by its ends. */
void owners_want(struct owners *owners, uint64_t cookie, const struct socket_ends *ends);

/* The sockets of this host, listed once a pane. */
const struct socket_list *owners_list(struct owners *owners);

/* Looks for those that are wanted. */
void owners_seek(struct owners *owners);

/* The word of a process that is there. */
uint64_t owner_of_process(struct owners *owners, uint32_t pid);

/* What the hooks tell of one; false where that is nothing certain. */
bool owner_of_hooks(struct owners *owners, const struct socket_owner *told, uint64_t *owner);

#endif
