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

/*
 * The links by interface index: in an array, whose lookup is all but free, up to an index that is
 * set before load; interfaces of greater ones, which few hosts have, in a hash.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct link_entry);
} links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FLOW_LINKS_MAX);
	__type(key, __u32);
	__type(value, struct link_entry);
} far_links SEC(".maps");

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

/*
 * Each way to count comes twice: plain, for one link, and with all that may be asked for besides,
 * which the settings tell. What is never run still takes registers from what is: 3 of 15 ns here.
 */
static __always_inline bool has_links(bool is_plain)
{
	return !is_plain && count_settings()->has_links;
}

static __always_inline bool has_extra(bool is_plain)
{
	return !is_plain && count_settings()->has_extra;
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

/* Of an interface: its entry; NULL where nobody has told its number. */
static __always_inline const struct link_entry *link_of(__u32 ifindex)
{
	const struct link_entry *entry = bpf_map_lookup_elem(&links, &ifindex);

	if (unlikely(!entry))
		entry = bpf_map_lookup_elem(&far_links, &ifindex);
	return entry && entry->is_known ? entry : NULL;
}

/*
 * On PREEMPT_RT a program may find the section in use by one that it interrupted: it then
 * counts its packet aside, atomically, and returns false.
 */
static __always_inline bool section_claim(const struct tallied *t, const struct packet_size *size)
{
	struct tally *contended;

	if (likely(!count_settings()->claim_sections))
		return true;
	if (__sync_lock_test_and_set(&t->section->claimed, 1) == 0)
		return true;
	contended = &section_tally(t)->contended;
	__sync_fetch_and_add(&contended->packets, size->packets);
	__sync_fetch_and_add(&contended->bytes, size->bytes);
	return false;
}

static __always_inline void section_release(struct section_header *section)
{
	if (unlikely(count_settings()->claim_sections))
		__sync_lock_test_and_set(&section->claimed, 0);
}

/* What is not counted to a flow is counted in the CPU's first section. */
static __always_inline bool tallied_claim(struct tallied *t, __u32 index,
					  const struct packet_size *size)
{
	t->g = &count_settings()->geometry;
	t->section = current_section(t->g, 0);
	t->index = index;
	return t->section && section_claim(t, size);
}

static __always_inline void count_filtered(const struct packet_size *size,
					   const struct link_entry *link, bool is_out)
{
	struct tallied t;

	if (!tallied_claim(&t, link_tally_index(link ? link->number : 0, is_out), size))
		return;
	account_filtered(&t, size);
	section_release(t.section);
}

/*
 * What is rare is counted out of line, so that the usual path has the registers: what the size is
 * goes by value, for that keeps it in registers there.
 */
static __noinline void count_malformed(__u32 packets, __u32 bytes, __u32 max_len, __u32 min_len,
				       __u32 reason_and_index)
{
	struct packet_size size = { packets, bytes, max_len, min_len };
	struct tallied t;

	if (!tallied_claim(&t, reason_and_index >> 8, &size))
		return;
	account_malformed(&t, &size, reason_and_index & 0xff);
	section_release(t.section);
}

/* An interface whose number is not known: it came into the place of another one's index. */
static __noinline void count_unknown(__u32 packets, __u32 bytes, __u32 max_len, __u32 min_len)
{
	struct packet_size size = { packets, bytes, max_len, min_len };
	struct tallied t;

	if (!tallied_claim(&t, 0, &size))
		return;
	account_unattributed(&t, size.packets, size.bytes);
	account_size(t.section, &size);
	section_release(t.section);
}

static __always_inline void count_flow(const struct packet *p, const struct packet_size *size,
				       const struct link_entry *link, bool is_plain)
{
	const struct count_settings *s = count_settings();
	struct flow_key key;
	struct accounted a = { .key = &key, .size = size, .tcp_flags = p->tcp_flags,
			       .marks = p->marks };
	struct tallied t = { .g = &s->geometry };

	if (has_extra(is_plain)) {
		a.extra = extra_of_packet(size, p->tcp_flags, p->has_zero_window);
		a.has_extra = true;
	}
	packet_key(p, &key);
	if (has_links(is_plain)) {
		key.words[4] |= link->word4;
		key.words[5] |= link->word5;
	}
	if (s->reduce_keys)
		flow_key_reduce(&key, &s->group);
	a.hash = flow_hash(&key, &s->seed);
	t.section = current_section(t.g, a.hash);
	if (unlikely(s->claim_sections))
		t = tallied_key(t.section, t.g, &key);
	if (!t.section || !section_claim(&t, size))
		return;
	a.now_ms = slot_time_of_ticks(t.section->begin_ticks, bpf_jiffies64(), s->tick_scaled);
	account_flow(t.section, t.g, &a);
	section_release(t.section);
}

/* link: as found by the interface, where they are told apart. */
static __always_inline void count(const struct packet *p, int malformed,
				  const struct packet_size *size, const struct link_entry *link,
				  bool is_plain)
{
	if (has_links(is_plain) && unlikely(!link))
		count_unknown(size->packets, size->bytes, size->max_len, size->min_len);
	else if (unlikely(malformed))
		count_malformed(size->packets, size->bytes, size->max_len, size->min_len,
				((__u32)malformed - 1) |
					link_tally_index(has_links(is_plain) ? link->number : 0,
							 p->flags & FLOW_OUT) << 8);
	else
		count_flow(p, size, link, is_plain);
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
	struct packet_size size = packet_size_single(xdp_len(ctx));
	struct packet p = { .wants_window = has_extra(false) };

	count(&p, parse_thoroughly_xdp(ctx, &p), &size, xdp_link(ctx, false), false);
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
	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_xdp(ctx);
	count(&p, malformed, &size, link, is_plain);
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
	struct packet p = { .wants_window = has_extra(false) };

	count(&p, parse_thoroughly_xdp_frags(ctx, &p), &size, xdp_link(ctx, false), false);
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
	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_xdp_frags(ctx);
	count(&p, malformed, &size, link, is_plain);
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
	if (unlikely(skb->vlan_present))
		packet_add_vlan(p, (__u16)skb->vlan_tci);
}

static __noinline int count_thoroughly_skb(struct __sk_buff *skb, __u8 direction)
{
	struct packet_size size;
	struct packet p = { .wants_window = has_extra(false) };
	int malformed;

	packet_init_skb(&p, skb, direction);
	malformed = parse_thoroughly_skb(skb, &p);
	size = skb_size(skb, &p);
	count(&p, malformed, &size, skb_link(skb, false), false);
	return TC_PASS;
}

static __always_inline int skb_count(struct __sk_buff *skb, __u8 direction, bool is_plain)
{
	const struct link_entry *link = skb_link(skb, is_plain);
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);
	struct packet_size size;
	struct packet p = {};
	int malformed;

	packet_init_skb(&p, skb, direction);
	p.wants_window = has_extra(is_plain);
	malformed = parse_ethernet(&c, &p);
	if (unlikely(c.incomplete))
		return count_thoroughly_skb(skb, direction);
	size = skb_size(skb, &p);
	count(&p, malformed, &size, link, is_plain);
	return TC_PASS;
}

SEC("tc")
int count_tc_ingress(struct __sk_buff *skb)
{
	return skb_count(skb, 0, true);
}

SEC("tc")
int count_tc_ingress_more(struct __sk_buff *skb)
{
	return skb_count(skb, 0, false);
}

SEC("tc")
int count_tc_egress(struct __sk_buff *skb)
{
	return skb_count(skb, FLOW_OUT, true);
}

SEC("tc")
int count_tc_egress_more(struct __sk_buff *skb)
{
	return skb_count(skb, FLOW_OUT, false);
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
static __always_inline int filtered_skb(struct __sk_buff *skb, bool is_out)
{
	struct packet p = {};
	struct packet_size size;

	if (unlikely(skb->gso_size)) {
		packet_init_skb(&p, skb, 0);
		parse_thoroughly_skb(skb, &p);
	}
	size = skb_size(skb, &p);
	count_filtered(&size, skb_link(skb, false), is_out);
	return TC_PASS;
}

SEC("tc")
int filtered_tc_ingress(struct __sk_buff *skb)
{
	return filtered_skb(skb, false);
}

SEC("tc")
int filtered_tc_egress(struct __sk_buff *skb)
{
	return filtered_skb(skb, true);
}
