/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames of many flows, made by rewriting one template; and a program that only passes. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define CHANGING_NET 0x0a000000u /* 10.0.0.0/8: the flow number's upper 24 bits follow */
#define STEADY_SRC   0xac100001u /* 172.16.0.1 */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

volatile const __u32 target_ifindex;
volatile const __u64 flow_count;   /* 0: every packet is a new flow */
volatile const __u32 steady_count; /* flows that every steady_every-th packet belongs to in turn */
volatile const __u32 steady_every; /* 0: none */

/* One generator runs on one CPU at a time. */
__u64 frames_made;
__u64 steady_made;

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

/* The identification balances the address, so that the template's checksum stays right. */
static __always_inline void set_source(struct headers *h, __u32 address, __u16 port)
{
	__u32 sum = (address >> 16) + (address & 0xffff);

	sum = (sum & 0xffff) + (sum >> 16);
	h->ip.saddr = bpf_htonl(address);
	h->ip.id = bpf_htons(~sum & 0xffff);
	h->udp.source = bpf_htons(port);
}

static __always_inline void next_flow(struct headers *h)
{
	__u64 n = frames_made++;
	__u64 flow;

	if (steady_every && n % steady_every == 0) {
		set_source(h, STEADY_SRC, 1 + steady_made++ % steady_count);
		return;
	}
	flow = n - steady_made;
	if (flow_count)
		flow %= flow_count;
	set_source(h, CHANGING_NET | (flow >> 16 & 0xffffff), flow & 0xffff);
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct headers *h = (void *)(long)ctx->data;

	if ((void *)(h + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	next_flow(h);
	return bpf_redirect(target_ifindex, 0);
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
