/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ports of later fragments (fragment.h), in the kernel. Fragments are parsed thoroughly where this
 * is asked for: what is no fragment goes by none of these lines.
 */
#ifndef WEIR_FRAGMENTS_H
#define WEIR_FRAGMENTS_H

#include "count.h"

/* One set, where nobody asks for it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fragment_set);
} fragments SEC(".maps");

/* enum packet_fragment of a packet that is to be parsed. */
static __always_inline __u8 asked_fragment(bool is_plain)
{
	return !is_plain && count_settings()->has_fragments ? PACKET_FRAGMENT_ASKED :
							      PACKET_FRAGMENT_UNASKED;
}

/* The number of the pane, as fragment.h has it; 0 where no bank is there. */
static __always_inline __u32 current_pane(void)
{
	__u32 zero = 0;
	void *bank = bpf_map_lookup_elem(&banks, &zero);
	const struct section_header *first = bank ? bpf_map_lookup_elem(bank, &zero) : NULL;

	return first ? (__u32)first->sequence + FRAGMENT_PANE_FIRST - 1 : 0;
}

static __always_inline void count_lost_fragment(void)
{
	struct section_header *section = current_section(&count_settings()->geometry, 0);

	if (section)
		__sync_fetch_and_add(&section->fragments_lost, 1);
}

/* Notes the ports of a first fragment, or gives them to a later one: inside of that tunnel, or 0. */
__noinline int follow_fragment(struct packet *p, __u64 tunnel)
{
	struct fragment_set *set;
	__u32 pane = current_pane(), index;
	__u64 tag;

	if (!p)
		return 0;
	tag = fragment_tag(p, tunnel, (const struct fragment_seed *)
					      &count_settings()->fragment_seed);
	index = fragment_set_of(tag);
	set = bpf_map_lookup_elem(&fragments, &index);
	if (set && pane && fragment_follow(set, tag, p, pane))
		count_lost_fragment();
	return 0;
}

static __always_inline void follow_if_fragment(struct packet *p, __u64 tunnel)
{
	if (unlikely(packet_is_fragment(p)))
		follow_fragment(p, tunnel);
}

#endif
