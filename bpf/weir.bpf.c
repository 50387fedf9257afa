/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a packet enters: the programs at the XDP and TC hooks. Each ends in the pass verdict,
 * whatever happens: an observer does not change traffic.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "segments.h"
#include "thorough.h"

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

/* The same as thorough.h, at TC. */
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
	struct packet p = packet_asked(false);
	int malformed = parse_thoroughly_xdp(ctx, &p);

	follow_if_fragment(&p, 0);
	count_apart(&p, malformed, &size, xdp_link(ctx, false));
	return XDP_PASS;
}

static __always_inline int xdp_count(struct xdp_md *ctx, bool is_plain)
{
	const struct link_entry *link = xdp_link(ctx, is_plain);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct packet_size size = packet_size_single((__u32)(data_end - data));
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = packet_asked(is_plain);
	int malformed;

	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_xdp(ctx);
	count(&p, malformed, &size, link, is_plain, NULL, NULL, NULL);
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
	struct packet p = packet_asked(false);
	int malformed = parse_thoroughly_xdp_frags(ctx, &p);

	follow_if_fragment(&p, 0);
	count_apart(&p, malformed, &size, xdp_link(ctx, false));
	return XDP_PASS;
}

/* For MTUs that need packets in several buffers (kernel 5.18). */
static __always_inline int xdp_frags_count(struct xdp_md *ctx, bool is_plain)
{
	const struct link_entry *link = xdp_link(ctx, is_plain);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = packet_asked(is_plain);
	int malformed;

	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_xdp_frags(ctx);
	count(&p, malformed, &size, link, is_plain, NULL, NULL, NULL);
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

/*
 * The headers that each packet of a merged one has, those inside a tunnel too: p and in are what is
 * in there then.
 */
static __always_inline __u32 merged_headers_len(struct __sk_buff *skb, struct packet *p,
						struct inward *in, bool is_ip)
{
	parse_inside_skb(skb, p, in, is_ip);
	return p->headers_len;
}

static __noinline int count_thoroughly_skb(struct __sk_buff *skb, __u8 direction, bool is_ip)
{
	struct packet_size size;
	struct packet p = packet_asked(false);
	__u32 headers_len = 0;
	int malformed;

	if (skb->gso_size) {
		struct inward in = {};

		headers_len = merged_headers_len(skb, &p, &in, is_ip);
		p = packet_asked(false);
	}
	packet_init_skb(&p, skb, direction);
	malformed = is_ip ? parse_thoroughly_ip(skb, &p) : parse_thoroughly_skb(skb, &p);
	if (headers_len)
		p.headers_len = headers_len;
	follow_if_fragment(&p, 0);
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
	struct packet p = { .fragment = asked_fragment(is_plain) };
	int malformed;

	packet_init_skb(&p, skb, direction);
	p.wants_ip_len = has_ip_bytes(is_plain);
	malformed = parse_skb(&c, skb, &p, is_ip);
	if (unlikely(c.incomplete) || skb_has_more_headers(skb, &p))
		return count_thoroughly_skb(skb, direction, is_ip);
	size = skb_size(skb, &p);
	if (is_plain)
		count(&p, malformed, &size, link, true, NULL, NULL, NULL);
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

/* The same where what TCP tells is asked for, for which records have two lines. */
SEC("xdp")
int count_xdp_tcp(struct xdp_md *ctx)
{
	if (xdp_usual(ctx, false))
		return XDP_PASS;
	if (unlikely(!xdp_segment_linear(ctx)))
		xdp_segment_thoroughly(ctx);
	return XDP_PASS;
}

SEC("xdp.frags")
int count_xdp_frags_tcp(struct xdp_md *ctx)
{
	if (xdp_usual(ctx, true))
		return XDP_PASS;
	if (unlikely(!xdp_segment_frags(ctx)))
		xdp_segment_frags_thoroughly(ctx);
	return XDP_PASS;
}

SEC("tc")
int count_tc_ingress_tcp(struct __sk_buff *skb)
{
	return skb_segment(skb, 0, false);
}

SEC("tc")
int count_tc_egress_tcp(struct __sk_buff *skb)
{
	return skb_segment(skb, FLOW_OUT, false);
}

SEC("tc")
int count_ip_ingress_tcp(struct __sk_buff *skb)
{
	return skb_segment(skb, 0, true);
}

SEC("tc")
int count_ip_egress_tcp(struct __sk_buff *skb)
{
	return skb_segment(skb, FLOW_OUT, true);
}

/* The same of the flows in tunnels, for which records have two lines: the settings say so. */
SEC("xdp")
int count_xdp_tunnels(struct xdp_md *ctx)
{
	return xdp_tunnels(ctx, false);
}

SEC("xdp.frags")
int count_xdp_frags_tunnels(struct xdp_md *ctx)
{
	return xdp_tunnels(ctx, true);
}

SEC("tc")
int count_tc_ingress_tunnels(struct __sk_buff *skb)
{
	return skb_tunnels(skb, 0, false);
}

SEC("tc")
int count_tc_egress_tunnels(struct __sk_buff *skb)
{
	return skb_tunnels(skb, FLOW_OUT, false);
}

SEC("tc")
int count_ip_ingress_tunnels(struct __sk_buff *skb)
{
	return skb_tunnels(skb, 0, true);
}

SEC("tc")
int count_ip_egress_tunnels(struct __sk_buff *skb)
{
	return skb_tunnels(skb, FLOW_OUT, true);
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
		struct inward in = {};

		packet_init_skb(&p, skb, 0);
		merged_headers_len(skb, &p, &in, is_ip);
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
