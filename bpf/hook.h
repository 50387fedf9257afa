/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hooks tell of a packet: its length, its link, the tag and the merging beside it.
 */
#ifndef WEIR_HOOK_H
#define WEIR_HOOK_H

#include <linux/pkt_cls.h>

#include "count.h"
#include "fragments.h"
#include "merged.h"

/* The verdict "no opinion, go on": TCX_NEXT of Linux 6.6, the same as TC_ACT_UNSPEC. */
#define TC_PASS TC_ACT_UNSPEC

/* At once: half a pointer kept on the stack meanwhile would be refused. */
static __always_inline __u32 xdp_len(const struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;

	return opaque((__u32)(data_end - data));
}

/*
 * The entry of the packet's link, where they are told apart: found first, for a call in the midst
 * of parsing and hashing would put all that they hold in registers by.
 */
static __always_inline const struct link_entry *xdp_link(const struct xdp_md *ctx, bool is_plain)
{
	return has_links(is_plain) ? link_of(ctx->ingress_ifindex) : NULL;
}

static __always_inline const struct link_entry *skb_link(const struct __sk_buff *skb,
							 bool is_plain)
{
	return has_links(is_plain) ? link_of(skb->ifindex) : NULL;
}

/*
 * A packet of a device without Ethernet headers begins with that of the protocol which the kernel
 * takes it for.
 */
static __always_inline int parse_skb(struct cursor *c, const struct __sk_buff *skb,
				     struct packet *p, bool is_ip)
{
	return is_ip ? parse_ethertype(c, (__be16)skb->protocol, p) : parse_ethernet(c, p);
}

static __always_inline struct packet_size skb_size(struct __sk_buff *skb, const struct packet *p)
{
	struct packet_size size = packet_size_single(skb->len);
	__u32 gso_size = skb->gso_size;

	if (unlikely(gso_size)) {
		struct merged_packet merged = { .len = skb->len,
						.wire_len = skb->wire_len,
						.headers_len = p->headers_len,
						.gso_size = gso_size,
						.gso_segs = skb->gso_segs };

		merged_packet_cut(&merged, p->jumbo_len);
		size = packet_size_merged(&merged);
	}
	if (unlikely(skb->vlan_present))
		packet_size_add_tag(&size);
	return size;
}

/* The packet before its parsing: what it is asked. */
static __always_inline struct packet packet_asked(bool is_plain)
{
	return (struct packet){ .wants_ip_len = has_ip_bytes(is_plain),
				.fragment = asked_fragment(is_plain) };
}

/* The packet before its parsing: direction, and the tag that is kept beside it. */
static __always_inline void packet_init_skb(struct packet *p, const struct __sk_buff *skb,
					    __u8 direction)
{
	p->flags = direction;
	if (unlikely(skb->vlan_present)) {
		packet_add_vlan(p, (__u16)skb->vlan_tci);
		p->link_len = 4;
	}
}

#endif
