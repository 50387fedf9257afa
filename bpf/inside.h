/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets inside others (inward.h), in the kernel: the parsers of each hook. They are global
 * functions, which the verifier checks once and by itself, a level of nesting each.
 */
#ifndef WEIR_INSIDE_H
#define WEIR_INSIDE_H

#include "hook.h"

static __always_inline struct cursor cursor_inside(enum cursor_kind kind, void *context,
						   struct packet *p, struct inward *in)
{
	return (struct cursor){ .kind = kind, .context = context, .blur = &p->blur,
				.offset = in->offset, .inward = in };
}

__noinline int parse_outside_xdp(struct xdp_md *ctx, struct packet *p, struct inward *in)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_LINEAR, data, data_end);

	if (!p || !in)
		return 0;
	c.blur = &p->blur;
	c.inward = in;
	return parse_ethernet(&c, p);
}

__noinline int enter_xdp(struct xdp_md *ctx, struct packet *p, struct inward *in)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_LINEAR, data, data_end);

	if (!p || !in)
		return 0;
	c.blur = &p->blur;
	c.inward = in;
	c.offset = in->offset;
	return inward_level(&c, p, in);
}

/* A parser at a hook: over the packet from where it is inside, if there is one to fill in. */
#define INSIDE_PARSER(name, hook_context, kind, parse)                              \
	__noinline int name(hook_context *ctx, struct packet *p, struct inward *in) \
	{                                                                           \
		struct cursor c;                                                    \
                                                                                    \
		if (!p || !in)                                                      \
			return 0;                                                   \
		c = cursor_inside(kind, ctx, p, in);                                \
		return parse;                                                       \
	}

INSIDE_PARSER(parse_outside_xdp_frags, struct xdp_md, CURSOR_XDP, parse_ethernet(&c, p))
INSIDE_PARSER(enter_xdp_frags, struct xdp_md, CURSOR_XDP, inward_level(&c, p, in))
INSIDE_PARSER(parse_outside_skb, struct __sk_buff, CURSOR_SKB, parse_skb(&c, ctx, p, false))
INSIDE_PARSER(parse_outside_ip, struct __sk_buff, CURSOR_SKB, parse_skb(&c, ctx, p, true))
INSIDE_PARSER(enter_skb, struct __sk_buff, CURSOR_SKB, inward_level(&c, p, in))

/* Of a merged packet, for struct inward; else 0. */
static __always_inline __u32 skb_merged_len(const struct __sk_buff *skb)
{
	return unlikely(skb->gso_size) ? skb->len : 0;
}

/* Whether it is a merged packet whose parts have headers that were not parsed. */
static __always_inline bool skb_has_more_headers(const struct __sk_buff *skb,
						 const struct packet *p)
{
	return unlikely(skb->gso_size) && packet_may_hold_another(p);
}

/* As far inward as it goes; malformed is what the packet is outside. */
static __always_inline int parse_inside_skb(struct __sk_buff *skb, struct packet *p,
					    struct inward *in, bool is_ip)
{
	int malformed, i;

	in->frame_len = skb_merged_len(skb);
	malformed = is_ip ? parse_outside_ip(skb, p, in) : parse_outside_skb(skb, p, in);

	for (i = 0; i < INWARD_LEVELS_MAX && !malformed; i++) {
		if (!enter_skb(skb, p, in))
			break;
	}
	return malformed;
}

static __always_inline int parse_inside_xdp(struct xdp_md *ctx, struct packet *p,
					    struct inward *in, bool has_frags)
{
	int malformed = has_frags ? parse_outside_xdp_frags(ctx, p, in) :
				    parse_outside_xdp(ctx, p, in);
	int i;

	for (i = 0; i < INWARD_LEVELS_MAX && !malformed; i++) {
		if (!(has_frags ? enter_xdp_frags(ctx, p, in) : enter_xdp(ctx, p, in)))
			break;
	}
	return malformed;
}

/* A packet whose usual headers were parsed: false where that is left to a thorough parser. */
static __always_inline bool parse_inside_fast(struct cursor *c, struct packet *p,
					      struct inward *in)
{
	if (!packet_may_hold_another(p))
		return true;
	if (!inward_level(c, p, in))
		return !c->incomplete;
	return !c->incomplete && !packet_may_hold_another(p);
}

#define PARSE_LEFT_TO_THOROUGH (-1)

/*
 * The usual headers, as packet_begin leaves p and in. Apart from what counts, and global: together
 * they are more than the verifier looks at.
 */
static __always_inline int parse_usual(struct cursor *c, struct packet *p, struct inward *in)
{
	int malformed;

	c->inward = in;
	malformed = parse_ethernet(c, p);
	if (unlikely(c->incomplete) || (!malformed && !parse_inside_fast(c, p, in)))
		return PARSE_LEFT_TO_THOROUGH;
	return malformed;
}

__noinline int parse_usual_xdp(struct xdp_md *ctx, struct packet *p, struct inward *in)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);

	return p && in ? parse_usual(&c, p, in) : 0;
}

__noinline int parse_usual_xdp_frags(struct xdp_md *ctx, struct packet *p, struct inward *in)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);

	return p && in ? parse_usual(&c, p, in) : 0;
}

static __always_inline void packet_begin(struct packet *p, struct inward *in)
{
	*p = packet_asked(false);
	*in = (struct inward){};
}

/* How far inward a packet was parsed; then its segment, in the same place: the stack is short. */
union further {
	struct inward in;
	struct segment segment;
};

/* The segment of a packet that was parsed as far inward as it goes. */
static __always_inline void segment_inside(struct cursor *c, union further *further)
{
	__s32 left = further->in.left;
	__u64 tunnel = further->in.tunnel;

	c->offset = further->in.offset;
	/* What is there is read before it is written over. */
	asm volatile("" : "+r"(left), "+r"(tunnel) : : "memory");
	further->segment = (struct segment){ .tunnel = tunnel };
	parse_segment(c, left, &further->segment);
}

__noinline int segment_inside_xdp(struct xdp_md *ctx, union further *further)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_LINEAR, data, data_end);

	if (further)
		segment_inside(&c, further);
	return 0;
}

__noinline int segment_inside_xdp_frags(struct xdp_md *ctx, union further *further)
{
	struct cursor c = { .kind = CURSOR_XDP, .context = ctx };

	if (further)
		segment_inside(&c, further);
	return 0;
}

__noinline int segment_inside_skb(struct __sk_buff *skb, union further *further)
{
	struct cursor c = { .kind = CURSOR_SKB, .context = skb };

	if (further)
		segment_inside(&c, further);
	return 0;
}

static __always_inline int xdp_tunnels(struct xdp_md *ctx, bool has_frags)
{
	struct packet_size size = packet_size_single(has_frags ?
						     (__u32)bpf_xdp_get_buff_len(ctx) :
						     xdp_len(ctx));
	struct packet p;
	union further further;
	int malformed;

	packet_begin(&p, &further.in);
	malformed = has_frags ? parse_usual_xdp_frags(ctx, &p, &further.in) :
				parse_usual_xdp(ctx, &p, &further.in);
	if (unlikely(malformed == PARSE_LEFT_TO_THOROUGH)) {
		packet_begin(&p, &further.in);
		malformed = parse_inside_xdp(ctx, &p, &further.in, has_frags);
	}
	follow_if_fragment(&p, further.in.tunnel);
	if (!has_tcp()) {
		count_inside(&p, malformed, &size, xdp_link(ctx, false), further.in.tunnel);
		return XDP_PASS;
	}
	if (has_frags)
		segment_inside_xdp_frags(ctx, &further);
	else
		segment_inside_xdp(ctx, &further);
	count_segment_inside(&p, malformed, &size, xdp_link(ctx, false), &further.segment);
	return XDP_PASS;
}

static __always_inline void count_segment_skb(struct __sk_buff *skb, __u8 direction,
					      const struct packet *p, int malformed,
					      union further *further)
{
	struct packet_size size = skb_size(skb, p);

	segment_inside_skb(skb, further);
	if (direction == FLOW_OUT)
		count_segment_inside_out(skb, p, malformed, &size, &further->segment);
	else
		count_segment_inside(p, malformed, &size, skb_link(skb, false),
				     &further->segment);
}

static __always_inline void count_inside_skb(struct __sk_buff *skb, __u8 direction,
					     const struct packet *p, int malformed,
					     const struct inward *in)
{
	struct packet_size size = skb_size(skb, p);

	if (direction == FLOW_OUT)
		count_inside_out(skb, p, malformed, &size, in->tunnel);
	else
		count_inside(p, malformed, &size, skb_link(skb, false), in->tunnel);
}

__noinline int parse_usual_skb(struct __sk_buff *skb, struct packet *p, struct inward *in)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);

	if (!p || !in)
		return 0;
	in->frame_len = skb_merged_len(skb);
	return parse_usual(&c, p, in);
}

static __always_inline int skb_tunnels(struct __sk_buff *skb, __u8 direction, bool is_ip)
{
	struct packet p;
	union further further;
	int malformed = PARSE_LEFT_TO_THOROUGH;

	packet_begin(&p, &further.in);
	packet_init_skb(&p, skb, direction);
	if (!is_ip)
		malformed = parse_usual_skb(skb, &p, &further.in);
	if (malformed == PARSE_LEFT_TO_THOROUGH) {
		packet_begin(&p, &further.in);
		packet_init_skb(&p, skb, direction);
		malformed = parse_inside_skb(skb, &p, &further.in, is_ip);
	}
	follow_if_fragment(&p, further.in.tunnel);
	if (has_tcp())
		count_segment_skb(skb, direction, &p, malformed, &further);
	else
		count_inside_skb(skb, direction, &p, malformed, &further.in);
	return TC_PASS;
}

#endif
