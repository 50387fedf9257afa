/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev_rule.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

/* sizeof(struct skb_shared_info) in whole cache lines, on 64-bit kernels with 17 fragments. */
#define SKB_SHARED_INFO_BYTES 320

static bool is_one_of(const char *driver, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(driver, names[i]) == 0)
			return true;
	}
	return false;
}

enum netdev_answer netdev_driver_has_native(const char *driver)
{
	static const char *const with[] = {
		"atlantic", "bnxt_en", "bonding", "ena", "fsl_dpaa2_eth", "fsl_enetc", "hv_netvsc",
		"i40e", "ice", "igb", "igc", "ixgbe", "ixgbevf", "mlx4_en", "mlx5_core", "mvneta",
		"mvpp2", "netsec", "nfp", "nicvf", "qede", "sfc", "st_gmac", "tun", "veth", "vif",
		"virtio_net",
	};
	static const char *const without[] = {
		"bridge", "dummy", "gre", "gretap", "ifb", "ipip", "ipvlan", "loopback", "macvlan",
		"nlmon", "sit", "team", "vlan", "vrf", "vxlan", "wireguard",
	};

	if (is_one_of(driver, with, sizeof(with) / sizeof(with[0])))
		return NETDEV_YES;
	if (is_one_of(driver, without, sizeof(without) / sizeof(without[0])))
		return NETDEV_NO;
	return NETDEV_UNKNOWN;
}

/* drivers/net/veth.c, veth_xdp_set; drivers/net/virtio_net.c, virtnet_xdp_set. */
unsigned netdev_driver_mtu_max(const char *driver, unsigned page_size)
{
	if (strcmp(driver, "veth") != 0 && strcmp(driver, "virtio_net") != 0)
		return 0;
	return page_size - XDP_PACKET_HEADROOM - SKB_SHARED_INFO_BYTES - ETH_HLEN;
}

bool netdev_needs_frags(const struct netdev_facts *facts)
{
	return facts->native_mtu_max && facts->native_mtu > facts->native_mtu_max;
}

bool netdev_refuses_mtu(const struct netdev_facts *facts)
{
	return netdev_needs_frags(facts) && facts->xdp_frags != NETDEV_YES;
}

const char *netdev_native_cost(const struct netdev_facts *facts)
{
	if (strcmp(facts->driver, "veth") == 0)
		return "segmentation offload of its peer";
	if (facts->lro)
		return "LRO";
	if (facts->gro_hw)
		return "receive offload of the device (rx-gro-hw)";
	return NULL;
}

const char *netdev_stands_to(const struct netdev_facts *one, const struct netdev_facts *other)
{
	if (one->master && one->master == other->ifindex)
		return "is a port of";
	return one->lower && one->lower == other->ifindex ? "lies on" : NULL;
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

bool netdev_should_attach_native(const struct netdev_facts *facts, char *why, size_t size)
{
	const char *driver = facts->driver[0] ? facts->driver : "its driver";
	const char *cost = netdev_native_cost(facts);

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
	else if (netdev_refuses_mtu(facts))
		snprintf(why, size, "native XDP takes an MTU of %u at most, not %u",
			 facts->native_mtu_max, facts->native_mtu);
	else
		return true;
	return false;
}

const char *netdev_xdp_mode_name(enum netdev_xdp_mode mode)
{
	static const char *const names[] = {
		[NETDEV_XDP_NONE] = "none",
		[NETDEV_XDP_NATIVE] = "native",
		[NETDEV_XDP_GENERIC] = "generic",
		[NETDEV_XDP_HW] = "hw",
	};

	return names[mode];
}
