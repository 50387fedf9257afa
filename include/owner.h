/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hooks of a cgroup tell of sockets (bpf/owners.bpf.c), by their cookies.
 */
#ifndef WEIR_OWNER_H
#define WEIR_OWNER_H

#include <linux/types.h>

/* As many sockets as are known at once: a minute of 1000 made a second. */
#define SOCKET_OWNERS_MAX 65536
#define SOCKET_BINDS_MAX  16384

#define SOCKET_NAME_MAX   16 /* TASK_COMM_LEN */

/* How it is known whose a socket is, the stronger the later. */
enum socket_use {
	SOCKET_CLOSED, /* by who closed it: nobody was seen to make it */
	SOCKET_MADE,
	SOCKET_BOUND,
	SOCKET_USED,   /* connected, or sent from without that */
};

struct socket_owner {
	__u32 pid;         /* of the process: the thread group */
	__u32 thread;      /* whose name it is */
	__u32 use;
	__u32 is_shared;   /* by two processes, in the same way */
	__u64 cgroup;      /* its number in the unified hierarchy */
	__u64 released_ns; /* CLOCK_MONOTONIC; 0: it is open */
	char name[SOCKET_NAME_MAX];
};

/* The last socket that was bound to a port. */
struct socket_bind {
	__u64 cookie;
	__u64 time_ns;
};

/* port: in host order. */
static inline __u32 bind_key(__u32 protocol, __u32 port)
{
	return protocol << 16 | (port & 0xffff);
}

_Static_assert(sizeof(struct socket_owner) == 48, "same in the agent and in the kernel");

#endif
