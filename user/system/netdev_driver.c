/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev_driver.h"

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
