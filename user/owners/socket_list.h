/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TCP and UDP sockets of this network namespace, as the kernel lists them (sock_diag(7)).
 */
#ifndef WEIR_SOCKET_LIST_H
#define WEIR_SOCKET_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/flow.h"

/* A socket by its ends, as the key of a flow that it sends: src is the local one. */
struct socket_ends {
	__be32 src[4], dst[4];
	__be16 src_port, dst_port;
	__u8   ip_proto;
	__u8   zero[3];
};

struct listed_socket {
	struct socket_ends ends;  /* not connected: of dst all is 0 */
	uint64_t cookie;
	uint32_t inode;           /* 0: no process has it open */
};

struct socket_list {
	struct listed_socket *sockets; /* in order of their ends */
	size_t count, room;
};

/* 0 or a negative errno; *list is to be freed either way. */
int socket_list_make(struct socket_list *list);
void socket_list_fini(struct socket_list *list);

/*
 * The socket of these ends; where there is none that is connected so, the one that is bound to the
 * local end, or to its port for all addresses. NULL: there is none, or there are several.
 */
const struct listed_socket *socket_list_find(const struct socket_list *list,
					     const struct socket_ends *ends);

/* The one that is not connected, alone. */
const struct listed_socket *socket_list_find_bound(const struct socket_list *list,
						   const struct socket_ends *ends);

#endif
