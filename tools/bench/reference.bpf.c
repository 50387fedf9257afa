/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the benchmark compares with: an empty program, one that only parses, and programs that
 * do the same work as weir's with the kernel's own tables.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "account.h"
#include "parse.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The counters of a flow, the fields of a slot that are no key. */
struct flow_value {
	__u64 bytes;
	__u64 packets;
	__u64 first_ticks;
	__u64 last_ticks;
	__u16 max_len;
	__u16 min_len;
	__u8 tcp_flags;
	__u8 spare[3];
};

#define TABLE(name, kind)                          \
	struct {                                   \
		__uint(type, kind);                \
		__uint(max_entries, 1);            \
		__type(key, struct flow_key);      \
		__type(value, struct flow_value);  \
	} name SEC(".maps")

TABLE(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH);
TABLE(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH);
TABLE(global_hash, BPF_MAP_TYPE_HASH);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct section_header);
} headers SEC(".maps");

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	return XDP_PASS;
}

static __always_inline __u32 parse_frame(struct xdp_md *ctx, struct packet *p)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_FAST, data, data_end);

	if (parse_ethernet(&c, p))
		return 0;
	return (__u32)(data_end - data);
}

SEC("xdp")
int parse_only(struct xdp_md *ctx)
{
	struct packet p = {};
	__u32 len = parse_frame(ctx, &p);

	/* All fields are used, so that none of the work can be left out. */
	asm volatile("" : : "r"(&p), "r"(len) : "memory");
	return XDP_PASS;
}

static __always_inline void value_add(struct flow_value *value, const struct packet *p,
				      __u32 len, __u64 now_ticks)
{
	value->bytes += len;
	value->packets += 1;
	value->tcp_flags |= p->tcp_flags;
	value->last_ticks = now_ticks;
	if (len > value->max_len)
		value->max_len = (__u16)len;
	if (len < value->min_len)
		value->min_len = (__u16)len;
}

static __always_inline int count_in(struct xdp_md *ctx, void *table, bool shared)
{
	struct packet p = {};
	__u32 len = parse_frame(ctx, &p), zero = 0;
	struct packet_size size = packet_size_single(len);
	struct section_header *header = bpf_map_lookup_elem(&headers, &zero);
	__u64 now_ticks = bpf_jiffies64();
	struct flow_value *value;
	struct flow_key key;

	packet_key(&p, &key);
	if (!len || !header)
		return XDP_PASS;
	account_size(header, &size);
	value = bpf_map_lookup_elem(table, &key);
	if (!value) {
		struct flow_value fresh = { .bytes = len, .packets = 1, .first_ticks = now_ticks,
					    .last_ticks = now_ticks, .max_len = (__u16)len,
					    .min_len = (__u16)len, .tcp_flags = p.tcp_flags };

		bpf_map_update_elem(table, &key, &fresh, BPF_NOEXIST);
		return XDP_PASS;
	}
	if (shared) {
		__sync_fetch_and_add(&value->bytes, len);
		__sync_fetch_and_add(&value->packets, 1);
		value->last_ticks = now_ticks;
		return XDP_PASS;
	}
	value_add(value, &p, len, now_ticks);
	return XDP_PASS;
}

SEC("xdp")
int count_percpu_hash(struct xdp_md *ctx)
{
	return count_in(ctx, &percpu_hash, false);
}

/* Packets and bytes alone. */
SEC("xdp")
int count_only_percpu_hash(struct xdp_md *ctx)
{
	struct packet p = {};
	__u32 len = parse_frame(ctx, &p);
	struct flow_value *value, fresh = { .bytes = len, .packets = 1 };
	struct flow_key key;

	packet_key(&p, &key);
	if (!len)
		return XDP_PASS;
	value = bpf_map_lookup_elem(&percpu_hash, &key);
	if (!value) {
		bpf_map_update_elem(&percpu_hash, &key, &fresh, BPF_NOEXIST);
		return XDP_PASS;
	}
	value->bytes += len;
	value->packets += 1;
	return XDP_PASS;
}

SEC("xdp")
int count_lru_percpu_hash(struct xdp_md *ctx)
{
	return count_in(ctx, &lru_percpu_hash, false);
}

SEC("xdp")
int count_global_hash(struct xdp_md *ctx)
{
	return count_in(ctx, &global_hash, true);
}

/* How vary changes the packet from run to run. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

const volatile __u32 vary_offset; /* of four address bytes in the frame */
const volatile __u32 vary_sequence; /* offset of TCP's sequence number; 0: there is none */
const volatile __u32 vary_payload;  /* bytes that each packet takes of it */
__u32 vary_mask;                  /* number of flows - 1 */
__u32 vary_next;                  /* sequence number */
__u32 vary_state = 1;

/* Data that was not there before, of whatever flow. */
static __always_inline void vary_data(void *data, void *data_end)
{
	__be32 *sequence = data + (vary_sequence & 0x7f);

	if (!vary_sequence || (void *)(sequence + 1) > data_end)
		return;
	*sequence = bpf_htonl(vary_next);
	vary_next += vary_payload;
}

/* Makes the packet one of a random flow (xorshift, Marsaglia 2003), then runs target. */
SEC("xdp")
int vary(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__u32 *address = data + (vary_offset & 0x7f), state = vary_state;

	if ((void *)(address + 1) > data_end)
		return XDP_DROP;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	vary_state = state;
	*address = state & vary_mask;
	vary_data(data, data_end);
	bpf_tail_call(ctx, &target, 0);
	return XDP_DROP;
}

/* Makes each packet one of a flow of its own, on any number of CPUs at once. */
SEC("xdp")
int vary_all(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__u32 *address = data + (vary_offset & 0x7f);

	if ((void *)(address + 1) > data_end)
		return XDP_DROP;
	*address = bpf_get_prandom_u32();
	bpf_tail_call(ctx, &target, 0);
	return XDP_DROP;
}
