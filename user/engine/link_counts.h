/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interface of a live run in a pane or a window: what the kernel counted on it, what weir saw
 * there, and why the two may differ.
 */
#ifndef WEIR_LINK_COUNTS_H
#define WEIR_LINK_COUNTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/bank.h"

struct link_counts {
	struct tally rx, tx;             /* the kernel's: struct rtnl_link_stats64 */
	struct tally seen_in, seen_out;  /* weir's, all outcomes */
};

/*
 * Known causes of a difference, and how documents name them: a veth with native XDP and lo count
 * packets without their Ethernet headers; tags beside the packet are in no length of the kernel's;
 * a merged packet is one to it; who stands before weir may end packets; of an interface that went
 * or came back the kernel's last counts are lost, and weir's first.
 */
#define LINK_DIFFERENCES(X)                                      \
	X(LINK_DIFFERS_ETHERNET,  "ethernet_header")             \
	X(LINK_DIFFERS_VLAN,      "vlan_tags_beside")            \
	X(LINK_DIFFERS_MERGED,    "merged_packets")              \
	X(LINK_DIFFERS_DIRECTION, "direction_not_counted")       \
	X(LINK_DIFFERS_AHEAD,     "ahead")                       \
	X(LINK_DIFFERS_AWAY,      "away")

#define LINK_DIFFERENCE_AS_ENUM(id, text) id,
enum link_difference { LINK_DIFFERENCES(LINK_DIFFERENCE_AS_ENUM) LINK_DIFFERENCE_COUNT };

/* What a source tells of an interface with each pane; strings live until the next one. */
struct pane_link {
	const char *name;
	struct link_counts counts;
	unsigned int differences;     /* bits: which causes there are */
	uint64_t dropped_packets;     /* its part of the pane's */
	bool has_seen;                /* what weir saw there is known */
	bool is_cut;                  /* it went or came back in this pane: not all was observed */
	bool is_gone;                 /* in this pane or before */
};

/* The same of a window. */
struct result_link {
	char name[IF_NAMESIZE];       /* at its end */
	struct link_counts counts;
	unsigned int differences;
	bool has_seen;
};

/* "prog 12 (name) at tcx-ingress of eth0" */
#define AHEAD_TEXT_MAX 96

#endif
