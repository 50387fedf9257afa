/* SPDX-License-Identifier: BSD-2-Clause */
#include "native.h"

#include <stdio.h>
#include <string.h>

bool native_needs_frags(const struct netdev_facts *facts)
{
	return facts->native_mtu_max && facts->native_mtu > facts->native_mtu_max;
}

bool native_refuses_mtu(const struct netdev_facts *facts)
{
	return native_needs_frags(facts) && facts->xdp_frags != NETDEV_YES;
}

const char *native_cost(const struct netdev_facts *facts)
{
	if (strcmp(facts->driver, "veth") == 0)
		return "segmentation offload of its peer";
	if (facts->lro)
		return "LRO";
	if (facts->gro_hw)
		return "receive offload of the device (rx-gro-hw)";
	return NULL;
}

/*
 * A veth moves none itself: it receives a packet as its other end sent it, which leaves tags beside
 * where it has the offload (validate_xmit_vlan, net/core/dev.c), and is often not to be seen here.
 */
bool xdp_tags_lie_beside(const struct netdev_facts *facts)
{
	return strcmp(facts->driver, "veth") == 0 || facts->rx_vlan_strip;
}

bool xdp_tags_mend(const struct netdev_facts *facts, char *mend, size_t size)
{
	if (!xdp_tags_lie_beside(facts))
		return false;
	if (strcmp(facts->driver, "veth") == 0)
		snprintf(mend, size, "ethtool -K PEER txvlan off, at its other end");
	else
		snprintf(mend, size, "ethtool -K %s rxvlan off", facts->name);
	return true;
}

static void why_held(const struct netdev_facts *facts, char *why, size_t size)
{
	const char *name = facts->xdp_prog_name;

	snprintf(why, size, "the XDP hook is held by program %u%s%s%s", facts->xdp_prog_id,
		 name[0] ? " (" : "", name, name[0] ? ")" : "");
}

/* A veth loses the feature with its peer's queues (veth_set_xdp_features, drivers/net/veth.c). */
static void why_no_native(const char *driver, char *why, size_t size)
{
	if (strcmp(driver, "veth") == 0)
		snprintf(why, size, "its peer has more transmit queues than it can receive from "
			 "with native XDP (ethtool -L PEER tx 1)");
	else
		snprintf(why, size, "%s has no native XDP", driver);
}

bool native_is_right(const struct netdev_facts *facts, char *why, size_t size)
{
	const char *driver = facts->driver[0] ? facts->driver : "its driver";
	const char *cost = native_cost(facts);

	if (facts->native_xdp == NETDEV_NO)
		why_no_native(driver, why, size);
	else if (facts->native_xdp == NETDEV_UNKNOWN)
		snprintf(why, size, "%s is not known to have native XDP", driver);
	else if (facts->xdp_mode == NETDEV_XDP_NATIVE || facts->xdp_mode == NETDEV_XDP_GENERIC)
		why_held(facts, why, size);
	else if (strcmp(facts->driver, "tun") == 0)
		/* drivers/net/tun.c: a GSO frame of a guest goes through XDP whole. */
		snprintf(why, size, "a tap hands merged packets to XDP as one");
	else if (cost)
		snprintf(why, size, "native XDP would take away %s", cost);
	else if (native_refuses_mtu(facts))
		snprintf(why, size, "native XDP takes an MTU of %u at most, not %u",
			 facts->native_mtu_max, facts->native_mtu);
	else
		return true;
	return false;
}
