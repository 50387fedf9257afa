/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What TCP tells beyond the counts of its flow, in the kernel: how the hooks parse and count
 * segments.
 */
#ifndef WEIR_SEGMENTS_H
#define WEIR_SEGMENTS_H

#include "inside.h"
#include "usual_segments.h"

/* The headers through TCP's, if it has them: the cursor notes in in where that is. */
static __always_inline int parse_packet(struct cursor *c, const struct __sk_buff *skb, bool is_ip,
					struct packet *p, struct segment *segment)
{
	struct inward in = {};
	int malformed;

	c->inward = &in;
	malformed = is_ip ? parse_ethertype(c, (__be16)skb->protocol, p) : parse_ethernet(c, p);
	if (p->tcp_flags)
		parse_segment(c, in.left, segment);
	return malformed;
}

/* Global: the verifier checks each once and by itself. */
__noinline int parse_segment_xdp(struct xdp_md *ctx, struct packet *p, struct segment *segment)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_LINEAR, data, data_end);

	if (!p || !segment)
		return 0;
	c.blur = &p->blur;
	return parse_packet(&c, NULL, false, p, segment);
}

__noinline int parse_segment_xdp_frags(struct xdp_md *ctx, struct packet *p,
				       struct segment *segment)
{
	struct cursor c = { .kind = CURSOR_XDP, .context = ctx };

	if (!p || !segment)
		return 0;
	c.blur = &p->blur;
	return parse_packet(&c, NULL, false, p, segment);
}

__noinline int parse_segment_skb(struct __sk_buff *skb, struct packet *p, struct segment *segment,
				 bool is_ip)
{
	struct cursor c = { .kind = CURSOR_SKB, .context = skb };

	if (!p || !segment)
		return 0;
	c.blur = &p->blur;
	return is_ip ? parse_packet(&c, skb, true, p, segment) :
		       parse_packet(&c, skb, false, p, segment);
}

/* The usual headers; PARSE_LEFT_TO_THOROUGH where they are not all there is. */
__noinline int parse_segment_usual(struct __sk_buff *skb, struct packet *p,
				   struct segment *segment, bool is_ip)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	int malformed;

	if (!p || !segment)
		return 0;
	malformed = is_ip ? parse_packet(&c, skb, true, p, segment) :
			    parse_packet(&c, skb, false, p, segment);
	if (unlikely(c.incomplete) || skb_has_more_headers(skb, p))
		return PARSE_LEFT_TO_THOROUGH;
	return malformed;
}

/* False where the usual headers are not all there is. */
static __always_inline bool xdp_segment(struct xdp_md *ctx, struct packet_size size)
{
	const struct link_entry *link = xdp_link(ctx, false);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = packet_asked(false);
	struct segment segment;
	int malformed;

	malformed = parse_packet(&c, NULL, false, &p, &segment);
	if (unlikely(c.incomplete))
		return false;
	segment.name = 0;
	count(&p, malformed, &size, link, false, NULL, NULL, &segment);
	return true;
}

/* By themselves, all: the frame of one is gone where that of another is needed. */
static __noinline bool xdp_segment_linear(struct xdp_md *ctx)
{
	return xdp_segment(ctx, packet_size_single(xdp_len(ctx)));
}

static __noinline bool xdp_segment_frags(struct xdp_md *ctx)
{
	return xdp_segment(ctx, packet_size_single((__u32)bpf_xdp_get_buff_len(ctx)));
}

static __noinline int xdp_segment_thoroughly(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single(xdp_len(ctx));
	struct packet p = packet_asked(false);
	struct segment segment = {};
	int malformed = parse_segment_xdp(ctx, &p, &segment);

	follow_if_fragment(&p, 0);
	count_segment(&p, malformed, &size, xdp_link(ctx, false), &segment);
	return XDP_PASS;
}

static __noinline int xdp_segment_frags_thoroughly(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));
	struct packet p = packet_asked(false);
	struct segment segment = {};
	int malformed = parse_segment_xdp_frags(ctx, &p, &segment);

	follow_if_fragment(&p, 0);
	count_segment(&p, malformed, &size, xdp_link(ctx, false), &segment);
	return XDP_PASS;
}

static __always_inline void skb_segment_begin(struct __sk_buff *skb, __u8 direction,
					      struct packet *p, struct segment *segment)
{
	*p = packet_asked(false);
	*segment = (struct segment){};
	packet_init_skb(p, skb, direction);
}

/* The headers that each packet of a merged one has, those inside a tunnel too; 0: it is none. */
static __noinline __u32 skb_merged_headers(struct __sk_buff *skb, bool is_ip)
{
	struct packet p = {};
	struct inward in = {};

	if (!skb->gso_size)
		return 0;
	parse_inside_skb(skb, &p, &in, is_ip);
	return p.headers_len;
}

static __always_inline int skb_segment(struct __sk_buff *skb, __u8 direction, bool is_ip)
{
	struct packet_size size;
	struct packet p;
	struct segment segment;
	int malformed;

	if (!is_ip && skb_usual(skb, direction))
		return TC_PASS;
	skb_segment_begin(skb, direction, &p, &segment);
	malformed = parse_segment_usual(skb, &p, &segment, is_ip);
	if (unlikely(malformed == PARSE_LEFT_TO_THOROUGH)) {
		__u32 headers_len = skb_merged_headers(skb, is_ip);

		skb_segment_begin(skb, direction, &p, &segment);
		malformed = parse_segment_skb(skb, &p, &segment, is_ip);
		if (headers_len)
			p.headers_len = headers_len;
	}
	follow_if_fragment(&p, 0);
	size = skb_size(skb, &p);
	if (direction == FLOW_OUT)
		count_segment_out(skb, &p, malformed, &size, &segment);
	else
		count_segment(&p, malformed, &size, skb_link(skb, false), &segment);
	return TC_PASS;
}

#endif
