/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of drivers that no kernel interface tells.
 */
#ifndef WEIR_NETDEV_DRIVER_H
#define WEIR_NETDEV_DRIVER_H

#include "netdev.h"

/*
 * For kernels before 6.3, which do not tell: NETDEV_YES for drivers that have native XDP in
 * Linux 5.15 (ndo_bpf with XDP_SETUP_PROG), NETDEV_NO for loopback and such, else unknown.
 */
enum netdev_answer netdev_driver_has_native(const char *driver);

/*
 * The largest MTU that native XDP without xdp.frags takes: a frame and its head room and
 * skb_shared_info have to fit a page. 0 where only the driver knows.
 */
unsigned netdev_driver_mtu_max(const char *driver, unsigned page_size);

#endif
