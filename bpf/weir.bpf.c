/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a packet enters: the programs at the XDP and TC hooks. Each ends in the pass verdict,
 * whatever happens: an observer does not change traffic.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "count.h"
#include "merged.h"

/* The verdict "no opinion, go on": TCX_NEXT of Linux 6.6, the same as TC_ACT_UNSPEC. */
#define TC_PASS TC_ACT_UNSPEC

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Where a filter sends what it accepted and what it rejected (user/filter/filter.h). */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} xdp_targets SEC(".maps"), xdp_frags_targets SEC(".maps"), tc_ingress_targets SEC(".maps"),
	tc_egress_targets SEC(".maps"), ip_ingress_targets SEC(".maps"),
	ip_egress_targets SEC(".maps");

__u64 clock_ticks;

/* Run by the agent to learn what the programs take as the time. */
SEC("xdp")
int read_clock(struct xdp_md *ctx)
{
	clock_ticks = bpf_jiffies64();
	return XDP_PASS;
}

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
 * Packets whose headers the fast parser did not see through are parsed again. The parsers are
 * global functions: the verifier checks each once, by itself.
 */
__noinline int parse_thoroughly_xdp(struct xdp_md *ctx, struct packet *p)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_LINEAR, data, data_end);

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_ethernet(&c, p);
}

__noinline int parse_thoroughly_xdp_frags(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c = { .kind = CURSOR_XDP, .context = ctx };

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_ethernet(&c, p);
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

__noinline int parse_thoroughly_skb(struct __sk_buff *skb, struct packet *p)
{
	struct cursor c = { .kind = CURSOR_SKB, .context = skb };

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_skb(&c, skb, p, false);
}

__noinline int parse_thoroughly_ip(struct __sk_buff *skb, struct packet *p)
{
	struct cursor c = { .kind = CURSOR_SKB, .context = skb };

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_skb(&c, skb, p, true);
}

static __noinline int count_thoroughly_xdp(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single(xdp_len(ctx));
	struct packet p = { .wants_window = has_extra(false),
			    .wants_ip_len = has_ip_bytes(false) };

	count_apart(&p, parse_thoroughly_xdp(ctx, &p), &size, xdp_link(ctx, false));
	return XDP_PASS;
}

static __always_inline int xdp_count(struct xdp_md *ctx, bool is_plain)
{
	const struct link_entry *link = xdp_link(ctx, is_plain);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct packet_size size = packet_size_single((__u32)(data_end - data));
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = {};
	int malformed;

	p.wants_window = has_extra(is_plain);
	p.wants_ip_len = has_ip_bytes(is_plain);
	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_xdp(ctx);
	count(&p, malformed, &size, link, is_plain, NULL);
	return XDP_PASS;
}

SEC("xdp")
int count_xdp(struct xdp_md *ctx)
{
	return xdp_count(ctx, true);
}

SEC("xdp")
int count_xdp_more(struct xdp_md *ctx)
{
	return xdp_count(ctx, false);
}

static __noinline int count_thoroughly_xdp_frags(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));
	struct packet p = { .wants_window = has_extra(false),
			    .wants_ip_len = has_ip_bytes(false) };

	count_apart(&p, parse_thoroughly_xdp_frags(ctx, &p), &size, xdp_link(ctx, false));
	return XDP_PASS;
}

/* For MTUs that need packets in several buffers (kernel 5.18). */
static __always_inline int xdp_frags_count(struct xdp_md *ctx, bool is_plain)
{
	const struct link_entry *link = xdp_link(ctx, is_plain);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = {};
	int malformed;

	p.wants_window = has_extra(is_plain);
	p.wants_ip_len = has_ip_bytes(is_plain);
	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_xdp_frags(ctx);
	count(&p, malformed, &size, link, is_plain, NULL);
	return XDP_PASS;
}

SEC("xdp.frags")
int count_xdp_frags(struct xdp_md *ctx)
{
	return xdp_frags_count(ctx, true);
}

SEC("xdp.frags")
int count_xdp_frags_more(struct xdp_md *ctx)
{
	return xdp_frags_count(ctx, false);
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

static __noinline int count_thoroughly_skb(struct __sk_buff *skb, __u8 direction, bool is_ip)
{
	struct packet_size size;
	struct packet p = { .wants_window = has_extra(false),
			    .wants_ip_len = has_ip_bytes(false) };
	int malformed;

	packet_init_skb(&p, skb, direction);
	malformed = is_ip ? parse_thoroughly_ip(skb, &p) : parse_thoroughly_skb(skb, &p);
	size = skb_size(skb, &p);
	if (direction == FLOW_OUT)
		count_apart_out(skb, &p, malformed, &size, skb_link(skb, false));
	else
		count_apart(&p, malformed, &size, skb_link(skb, false));
	return TC_PASS;
}

static __always_inline int skb_count(struct __sk_buff *skb, __u8 direction, bool is_plain,
				     bool is_ip)
{
	const struct link_entry *link = skb_link(skb, is_plain);
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet_size size;
	struct packet p = {};
	int malformed;

	packet_init_skb(&p, skb, direction);
	p.wants_window = has_extra(is_plain);
	p.wants_ip_len = has_ip_bytes(is_plain);
	malformed = parse_skb(&c, skb, &p, is_ip);
	if (unlikely(c.incomplete))
		return count_thoroughly_skb(skb, direction, is_ip);
	size = skb_size(skb, &p);
	if (is_plain)
		count(&p, malformed, &size, link, true, NULL);
	else if (direction == FLOW_OUT)
		count_apart_out(skb, &p, malformed, &size, link);
	else
		count_apart(&p, malformed, &size, link);
	return TC_PASS;
}

SEC("tc")
int count_tc_ingress(struct __sk_buff *skb)
{
	return skb_count(skb, 0, true, false);
}

SEC("tc")
int count_tc_ingress_more(struct __sk_buff *skb)
{
	return skb_count(skb, 0, false, false);
}

SEC("tc")
int count_tc_egress(struct __sk_buff *skb)
{
	return skb_count(skb, FLOW_OUT, true, false);
}

SEC("tc")
int count_tc_egress_more(struct __sk_buff *skb)
{
	return skb_count(skb, FLOW_OUT, false, false);
}

SEC("tc")
int count_ip_ingress(struct __sk_buff *skb)
{
	return skb_count(skb, 0, false, true);
}

SEC("tc")
int count_ip_egress(struct __sk_buff *skb)
{
	return skb_count(skb, FLOW_OUT, false, true);
}

/* What a filter rejected ends in these. */
SEC("xdp")
int filtered_xdp(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single(xdp_len(ctx));

	count_filtered(&size, xdp_link(ctx, false), false);
	return XDP_PASS;
}

SEC("xdp.frags")
int filtered_xdp_frags(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));

	count_filtered(&size, xdp_link(ctx, false), false);
	return XDP_PASS;
}

/* A merged packet is parsed to know how long the headers are that each of its packets has. */
static __always_inline int filtered_skb(struct __sk_buff *skb, bool is_out, bool is_ip)
{
	struct packet p = {};
	struct packet_size size;

	if (unlikely(skb->gso_size)) {
		packet_init_skb(&p, skb, 0);
		if (is_ip)
			parse_thoroughly_ip(skb, &p);
		else
			parse_thoroughly_skb(skb, &p);
	}
	size = skb_size(skb, &p);
	count_filtered(&size, skb_link(skb, false), is_out);
	return TC_PASS;
}

SEC("tc")
int filtered_tc_ingress(struct __sk_buff *skb)
{
	return filtered_skb(skb, false, false);
}

SEC("tc")
int filtered_tc_egress(struct __sk_buff *skb)
{
	return filtered_skb(skb, true, false);
}

SEC("tc")
int filtered_ip_ingress(struct __sk_buff *skb)
{
	return filtered_skb(skb, false, true);
}

SEC("tc")
int filtered_ip_egress(struct __sk_buff *skb)
{
	return filtered_skb(skb, true, true);
}
