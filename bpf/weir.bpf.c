/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a packet enters: the programs at the XDP and TC hooks. Each ends in the pass verdict,
 * whatever happens: an observer does not change traffic.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "account.h"
#include "merged.h"
#include "parse.h"
#include "settings.h"

/* The verdict "no opinion, go on": TCX_NEXT of Linux 6.6, the same as TC_ACT_UNSPEC. */
#define TC_PASS TC_ACT_UNSPEC

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The bank being counted into; the agent swaps it once a pane. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} banks SEC(".maps");

const volatile struct count_settings settings;

/* Where a filter sends what it accepted and what it rejected (user/filter/filter.h). */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} xdp_targets SEC(".maps"), xdp_frags_targets SEC(".maps"), tc_ingress_targets SEC(".maps"),
	tc_egress_targets SEC(".maps");

__u64 clock_ticks;

/* Run by the agent to learn what the programs take as the time. */
SEC("xdp")
int read_clock(struct xdp_md *ctx)
{
	clock_ticks = bpf_jiffies64();
	return XDP_PASS;
}

/* The settings as constants that the verifier knows but the compiler cannot fold to zero. */
static __always_inline const struct count_settings *count_settings(void)
{
	const struct count_settings *s = (const struct count_settings *)&settings;

	asm volatile("" : "+r"(s));
	return s;
}

/* The section of this CPU that the hash chooses. */
static __always_inline struct section_header *current_section(const struct bank_geometry *g,
							      __u32 hash)
{
	__u32 zero = 0, index;
	void *bank = bpf_map_lookup_elem(&banks, &zero);

	if (!bank)
		return NULL;
	index = bpf_get_smp_processor_id() * g->sections_per_cpu;
	index += (hash / SECTION_SLOTS_MAX) & (g->sections_per_cpu - 1);
	return bpf_map_lookup_elem(bank, &index);
}

/*
 * On PREEMPT_RT a program may find the section in use by one that it interrupted: it then
 * counts its packet aside, atomically, and returns false.
 */
static __always_inline bool section_claim(struct section_header *section,
					  const struct packet_size *size)
{
	if (likely(!count_settings()->claim_sections))
		return true;
	if (__sync_lock_test_and_set(&section->claimed, 1) == 0)
		return true;
	__sync_fetch_and_add(&section->contended.packets, size->packets);
	__sync_fetch_and_add(&section->contended.bytes, size->bytes);
	return false;
}

static __always_inline void section_release(struct section_header *section)
{
	if (unlikely(count_settings()->claim_sections))
		__sync_lock_test_and_set(&section->claimed, 0);
}

static __always_inline void count_filtered(const struct packet_size *size)
{
	struct section_header *section = current_section(&count_settings()->geometry, 0);

	if (!section || !section_claim(section, size))
		return;
	account_filtered(section, size);
	section_release(section);
}

static __always_inline void count_malformed(const struct packet_size *size, int malformed)
{
	struct section_header *section = current_section(&count_settings()->geometry, 0);

	if (!section || !section_claim(section, size))
		return;
	account_malformed(section, size, (__u32)malformed - 1);
	section_release(section);
}

static __always_inline void count_flow(struct packet *p, const struct packet_size *size)
{
	const struct count_settings *s = count_settings();
	struct flow_key key;
	struct accounted a = { .key = &key, .size = size, .tcp_flags = p->tcp_flags,
			       .marks = p->marks };
	struct section_header *section;

	p->flags |= (__u8)(s->link_number << FLOW_LINK_SHIFT);
	packet_key(p, &key);
	if (s->reduce_keys)
		flow_key_reduce(&key, &s->group);
	a.hash = flow_hash(&key, &s->seed);
	section = current_section(&s->geometry, a.hash);
	if (!section || !section_claim(section, size))
		return;
	a.now_ms = ticks_to_ms(section->begin_ticks, bpf_jiffies64(), s->tick_scaled);
	account_flow(section, &s->geometry, &a);
	section_release(section);
}

static __always_inline void count(struct packet *p, int malformed, const struct packet_size *size)
{
	if (unlikely(malformed))
		count_malformed(size, malformed);
	else
		count_flow(p, size);
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

__noinline int parse_thoroughly_skb(struct __sk_buff *skb, struct packet *p)
{
	struct cursor c = { .kind = CURSOR_SKB, .context = skb };

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_ethernet(&c, p);
}

static __noinline int count_thoroughly_xdp(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)(ctx->data_end - ctx->data));
	struct packet p = {};

	count(&p, parse_thoroughly_xdp(ctx, &p), &size);
	return XDP_PASS;
}

SEC("xdp")
int count_xdp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct packet_size size = packet_size_single((__u32)(data_end - data));
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = {};
	int malformed = parse_ethernet(&c, &p);

	if (unlikely(c.incomplete))
		return count_thoroughly_xdp(ctx);
	count(&p, malformed, &size);
	return XDP_PASS;
}

static __noinline int count_thoroughly_xdp_frags(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));
	struct packet p = {};

	count(&p, parse_thoroughly_xdp_frags(ctx, &p), &size);
	return XDP_PASS;
}

/* For MTUs that need packets in several buffers (kernel 5.18). */
SEC("xdp.frags")
int count_xdp_frags(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet p = {};
	int malformed = parse_ethernet(&c, &p);

	if (unlikely(c.incomplete))
		return count_thoroughly_xdp_frags(ctx);
	count(&p, malformed, &size);
	return XDP_PASS;
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
	if (unlikely(skb->vlan_present))
		packet_add_vlan(p, (__u16)skb->vlan_tci);
}

static __noinline int count_thoroughly_skb(struct __sk_buff *skb, __u8 direction)
{
	struct packet_size size;
	struct packet p = {};
	int malformed;

	packet_init_skb(&p, skb, direction);
	malformed = parse_thoroughly_skb(skb, &p);
	size = skb_size(skb, &p);
	count(&p, malformed, &size);
	return TC_PASS;
}

static __always_inline int count_skb(struct __sk_buff *skb, __u8 direction)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet_size size;
	struct packet p = {};
	int malformed;

	packet_init_skb(&p, skb, direction);
	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_skb(skb, direction);
	size = skb_size(skb, &p);
	count(&p, malformed, &size);
	return TC_PASS;
}

SEC("tc")
int count_tc_ingress(struct __sk_buff *skb)
{
	return count_skb(skb, 0);
}

SEC("tc")
int count_tc_egress(struct __sk_buff *skb)
{
	return count_skb(skb, FLOW_OUT);
}

/* What a filter rejected ends in these. */
SEC("xdp")
int filtered_xdp(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)(ctx->data_end - ctx->data));

	count_filtered(&size);
	return XDP_PASS;
}

SEC("xdp.frags")
int filtered_xdp_frags(struct xdp_md *ctx)
{
	struct packet_size size = packet_size_single((__u32)bpf_xdp_get_buff_len(ctx));

	count_filtered(&size);
	return XDP_PASS;
}

/* A merged packet is parsed to know how long the headers are that each of its packets has. */
SEC("tc")
int filtered_tc(struct __sk_buff *skb)
{
	struct packet p = {};
	struct packet_size size;

	if (unlikely(skb->gso_size)) {
		packet_init_skb(&p, skb, 0);
		parse_thoroughly_skb(skb, &p);
	}
	size = skb_size(skb, &p);
	count_filtered(&size);
	return TC_PASS;
}
