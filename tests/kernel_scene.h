/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs in the kernel, run on test packets, beside the same parser and accounting step
 * on the host: whatever is given to both, both must have counted the same. Included after
 * cmocka.h.
 */
#ifndef WEIR_TESTS_KERNEL_SCENE_H
#define WEIR_TESTS_KERNEL_SCENE_H

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <sched.h>

#include "host_bank.h"
#include "packet_builder.h"
#include "../include/follow.h"
#include "../include/merged.h"
#include "../user/filter/filter.h"
#include "../user/kernel/programs.h"
#include "../user/sources/fragment_table.h"
#include "../user/sources/packet_parse.h"

/* What a test-run takes: no less, and no more (kernel 5.15 to 6.18, pages of 4096). */
#define TEST_RUN_MIN    14
#define TEST_RUN_MAX 3520
#define SCENE_LINK      0x155
#define TEST_RUN_IFINDEX 1 /* packets of a test-run come by the loopback interface */

struct scene_options {
	uint32_t slots;         /* 0: 4096 */
	const char *group;      /* NULL: whole keys */
	bool realtime;
	bool has_extra;
	bool has_ip_bytes;      /* of the second line, */
	bool has_tcp;           /* and what TCP tells */
	bool has_tunnels;       /* flows are those inside; with has_extra */
	bool has_fragments;     /* later ones have the ports of their first */
	bool one_link;          /* its number is 0; else SCENE_LINK, of as many as there can be */
};

struct scene {
	struct banks *banks;
	struct programs *programs;
	struct hash_seed seed;
	struct group_masks masks;
	bool reduce;
	bool has_tunnels;
	uint32_t link;
	bool has_ip_bytes;
	struct connection_table connections; /* the host's; NULL in it: not asked for */
	__u64 missed;
	struct host_bank host;
	struct fragment_table *fragments;
	uint64_t fragments_lost[2]; /* since the start: in the kernel, on the host */
	cpu_set_t cpus;         /* of the process, before */
};

/* One packet. */
struct test_packet {
	const uint8_t *bytes;
	uint32_t len;
	uint32_t linear;                    /* XDP with frags: length of the first buffer; 0: any */
	const struct merged_packet *merged; /* TC: what it stands for; NULL: itself */
};

/* The sections of one CPU are compared: stay on it. */
static inline void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

static inline void scene_begin(struct scene *scene)
{
	uint64_t ticks;

	assert_int_equal(programs_read_ticks(scene->programs, &ticks), 0);
	banks_begin(scene->banks, &(struct bank_begin){ .ticks = ticks });
}

/* As the programs have them, but for the clock: no time of the host's is compared. */
static inline void scene_connections(struct scene *scene)
{
	__u32 sets = CONNECTION_SETS_MIN;

	scene->connections = (struct connection_table){
		.connections = calloc((size_t)sets * CONNECTION_WAYS, sizeof(struct connection)),
		.sets = sets,
		.missed_ticks = CONNECTION_MISSED_MS,
		.missed = &scene->missed,
		.seed = &scene->seed,
	};
	assert_non_null(scene->connections.connections);
}

static inline void scene_open(struct scene *scene, struct scene_options options)
{
	struct programs_request request = { .realtime = options.realtime,
					    .has_tunnels = options.has_tunnels,
					    .has_fragments = options.has_fragments,
					    .wanted = { true, true, true, true } };
	struct bank_shape shape = { 0 };
	struct bank_geometry of_one_cpu;
	struct filter_error error;
	struct group_by group;
	const char *reason;

	memset(scene, 0, sizeof(*scene));
	assert_int_equal(sched_getaffinity(0, sizeof(scene->cpus), &scene->cpus), 0);
	stay_on_cpu(sched_getcpu());
	memset(&scene->seed, 0x5b, sizeof(scene->seed));
	for (uint64_t i = 0; i < sizeof(scene->seed) / sizeof(scene->seed.word[0]); i++)
		scene->seed.word[i] *= 2 * i + 3;
	if (options.group) {
		assert_int_equal(group_by_parse(options.group, &group, &reason), 0);
		group_masks_make_with_place(&group, &scene->masks);
		scene->reduce = true;
		request.group = &group;
	}
	scene->has_tunnels = options.has_tunnels;
	if (options.has_fragments) {
		scene->fragments = fragment_table_create(&scene->seed);
		assert_non_null(scene->fragments);
	}
	scene->link = options.one_link ? 0 : SCENE_LINK;
	shape.slots_per_cpu = options.slots ? options.slots : 4096;
	shape.links = options.one_link ? 1 : FLOW_LINKS_MAX;
	shape.has_extra = options.has_extra;
	assert_int_equal(banks_create(&shape, &scene->banks), 0);
	request.banks = scene->banks;
	request.has_ip_bytes = scene->has_ip_bytes = options.has_ip_bytes;
	request.has_tcp = options.has_tcp;
	request.seed = &scene->seed;
	assert_int_equal(programs_load(&request, &scene->programs, &error), 0);
	assert_int_equal(programs_add_link(scene->programs, TEST_RUN_IFINDEX, scene->link), 0);
	scene_begin(scene);
	of_one_cpu = *banks_geometry(scene->banks);
	of_one_cpu.cpus = 1;
	host_bank_create(&scene->host, &of_one_cpu);
	if (options.has_tcp)
		scene_connections(scene);
}

static inline void scene_close(struct scene *scene)
{
	programs_unload(scene->programs);
	banks_destroy(scene->banks);
	host_bank_destroy(&scene->host);
	fragment_table_destroy(scene->fragments);
	free(scene->connections.connections);
	assert_int_equal(sched_setaffinity(0, sizeof(scene->cpus), &scene->cpus), 0);
}

/* The kinds of programs that a test-run can be of: it makes frames of Ethernet out of all bytes. */
#define ETHERNET_KINDS PROGRAM_IP_INGRESS

static inline bool program_is_tc(enum program_kind kind)
{
	return kind == PROGRAM_TC_INGRESS || kind == PROGRAM_TC_EGRESS;
}

/* The packet, and where it goes on as far inward as it does: what it is outside is returned. */
static inline int parse_on_host(const struct test_packet *packet, struct packet *p,
				struct inward *in, bool enters)
{
	const struct capture_packet captured = { .data = packet->bytes, .caplen = packet->len,
						 .link = LINK_ETHERNET };
	struct cursor c = cursor_over(CURSOR_MEMORY, packet->bytes, packet->bytes + packet->len);
	int malformed;

	c.inward = in;
	malformed = parse_ethernet(&c, p);
	if (enters && !malformed)
		packet_parse_inside(&captured, p, in);
	return malformed;
}

/* Of what a merged packet stands for each has the headers inside too. */
static inline struct packet_size merged_size_on_host(const struct test_packet *packet,
						     const struct packet *outside)
{
	struct merged_packet merged = *packet->merged;
	struct inward in = { .frame_len = packet->len };
	struct packet p = { 0 };

	parse_on_host(packet, &p, &in, true);
	merged.len = packet->len;
	merged.headers_len = p.headers_len;
	merged_packet_cut(&merged, outside->jumbo_len);
	return packet_size_merged(&merged);
}

static inline void scene_follow_host(struct scene *scene, const struct accounted *a,
				     const struct segment *segment)
{
	struct flow_slot *slot = account_segment(host_bank_section_of(&scene->host, a->hash),
						 &scene->host.geometry, a);
	struct flow_record *record = (struct flow_record *)slot;

	if (!slot || !a->tcp_flags)
		return;
	segment_add_extra(segment, a->size, &record->extra);
	connection_place(&scene->connections, record, segment);
	connection_follow(&scene->connections, record, segment);
}

static inline void scene_count_host(struct scene *scene, enum program_kind kind,
				    const struct test_packet *packet)
{
	struct packet p = { .flags = kind == PROGRAM_TC_EGRESS ? FLOW_OUT : 0,
			    .wants_ip_len = scene->has_ip_bytes,
			    .fragment = !!scene->fragments * PACKET_FRAGMENT_ASKED };
	struct packet_size size = packet_size_single(packet->len);
	struct inward in = { 0 };
	bool has_tcp = scene->connections.connections;
	int malformed = parse_on_host(packet, &p, scene->has_tunnels || has_tcp ? &in : NULL,
				      scene->has_tunnels);
	struct segment segment = { 0 };
	struct flow_key key;
	struct tallied tallied = { host_bank_section(&scene->host, 0), &scene->host.geometry,
				   link_tally_index(scene->link, p.flags & FLOW_OUT) };
	struct accounted a = { .key = &key, .size = &size, .tcp_flags = p.tcp_flags,
			       .marks = p.marks };

	if (packet->merged)
		size = merged_size_on_host(packet, &p);
	if (malformed) {
		account_malformed(&tallied, &size, (__u32)malformed - 1);
		return;
	}
	if (bank_has_extra(&scene->host.geometry)) {
		a.has_extra = true;
		a.has_ip_bytes = scene->has_ip_bytes;
		a.ip_bytes = ip_bytes_of_packet(&size, p.ip_len, p.link_len);
		a.has_tunnels = scene->has_tunnels;
	}
	if (packet_is_fragment(&p))
		scene->fragments_lost[1] += fragment_table_follow(scene->fragments, &p, in.tunnel);
	packet_key(&p, &key);
	key.tunnel = in.tunnel;
	key_set_link(&key, scene->link);
	if (has_tcp && p.tcp_flags) {
		const struct capture_packet captured = { .data = packet->bytes,
							 .caplen = packet->len };

		packet_segment(&captured, &in, &segment);
		segment_complete(&segment, &p, &size);
		if (scene->reduce)
			segment.name = connection_name(key.words, key.inner_vlan, key.tunnel,
						       &scene->seed);
	}
	if (scene->reduce)
		flow_key_reduce(&key, &scene->masks);
	a.hash = flow_hash(&key, &scene->seed);
	if (scene->has_tunnels)
		a.hash = hash_with_tunnel(a.hash, key.tunnel, &scene->seed);
	if (has_tcp)
		scene_follow_host(scene, &a, &segment);
	else
		account_flow(host_bank_section_of(&scene->host, a.hash), &scene->host.geometry,
			     &a);
}

/* Runs the program on the packet: it must let it pass as it is. 0, or what a test-run says. */
static inline int scene_run_kernel(struct scene *scene, enum program_kind kind,
				   const struct test_packet *packet)
{
	struct __sk_buff skb = { 0 };
	struct xdp_md xdp = { .data_end = packet->linear };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->bytes,
		    .data_size_in = packet->len, .repeat = 1);
	int err;

	if (packet->merged) {
		skb.gso_size = packet->merged->gso_size;
		skb.gso_segs = packet->merged->gso_segs;
		skb.wire_len = packet->merged->wire_len;
		opts.ctx_in = &skb;
		opts.ctx_size_in = sizeof(skb);
	} else if (packet->linear) {
		opts.ctx_in = &xdp;
		opts.ctx_size_in = sizeof(xdp);
	}
	err = bpf_prog_test_run_opts(programs_fd(scene->programs, kind), &opts);
	if (!err)
		assert_int_equal((int)opts.retval, program_is_tc(kind) ? TC_ACT_UNSPEC : XDP_PASS);
	return err;
}

/* Counts a packet on both sides. */
static inline void scene_count(struct scene *scene, enum program_kind kind,
			       const struct test_packet *packet)
{
	assert_int_equal(scene_run_kernel(scene, kind, packet), 0);
	scene_count_host(scene, kind, packet);
}

/* Kernel 6.18 refuses a test-run on TC where the EtherType tells more than the length has. */
static inline bool test_run_takes(enum program_kind kind, const uint8_t *bytes, uint32_t len)
{
	if (len < TEST_RUN_MIN || len > TEST_RUN_MAX)
		return false;
	if (!program_is_tc(kind))
		return true;
	if (bytes[12] == 0x08 && bytes[13] == 0)
		return len >= sizeof(struct ethhdr) + sizeof(struct iphdr);
	if (bytes[12] == 0x86 && bytes[13] == 0xdd)
		return len >= sizeof(struct ethhdr) + sizeof(struct ipv6hdr);
	return true;
}

/* Counts the packet by every program for which a test-run takes it. */
static inline void scene_count_all(struct scene *scene, const uint8_t *bytes, uint32_t len)
{
	const struct test_packet packet = { .bytes = bytes, .len = len };

	for (int i = 0; i < ETHERNET_KINDS; i++) {
		enum program_kind kind = (enum program_kind)i;

		if (test_run_takes(kind, bytes, len))
			scene_count(scene, kind, &packet);
	}
}

static inline int scene_take(void *context, const struct flow_slot *const *records, size_t count)
{
	struct drained *drained = context;

	for (size_t i = 0; i < count; i++)
		drained_add(drained, records[i]);
	return 0;
}

/* What the kernel has counted since the last time. */
static inline struct drained scene_drain_kernel(struct scene *scene)
{
	struct outcome_counts counts;
	struct drained d = { .has_extra = bank_has_extra(banks_geometry(scene->banks)) };
	struct tally flow;
	uint64_t ticks;

	assert_int_equal(programs_read_ticks(scene->programs, &ticks), 0);
	assert_int_equal(banks_flip(scene->banks, &(struct bank_begin){ .ticks = ticks }), 0);
	assert_int_equal(banks_drain(scene->banks, scene_take, &d, &counts), 0);
	flow = d.outcome[PACKET_FLOW];
	memcpy(d.outcome, counts.outcome, sizeof(d.outcome));
	memcpy(d.malformed_reason, counts.malformed_reason, sizeof(d.malformed_reason));
	memcpy(d.size_histogram, counts.size_histogram, sizeof(d.size_histogram));
	assert_memory_equal(&flow, &d.outcome[PACKET_FLOW], sizeof(flow));
	scene->fragments_lost[0] += counts.fragments_lost;
	fragment_table_end_pane(scene->fragments);
	return d;
}

static inline int compare_records(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_slot));
}

/* Without the times, which differ, and in an order that does not. */
static inline void drained_make_comparable(struct drained *d)
{
	for (size_t i = 0; i < d->count; i++) {
		assert_true(d->records[i].first_ms <= d->records[i].last_ms);
		d->records[i].first_ms = d->records[i].last_ms = 0;
	}
	if (d->count)
		qsort(d->records, d->count, sizeof(*d->records), compare_records);
}

static inline void print_record(const char *side, const struct flow_slot *r)
{
	print_error("%s: %08x -> %08x, ports %04x %04x, proto %u, flags %02x, vlan %04x %04x, ",
		    side, ntohl(r->src[3]), ntohl(r->dst[3]), ntohs(r->src_port),
		    ntohs(r->dst_port), r->ip_proto, r->flags, r->vlan, r->inner_vlan);
	print_error("%u packets, %llu bytes, %u to %u, tcp %02x\n", r->packets,
		    (unsigned long long)r->bytes, r->min_len, r->max_len, r->tcp_flags);
}

static inline void expect_same_records(const struct drained *kernel, const struct drained *host)
{
	for (size_t i = 0; i < kernel->count && i < host->count; i++) {
		if (!compare_records(&kernel->records[i], &host->records[i]))
			continue;
		print_record("kernel", &kernel->records[i]);
		print_record("host", &host->records[i]);
		fail_msg("record %zu of %zu differs", i, host->count);
	}
	assert_int_equal(kernel->count, host->count);
}

/* Kernel and host have counted the same, record by record; both begin anew. */
static inline void scene_expect_same(struct scene *scene)
{
	struct drained kernel = scene_drain_kernel(scene), host = host_bank_drain(&scene->host);
	struct bank_geometry g = scene->host.geometry;

	drained_make_comparable(&kernel);
	drained_make_comparable(&host);
	expect_same_records(&kernel, &host);
	assert_int_equal(kernel.zero_windows, host.zero_windows);
	assert_int_equal(kernel.resets, host.resets);
	assert_int_equal(kernel.retransmitted_packets, host.retransmitted_packets);
	assert_int_equal(kernel.retransmitted_bytes, host.retransmitted_bytes);
	assert_int_equal(kernel.ip_bytes, host.ip_bytes);
	assert_int_equal(kernel.extra_check, host.extra_check);
	assert_memory_equal(kernel.outcome, host.outcome, sizeof(host.outcome));
	assert_memory_equal(kernel.malformed_reason, host.malformed_reason,
			    sizeof(host.malformed_reason));
	assert_memory_equal(kernel.size_histogram, host.size_histogram,
			    sizeof(host.size_histogram));
	drained_free(&kernel);
	drained_free(&host);
	host_bank_destroy(&scene->host);
	host_bank_create(&scene->host, &g);
}

/* Makes the packet a flow of its own, where it has addresses. */
static inline void frame_number(struct frame *f, uint32_t number)
{
	uint32_t at = f->ip_at + (f->bytes[f->ip_at] >> 4 == 6 ? 8 : 12);

	if (!f->ip_at || f->len < at + 4)
		return;
	frame_set16(f, at, number >> 16);
	frame_set16(f, at + 2, number);
}

#endif
