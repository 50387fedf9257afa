/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native XDP: whether an interface takes it, and what it would cost there.
 */
#ifndef WEIR_NATIVE_H
#define WEIR_NATIVE_H

#include "../system/netdev.h"

/*
 * The rule of attach mode auto, ingress: native XDP where the driver has it, the hook is free,
 * the MTU is accepted and attaching takes no offload away. False: TCX or clsact, and the
 * reason in why, without a final stop.
 */
bool native_is_right(const struct netdev_facts *facts, char *why, size_t size);

/* True where native XDP is refused for the MTU unless the program declares xdp.frags. */
bool native_needs_frags(const struct netdev_facts *facts);

/*
 * True where native XDP is refused for the MTU (native_mtu over native_mtu_max, and the driver
 * not known to take xdp.frags).
 */
bool native_refuses_mtu(const struct netdev_facts *facts);

/*
 * What attaching native XDP would take away, as the end of a sentence ("segmentation offload
 * of its peer"); NULL: nothing that is known.
 */
const char *native_cost(const struct netdev_facts *facts);

/*
 * XDP, native or generic, does not see VLAN tags that are beside the packet, unless a program asks
 * the driver for each (tag_program.h): flows have none, and their bytes lack it. What leaves them
 * in the packet: a command and where it is to be given; false where they are there. Of a veth only
 * its other end knows.
 */
bool xdp_tags_mend(const struct netdev_facts *facts, char *mend, size_t size);
bool xdp_tags_lie_beside(const struct netdev_facts *facts);

#endif
