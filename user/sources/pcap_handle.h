/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the live capture holds open: for each interface a handle of libpcap in each direction.
 * Private to pcap_live.c and pcap_handle.c.
 */
#ifndef WEIR_PCAP_HANDLE_H
#define WEIR_PCAP_HANDLE_H

#include <pcap/pcap.h>
#include <poll.h>

#include "../engine/pane.h"
#include "../system/netdev.h"
#include "pcap_live.h"

#define HANDLES_MAX (2 * FLOW_LINKS_MAX)

/* One interface in one direction. */
struct handle {
	struct pcap_live *live;
	pcap_t *pcap;
	uint16_t link_number;
	bool is_out;
	uint8_t link;
	uint32_t dropped;       /* as last told */
	unsigned int ifindex;   /* 0: of no single interface */
	bool lost;              /* nothing more comes from there */
};

/* An interface beside its packets. */
struct interface {
	struct netdev_counters counted; /* told so far */
	bool is_lost;
	bool is_cut;                    /* lost, or back, in the open pane */
	unsigned int refused_ifindex;   /* while lost: the one that is not opened */
};

struct pcap_live {
	struct pcap_live_config config;
	struct interface interfaces[FLOW_LINKS_MAX];
	struct pane_link told[FLOW_LINKS_MAX]; /* of the last pane */
	struct packet_table *table;
	struct handle handles[HANDLES_MAX];
	struct pollfd ready[HANDLES_MAX];
	size_t handle_count;
	struct pane_moment begin; /* of the open pane */
	int err;                /* of counting, inside a callback of libpcap */
	uint64_t looked_ns;     /* when those that are lost were looked for */
	bool said_waiting;
	char reason[PCAP_LIVE_REASON_SIZE];
};

/* Opens the handle of that number, of which no other is open. 0, or negative errno and reason. */
int pcap_handle_open(struct pcap_live *live, size_t number, size_t link_number, bool out);

/* Closes it, where it is open. */
void pcap_handle_close(struct handle *handle);

#endif
