/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live capture by libpcap (-a pcap), for where BPF programs may not be loaded: packets reach
 * user space and pass through the same parser and accounting step. What it cannot do that the
 * hooks can: packets that the kernel merged (GRO) count as one, and at high rates some are
 * dropped, which pane.dropped_packets tells.
 */
#ifndef WEIR_PCAP_LIVE_H
#define WEIR_PCAP_LIVE_H

#include "packet_table.h"
#include "pane_clock.h"

#define PCAP_LIVE_REASON_SIZE 256

/*
 * A packet stays in the kernel at most this long before it can be read. Before the last pane
 * ends, pcap_live_read is to be given that time once more.
 */
#define PCAP_LIVE_SETTLE_MS   10

struct pcap_live_config {
	const char *const *interfaces;  /* link numbers in this order; at most FLOW_LINKS_MAX */
	size_t interface_count;
	bool in, out;                   /* directions to capture */
	struct record_taker taker;
	const struct group_by *group;   /* NULL: whole keys */
	struct packet_filter *filter;   /* NULL: none */
	struct hash_seed seed;          /* random: packets come from whoever likes */
	uint32_t slots;
	bool once;                      /* over when the last interface has gone */
};

struct pcap_live;

/*
 * Opens the interfaces and begins the first pane. 0 and *live; else negative errno (-EPERM:
 * capturing is not allowed) and in reason, of PCAP_LIVE_REASON_SIZE bytes, what failed on which
 * interface. The strings and pointers in the config are borrowed.
 */
int pcap_live_open(const struct pcap_live_config *config, struct pcap_live **live, char *reason);
void pcap_live_close(struct pcap_live *live);

/*
 * Waits up to timeout_ms for packets and counts those that are there, but returns from time to
 * time however many come. A signal ends the wait. 0 or negative errno, then pcap_live_reason.
 */
int pcap_live_read(struct pcap_live *live, int timeout_ms);

/*
 * Reads what is there without waiting, ends the pane at that moment and begins the next: records
 * are taken, *pane is filled but for its times and place. 0 or negative errno: counting
 * failed or no interface is left to wait for (-ENODEV), and the pane has what came before. An
 * interface that has gone is reported, as is its return; the others go on.
 */
int pcap_live_end_pane(struct pcap_live *live, const struct pane_moment *moment,
		       struct pane *pane);

/* When the open pane began. */
struct pane_moment pcap_live_begin(const struct pcap_live *live);

const char *pcap_live_reason(const struct pcap_live *live);

#endif
