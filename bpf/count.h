/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a packet that is parsed is counted: into the section of its CPU, by the flow, or as what else
 * became of it; and the maps and settings that this takes.
 */
#ifndef WEIR_COUNT_H
#define WEIR_COUNT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "connection.h"
#include "inward.h"
#include "settings.h"

/* The bank being counted into; the agent swaps it once a pane. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} banks SEC(".maps");

/* Of all CPUs; as many as the settings say. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection_set);
} connections SEC(".maps");

/* Connections that made room for others though they were not over. */
__u64 connections_missed;

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

static __always_inline bool has_tcp(bool is_plain)
{
	return !is_plain && count_settings()->has_tcp;
}

static __always_inline bool has_ip_bytes(bool is_plain)
{
	return !is_plain && count_settings()->has_ip_bytes;
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
 * goes by value, for that keeps it in registers there. Global: the verifier knows nothing of what
 * they are called with.
 */
__noinline int count_malformed(__u32 packets, __u32 bytes, __u32 max_len, __u32 min_len,
				       __u32 reason_and_index)
{
	struct packet_size size = { packets, bytes, max_len, min_len };
	struct tallied t = { .is_unproven = true };

	if (!tallied_claim(&t, reason_and_index >> 8, &size))
		return 0;
	account_malformed(&t, &size, reason_and_index & 0xff);
	section_release(t.section);
	return 0;
}

/* An interface whose number is not known: it came into the place of another one's index. */
__noinline int count_unknown(__u32 packets, __u32 bytes, __u32 max_len, __u32 min_len)
{
	struct packet_size size = { packets, bytes, max_len, min_len };
	struct tallied t = { .is_unproven = true };

	if (!tallied_claim(&t, 0, &size))
		return 0;
	account_unattributed(&t, size.packets, size.bytes);
	account_size(t.section, &size);
	section_release(t.section);
	return 0;
}

/* In registers, out of line and global: who calls it has little stack and many states. */
__noinline __u64 count_step(__u64 name, bool is_syn, __u32 begin, __u32 payload, __u32 full)
{
	const struct count_settings *s = count_settings();
	const struct connection_step step = { name, is_syn, begin, payload, full };
	const struct connection_clock clock = {
		.now = (__u32)bpf_jiffies64(),
		.missed_ticks = s->connection_missed_ticks,
		.missed = &connections_missed,
	};
	__u32 index = connection_set_of(name, s->connection_sets);
	struct connection_set *set = bpf_map_lookup_elem(&connections, &index);

	return set ? connection_follow(set, &step, &clock) : 0;
}

static __always_inline __u64 count_name(const struct packet *p, const struct link_entry *link,
					__u64 tunnel)
{
	return connection_name(p, has_links(false) && link ? link->number : 0, tunnel,
			       &count_settings()->seed);
}

static __always_inline bool has_connection(const struct packet *p)
{
	return has_tcp(false) && connection_wants(p);
}

static __always_inline __u64 count_again(__u64 name, const struct packet *p,
					 const struct packet_size *size)
{
	const struct connection_step step = connection_step(name, p, size);

	return count_step(step.name, step.is_syn, step.begin, step.payload, step.full);
}

/* Follows a packet in its connection, before it is counted. */
static __always_inline void follow(struct packet *p, const struct packet_size *size,
				   const struct link_entry *link, bool is_plain)
{
	if (!is_plain)
		p->again = has_connection(p) ? count_again(count_name(p, link, 0), p, size) : 0;
}

/* Of a packet that is in memory already: global, for the verifier to check it once. */
__noinline int follow_apart(struct packet *p, const struct packet_size *size,
			    const struct link_entry *link, __u64 tunnel)
{
	if (!p || !size)
		return 0;
	p->again = has_connection(p) ? count_again(count_name(p, link, tunnel), p, size) : 0;
	return 0;
}

static __always_inline void follow_in_memory(struct packet *p, const struct packet_size *size,
					     const struct link_entry *link, __u64 tunnel)
{
	if (has_tcp(false))
		follow_apart(p, size, link, tunnel);
}

/*
 * skb: of a packet that is sent, where its socket may be asked for; or NULL. tunnel: that its flow
 * is in, where these are told apart; or NULL.
 */
static __always_inline void count_flow(const struct packet *p, const struct packet_size *size,
				       const struct link_entry *link, bool is_plain,
				       struct __sk_buff *skb, const __u64 *tunnel)
{
	const struct count_settings *s = count_settings();
	struct flow_key key;
	struct accounted a = { .key = &key, .size = size, .tcp_flags = p->tcp_flags,
			       .marks = p->marks };
	struct tallied t = { .g = &s->geometry };

	if (has_extra(is_plain)) {
		a.again = p->again | (__u64)p->has_zero_window << ACCOUNTED_ZERO_WINDOW_SHIFT;
		a.has_extra = true;
		a.has_owners = s->has_owners;
		a.has_ip_bytes = s->has_ip_bytes;
		if (s->has_ip_bytes)
			a.ip_bytes = ip_bytes_of_packet(size, p->ip_len, p->link_len);
		a.skb = skb;
		if (s->has_owners && skb)
			a.cookie = bpf_get_socket_cookie(skb);
	}
	packet_key(p, &key);
	if (has_links(is_plain)) {
		key.words[4] |= link->word4;
		key.words[5] |= link->word5;
	}
	if (tunnel) {
		a.has_tunnels = true;
		key.tunnel = *tunnel;
	}
	if (s->reduce_keys)
		flow_key_reduce(&key, &s->group);
	a.hash = flow_hash(&key, &s->seed);
	if (tunnel)
		a.hash = hash_with_tunnel(a.hash, key.tunnel, &s->seed);
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
				  bool is_plain, struct __sk_buff *skb, const __u64 *tunnel)
{
	if (has_links(is_plain) && unlikely(!link))
		count_unknown(size->packets, size->bytes, size->max_len, size->min_len);
	else if (unlikely(malformed))
		count_malformed(size->packets, size->bytes, size->max_len, size->min_len,
				((__u32)malformed - 1) |
					link_tally_index(has_links(is_plain) ? link->number : 0,
							 p->flags & FLOW_OUT) << 8);
	else
		count_flow(p, size, link, is_plain, skb, tunnel);
}

/*
 * The same as a global function, which the verifier checks once and by itself: kernels like 6.1
 * look at no more than a million instructions, and let the frames of a program and what it calls take
 * 512 bytes together (tests/stack.py). For what is rare, and for TC where more is asked for. The
 * packet has been followed.
 */
__noinline int count_apart(struct packet *p, int malformed, const struct packet_size *size,
			   const struct link_entry *link)
{
	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, NULL, NULL);
	return 0;
}

/* The same of a packet that is sent, and has been followed. */
__noinline int count_apart_out(struct __sk_buff *skb, struct packet *p, int malformed,
			       const struct packet_size *size, const struct link_entry *link)
{
	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, skb, NULL);
	return 0;
}

/* Both for packets that may be in a tunnel. */
__noinline int count_inside(struct packet *p, int malformed, const struct packet_size *size,
			    const struct link_entry *link, __u64 tunnel)
{
	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, NULL, &tunnel);
	return 0;
}

__noinline int count_inside_out(struct __sk_buff *skb, struct packet *p, int malformed,
				const struct packet_size *size, __u64 tunnel)
{
	const struct link_entry *link = has_links(false) ? link_of(skb->ifindex) : NULL;

	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, skb, &tunnel);
	return 0;
}

#endif
