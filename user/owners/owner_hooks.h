/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs at the hooks of the root of the unified hierarchy (bpf/owners.bpf.c), and what they
 * tell.
 */
#ifndef WEIR_OWNER_HOOKS_H
#define WEIR_OWNER_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/owner.h"

struct owner_hooks;

/* Loads and attaches them; they vanish with the process. 0 or a negative errno, then NULL. */
int owner_hooks_open(int root_fd, struct owner_hooks **hooks);
void owner_hooks_close(struct owner_hooks *hooks);

/* False: nothing is known of that socket, or hooks is NULL. */
bool owner_hooks_find(const struct owner_hooks *hooks, uint64_t cookie,
		      struct socket_owner *owner);

/* The last socket bound to that port, in host order. */
bool owner_hooks_find_bind(const struct owner_hooks *hooks, uint8_t ip_proto, uint16_t port,
			   struct socket_bind *bound);

#endif
