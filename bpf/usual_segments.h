/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The usual segment (usual.h), in the kernel: parsed, counted and followed by a short way of its
 * own, in about six tenths of the time.
 */
#ifndef WEIR_USUAL_SEGMENTS_H
#define WEIR_USUAL_SEGMENTS_H

#include "hook.h"
#include "usual.h"

/* The usual segment, of which the rest of its header is not asked for. */
static __always_inline bool pass_segment(const struct flow_record *record, __u8 tcp_flags,
					 bool is_out, const struct segment_ahead *ahead, __u32 tick)
{
	const struct connection_table table = connection_table();
	__s32 payload = ahead->left - tcp_header_len(ahead->header);

	if (unlikely(tcp_flags & (TCP_FLAG_FIN | TCP_FLAG_SYN | TCP_FLAG_RST)) ||
	    unlikely(!wire16(ahead->header + TCP_WINDOW)) || unlikely(payload < 0) ||
	    unlikely(tcp_header_len(ahead->header) < TCP_HEADER_LEN))
		return false;
	return connection_pass(&table, record->extra.connection, is_out,
			       be32_to_host(wire32(ahead->header + TCP_SEQ)), (__u32)payload, tick);
}

static __always_inline void follow_ahead(struct flow_record *record, const struct packet *p,
					 const struct packet_size *size,
					 const struct segment_ahead *ahead, __u32 tick)
{
	struct segment segment;

	segment_read(ahead, &segment);
	segment.is_out = (p->flags & FLOW_OUT) != 0;
	segment.tick = tick;
	follow_segment(record, size, &segment);
}

/* Counts the usual segment of a flow that is there; false where more has to be done. */
static __always_inline bool count_usual(const struct packet *p, const struct packet_size *size,
					const struct link_entry *link, bool is_plain,
					const struct segment_ahead *ahead)
{
	const struct count_settings *s = count_settings();
	const struct bank_geometry *g = &s->geometry;
	struct section_header *section;
	struct flow_record *record;
	struct flow_key key;
	struct accounted a = { .key = &key, .size = size, .tcp_flags = p->tcp_flags };
	__u64 now;

	if (has_ip_bytes(is_plain)) {
		a.has_extra = a.has_ip_bytes = true;
		a.ip_bytes = ip_bytes_of_packet(size, p->ip_len, p->link_len);
	}
	packet_key(p, &key);
	if (has_links(is_plain)) {
		key.words[4] |= link->word4;
		key.words[5] |= link->word5;
	}
	/* Before the section is asked for: else all that it is made of is put by over the calls. */
	a.hash = opaque(flow_hash(&key, &s->seed));
	section = current_section(g, a.hash);
	if (!section)
		return false;
	record = (struct flow_record *)slot_find_usual(section, g, &a);
	if (unlikely(!record))
		return false;
	account_size(section, size);
	now = bpf_jiffies64();
	a.now_ms = slot_time_of_ticks(section->begin_ticks, now, s->tick_scaled);
	slot_add(&record->slot, &a);
	if (unlikely(!pass_segment(record, p->tcp_flags, p->flags & FLOW_OUT, ahead, (__u32)now)))
		follow_ahead(record, p, size, ahead, (__u32)now);
	return true;
}

/* A frame at a hook: its linear part, and all of its length. */
struct hook_frame {
	const __u8 *data;
	const __u8 *end;
	struct packet_size size;
	const struct link_entry *link;
	bool is_whole; /* the linear part is all of it */
};

/* False where it is no usual segment. */
static __always_inline bool frame_usual(const struct hook_frame *frame, bool is_ipv6,
					bool is_plain, __u8 direction)
{
	struct packet p = packet_asked(is_plain);
	struct segment_ahead ahead;

	if (has_links(is_plain) && !frame->link)
		return false;
	p.flags = direction;
	return parse_usual_segment(frame->data, frame->end, frame->is_whole, is_ipv6, &p,
				   &ahead) &&
	       count_usual(&p, &frame->size, frame->link, is_plain, &ahead);
}

static __always_inline bool xdp_frame_usual(struct xdp_md *ctx, bool is_ipv6, bool is_plain,
					    bool has_frags)
{
	const struct hook_frame frame = {
		.link = xdp_link(ctx, is_plain),
		.size = packet_size_single(has_frags ? (__u32)bpf_xdp_get_buff_len(ctx) : xdp_len(ctx)),
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.is_whole = !has_frags,
	};

	return frame_usual(&frame, is_ipv6, is_plain, 0);
}

static __always_inline bool skb_frame_usual(struct __sk_buff *skb, bool is_ipv6, bool is_plain,
					    __u8 direction)
{
	const struct hook_frame frame = {
		.link = skb_link(skb, is_plain),
		.size = packet_size_single(skb->len),
		.data = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end,
	};

	return frame_usual(&frame, is_ipv6, is_plain, direction);
}

/* A way for each of IP's versions, and the plain one beside that with all: by itself, as below. */
#define USUAL_WAY(name, hook_context, count)           \
	static __noinline bool name(hook_context *ctx) \
	{                                              \
		return count;                          \
	}

#define USUAL_WAYS(name, hook_context, count, last)                                      \
	USUAL_WAY(name##4, hook_context, count(ctx, false, true, last))                  \
	USUAL_WAY(name##6, hook_context, count(ctx, true, true, last))                   \
	USUAL_WAY(name##4_more, hook_context, count(ctx, false, false, last))            \
	USUAL_WAY(name##6_more, hook_context, count(ctx, true, false, last))             \
	static __always_inline bool name(hook_context *ctx, const __u8 *data)            \
	{                                                                                \
		if (is_usual_ipv4(data))                                                 \
			return settings_are_plain() ? name##4(ctx) : name##4_more(ctx);  \
		return is_usual_ipv6(data) &&                                            \
		       (settings_are_plain() ? name##6(ctx) : name##6_more(ctx));        \
	}

static __always_inline bool settings_are_plain(void)
{
	return !count_settings()->has_links && !count_settings()->has_ip_bytes;
}

USUAL_WAYS(xdp_usual_segment, struct xdp_md, xdp_frame_usual, false)
USUAL_WAYS(xdp_frags_usual_segment, struct xdp_md, xdp_frame_usual, true)
USUAL_WAYS(skb_usual_in, struct __sk_buff, skb_frame_usual, 0)
USUAL_WAYS(skb_usual_out, struct __sk_buff, skb_frame_usual, FLOW_OUT)

/* Whether the settings leave the usual segment to this. */
static __always_inline bool settings_have_usual(void)
{
	const struct count_settings *s = count_settings();

	return !s->reduce_keys && !s->has_owners && !s->claim_sections;
}

/* False where it is something else: what is surely not goes by without a call. */
static __always_inline bool xdp_usual(struct xdp_md *ctx, bool has_frags)
{
	const __u8 *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;

	if (!settings_have_usual() || data + USUAL_FRAME_MIN > data_end)
		return false;
	return has_frags ? xdp_frags_usual_segment(ctx, data) : xdp_usual_segment(ctx, data);
}

static __always_inline bool skb_usual(struct __sk_buff *skb, __u8 direction)
{
	const __u8 *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;

	if (!settings_have_usual() || skb->gso_size || skb->vlan_present ||
	    data + USUAL_FRAME_MIN > data_end)
		return false;
	return direction == FLOW_OUT ? skb_usual_out(skb, data) : skb_usual_in(skb, data);
}

#endif
