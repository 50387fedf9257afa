/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All interfaces of the current network namespace.
 */
#ifndef WEIR_NETDEV_LIST_H
#define WEIR_NETDEV_LIST_H

#include "netdev.h"

struct netdev_listed {
	char name[IF_NAMESIZE];
	unsigned int ifindex;
	enum netdev_header header;
};

/*
 * Those that are up, in the order of their numbers. 0 and a list to be freed, also where it is
 * empty; or negative errno.
 */
int netdev_list_up(struct netdev_listed **list, size_t *count);

#endif
