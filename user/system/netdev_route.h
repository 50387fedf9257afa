/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface of the default route.
 */
#ifndef WEIR_NETDEV_ROUTE_H
#define WEIR_NETDEV_ROUTE_H

#include <net/if.h>

/* The interface of the default route: IPv4's of lowest metric, else IPv6's. 0 or -ENOENT. */
int netdev_default_route(char name[IF_NAMESIZE]);

#endif
