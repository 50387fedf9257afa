/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WEIR_NETDEV_ETHTOOL_H
#define WEIR_NETDEV_ETHTOOL_H

#include "netdev.h"

/*
 * Fills in the driver's name (left as it is where the kernel has none) and the offloads of the
 * interface facts->name. What cannot be asked stays as it was.
 */
void netdev_ethtool_query(struct netdev_facts *facts);

#endif
