/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network interface of the current network namespace: what it is, what holds its hooks, what
 * can be attached to it. Asking changes nothing.
 */
#ifndef WEIR_NETDEV_H
#define WEIR_NETDEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum netdev_answer { NETDEV_UNKNOWN, NETDEV_NO, NETDEV_YES };

/* What packets begin with, at the hooks of TC and in a capture. */
enum netdev_header {
	NETDEV_HEADER_ETHERNET,
	NETDEV_HEADER_IP,    /* nothing before the IP header: tun, WireGuard, PPP, tunnels */
	NETDEV_HEADER_OTHER, /* another one */
};

/*
 * By the type of its hardware addresses (ARPHRD_*, linux/if_arp.h) and its flags (IFF_*): a GRE
 * tunnel that has no single other end has the outer headers before the packet.
 */
enum netdev_header netdev_header_of(unsigned int type, unsigned int flags);

/* Where an XDP program can sit. At most one of native and generic is taken at a time. */
enum netdev_xdp_mode { NETDEV_XDP_NONE, NETDEV_XDP_NATIVE, NETDEV_XDP_GENERIC, NETDEV_XDP_HW };

#define NETDEV_DRIVER_MAX 32
#define NETDEV_PROG_MAX   16
#define NETDEV_WHY_MAX    160

struct netdev_facts {
	char name[IF_NAMESIZE];          /* the kernel's, where an alternative name was asked for */
	char driver[NETDEV_DRIVER_MAX];  /* or the link's kind: "veth"; empty: not known */
	unsigned ifindex;
	unsigned mtu;
	bool up;                         /* set up by the administrator */
	bool running;                    /* up, and operational: carrier is there */
	enum netdev_header header;

	unsigned master;                 /* the bridge or bond it is a port of; 0: none */
	unsigned lower;                  /* the interface it lies on (VLAN, macvlan, ...); 0: none */

	enum netdev_xdp_mode xdp_mode;   /* who holds the XDP hook */
	uint32_t xdp_prog_id;
	char xdp_prog_name[NETDEV_PROG_MAX]; /* empty: not known; reading it needs CAP_SYS_ADMIN */
	enum netdev_answer native_xdp;   /* the driver has it */
	enum netdev_answer xdp_frags;    /* and takes packets of several buffers (xdp.frags) */
	unsigned native_mtu_max;         /* without xdp.frags; 0: the driver alone knows */
	unsigned native_mtu;             /* compared with it: a veth's peer's MTU, else mtu */

	bool rx_vlan_strip;              /* tags arrive beside the packet: XDP does not see them, */
	bool xdp_rx_vlan;                /* but where the driver tells of them when asked */
	bool gro, gro_hw, lro;           /* packets are merged before TC; gro_hw, lro: before XDP */
	bool tso, gso;                   /* packets leave TC egress unsegmented */

	enum netdev_answer tcx;          /* unknown without CAP_NET_ADMIN */
	uint32_t tcx_ingress, tcx_egress; /* programs attached there now */
	bool has_clsact;                 /* qdisc is there */
	bool has_ingress_qdisc;          /* the older one, which keeps clsact out */
};

/* Counters of the kernel, since the interface exists (struct rtnl_link_stats64, if_link.h). */
struct netdev_counters {
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	uint64_t rx_errors;
	uint64_t rx_dropped;       /* before the hook (backlog full) or after it (no protocol) */
	uint64_t rx_missed_errors; /* by the device, for want of buffers */
	uint64_t rx_fifo_errors;
	uint64_t rx_over_errors;
	uint64_t rx_nohandler;     /* after the hook */
	uint64_t tx_dropped;
};

/* 0 and the facts; -ENODEV where there is no such interface; else a negative errno. */
int netdev_query(const char *name, struct netdev_facts *facts);

/* Whether XDP has packets of several buffers: is tried once, which takes the right to load. */
enum netdev_answer netdev_kernel_has_frags(void);

/* 0 and what its packets begin with; -ENODEV; or an error. */
int netdev_header(const char *name, enum netdev_header *header);

/* 0 and the index of the interface of this name, also an alternative one; -ENODEV; or an error. */
int netdev_index(const char *name, unsigned *ifindex);

/*
 * Where the same packets pass both interfaces: how one stands to the other, as the middle of a
 * sentence ("is a port of"); NULL: they are not stacked that way.
 */
const char *netdev_stands_to(const struct netdev_facts *one, const struct netdev_facts *other);

/* What may change while an interface is watched. */
struct netdev_state {
	char name[IF_NAMESIZE];
	bool up;
	enum netdev_xdp_mode xdp_mode; /* who holds the XDP hook */
	uint32_t xdp_prog_id;
	struct netdev_counters counters;
};

/* 0 and the state; -ENODEV where the interface has gone; else a negative errno. */
int netdev_state_query(unsigned ifindex, struct netdev_state *state);

/*
 * Packets that reached the interface and were surely dropped before any hook: missed for want
 * of buffers, or lost in the receive queue. rx_over_errors and rx_fifo_errors are two names of
 * one thing (if_link.h), so the greater counts. rx_dropped is left out: it counts packets that
 * no protocol wanted too, and those have passed the hook.
 */
uint64_t netdev_counters_missed(const struct netdev_counters *counters);

/* "native", "generic", "hw"; "none" where the hook is free. */
const char *netdev_xdp_mode_name(enum netdev_xdp_mode mode);

#endif
