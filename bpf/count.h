/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a packet that is parsed is counted: into the section of its CPU, by the flow, or as what else
 * became of it; and the maps and settings that this takes.
 */
#ifndef WEIR_COUNT_H
#define WEIR_COUNT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "follow.h"
#include "inward.h"
#include "settings.h"

/* The bank being counted into; the agent swaps it once a pane. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} banks SEC(".maps");

/* Of all CPUs; as many as the settings say. It can be mapped so that it begins on a cache line. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CONNECTION_WAYS);
	__type(key, __u32);
	__type(value, struct connection);
} connections SEC(".maps");

/* Connections that made room for others though they were heard of, and not over. */
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

static __always_inline bool has_tcp(void)
{
	return count_settings()->has_tcp;
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

static __always_inline struct connection_table connection_table(void)
{
	const struct count_settings *s = count_settings();

	return (struct connection_table){ .connections = &connections,
					  .sets = s->connection_sets,
					  .missed_ticks = s->connection_missed_ticks,
					  .missed = &connections_missed,
					  .seed = &s->seed };
}

/*
 * Global, both: the verifier checks each once and by itself. The record is of the bank, and the
 * CPU's own; the segment is counted to it. 0 where it could be followed.
 */
__noinline int follow(struct flow_record *record, const struct segment *segment)
{
	const struct connection_table table = connection_table();

	if (!record || !segment)
		return 0;
	return !connection_follow(&table, record, segment);
}

__noinline int find_connection(struct flow_record *record, const struct segment *segment)
{
	const struct connection_table table = connection_table();

	if (record && segment)
		connection_place(&table, record, segment);
	return 0;
}

static __always_inline void follow_segment(struct flow_record *record,
					   const struct packet_size *size,
					   const struct segment *segment)
{
	if (unlikely(segment->has_zero_window || segment->flags & TCP_FLAG_RST))
		segment_add_extra(segment, size, &record->extra);
	if (likely(!segment->name) && likely(!follow(record, segment)))
		return;
	find_connection(record, segment);
	follow(record, segment);
}

/* What is counted to its slot is then followed in its connection, if it is a segment. */
static __always_inline void account_followed(struct section_header *section,
					     const struct bank_geometry *g,
					     const struct accounted *a,
					     const struct segment *segment)
{
	struct flow_record *record = (struct flow_record *)account_segment(section, g, a);

	if (record && a->tcp_flags)
		follow_segment(record, a->size, segment);
}

/*
 * skb: of a packet that is sent, where its socket may be asked for; or NULL. tunnel: that its flow
 * is in, where these are told apart; or NULL. segment: parsed where there is one, to be followed;
 * or NULL: that is not asked for.
 */
static __always_inline void count_flow(const struct packet *p, const struct packet_size *size,
				       const struct link_entry *link, bool is_plain,
				       struct __sk_buff *skb, const __u64 *tunnel,
				       struct segment *segment)
{
	const struct count_settings *s = count_settings();
	struct flow_key key;
	struct accounted a = { .key = &key, .size = size, .tcp_flags = p->tcp_flags,
			       .marks = p->marks };
	struct tallied t = { .g = &s->geometry };

	if (has_extra(is_plain)) {
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
	if (segment && p->tcp_flags) {
		segment_complete(segment, p, size);
		if (s->reduce_keys)
			segment->name = connection_name(key.words, key.inner_vlan,
							tunnel ? *tunnel : 0, &s->seed);
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
	if (segment) {
		__u64 now = bpf_jiffies64();

		segment->tick = (__u32)now;
		a.now_ms = slot_time_of_ticks(t.section->begin_ticks, now, s->tick_scaled);
		account_followed(t.section, t.g, &a, segment);
	} else {
		a.now_ms = slot_time_of_ticks(t.section->begin_ticks, bpf_jiffies64(), s->tick_scaled);
		account_flow(t.section, t.g, &a);
	}
	section_release(t.section);
}

/* link: as found by the interface, where they are told apart. */
static __always_inline void count(const struct packet *p, int malformed,
				  const struct packet_size *size, const struct link_entry *link,
				  bool is_plain, struct __sk_buff *skb, const __u64 *tunnel,
				  struct segment *segment)
{
	if (has_links(is_plain) && unlikely(!link))
		count_unknown(size->packets, size->bytes, size->max_len, size->min_len);
	else if (unlikely(malformed))
		count_malformed(size->packets, size->bytes, size->max_len, size->min_len,
				((__u32)malformed - 1) |
					link_tally_index(has_links(is_plain) ? link->number : 0,
							 p->flags & FLOW_OUT) << 8);
	else
		count_flow(p, size, link, is_plain, skb, tunnel, segment);
}

/*
 * The same as a global function, which the verifier checks once and by itself: kernels like 6.1 look
 * at no more than a million instructions, and let the frames of a program and what it calls take
 * 512 bytes together (tests/stack.py). For what is rare, and for TC where more is asked for.
 */
__noinline int count_apart(const struct packet *p, int malformed, const struct packet_size *size,
			   const struct link_entry *link)
{
	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, NULL, NULL, NULL);
	return 0;
}

/* The same of a packet that is sent. */
__noinline int count_apart_out(struct __sk_buff *skb, const struct packet *p, int malformed,
			       const struct packet_size *size, const struct link_entry *link)
{
	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, skb, NULL, NULL);
	return 0;
}

/* Both for packets that may be in a tunnel. */
__noinline int count_inside(const struct packet *p, int malformed, const struct packet_size *size,
			    const struct link_entry *link, __u64 tunnel)
{
	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, NULL, &tunnel, NULL);
	return 0;
}

__noinline int count_inside_out(struct __sk_buff *skb, const struct packet *p, int malformed,
				const struct packet_size *size, __u64 tunnel)
{
	const struct link_entry *link = has_links(false) ? link_of(skb->ifindex) : NULL;

	if (!p || !size)
		return 0;
	count(p, malformed, size, link, false, skb, &tunnel, NULL);
	return 0;
}

/* The same of a segment, which tells the tunnel. */
__noinline int count_segment(const struct packet *p, int malformed, const struct packet_size *size,
			     const struct link_entry *link, struct segment *segment)
{
	if (!p || !size || !segment)
		return 0;
	count(p, malformed, size, link, false, NULL, NULL, segment);
	return 0;
}

__noinline int count_segment_out(struct __sk_buff *skb, const struct packet *p, int malformed,
				 const struct packet_size *size, struct segment *segment)
{
	const struct link_entry *link = has_links(false) ? link_of(skb->ifindex) : NULL;

	if (!p || !size || !segment)
		return 0;
	count(p, malformed, size, link, false, skb, NULL, segment);
	return 0;
}

__noinline int count_segment_inside(const struct packet *p, int malformed,
				    const struct packet_size *size, const struct link_entry *link,
				    struct segment *segment)
{
	if (!p || !size || !segment)
		return 0;
	count(p, malformed, size, link, false, NULL, &segment->tunnel, segment);
	return 0;
}

__noinline int count_segment_inside_out(struct __sk_buff *skb, const struct packet *p,
					int malformed, const struct packet_size *size,
					struct segment *segment)
{
	const struct link_entry *link = has_links(false) ? link_of(skb->ifindex) : NULL;

	if (!p || !size || !segment)
		return 0;
	count(p, malformed, size, link, false, skb, &segment->tunnel, segment);
	return 0;
}

#endif
