/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a packet enters whose tag may be kept beside it by a driver that tells of it at XDP
 * (Linux 6.8, bpf_xdp_metadata_rx_vlan_tag): programs that are bound to one device each, for the
 * kernel finds the driver's function when they are loaded. They count into the maps of weir.bpf.c.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "thorough.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto,
					__u16 *vlan_tci) __ksym;

/* As flow_key.vlan has it; 0: the packet has none beside it. */
static __always_inline __u16 tag_beside(const struct xdp_md *ctx)
{
	__be16 protocol;
	__u16 tci = 0;

	if (bpf_xdp_metadata_rx_vlan_tag(ctx, &protocol, &tci))
		return 0;
	return VLAN_TAG_PRESENT | (tci & VLAN_TAG_ID);
}

/* The packet before its parsing, and its length; as TC has them of the same packet. */
static __always_inline struct packet packet_begin_tagged(__u16 tag, struct packet_size *size)
{
	struct packet p = packet_asked(false);

	if (tag) {
		packet_add_vlan(&p, tag);
		p.link_len = 4;
		packet_size_add_tag(size);
	}
	return p;
}

static __always_inline struct packet_size tagged_size(struct xdp_md *ctx, bool has_frags)
{
	return packet_size_single(has_frags ? (__u32)bpf_xdp_get_buff_len(ctx) : xdp_len(ctx));
}

static __noinline int count_thoroughly(struct xdp_md *ctx, __u16 tag, bool has_frags)
{
	struct packet_size size = tagged_size(ctx, has_frags);
	struct packet p = packet_begin_tagged(tag, &size);
	int malformed = has_frags ? parse_thoroughly_xdp_frags(ctx, &p) :
				    parse_thoroughly_xdp(ctx, &p);

	follow_if_fragment(&p, 0);
	count_apart(&p, malformed, &size, xdp_link(ctx, false));
	return XDP_PASS;
}

static __always_inline int count_tagged(struct xdp_md *ctx, bool has_frags)
{
	const struct link_entry *link = xdp_link(ctx, false);
	__u16 tag = tag_beside(ctx);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet_size size = tagged_size(ctx, has_frags);
	struct packet p = packet_begin_tagged(tag, &size);
	int malformed = parse_ethernet(&c, &p);

	if (unlikely(c.incomplete))
		return count_thoroughly(ctx, tag, has_frags);
	count(&p, malformed, &size, link, false, NULL, NULL, NULL);
	return XDP_PASS;
}

SEC("xdp")
int count_xdp_tagged(struct xdp_md *ctx)
{
	return count_tagged(ctx, false);
}

SEC("xdp.frags")
int count_frags_tagged(struct xdp_md *ctx)
{
	return count_tagged(ctx, true);
}
