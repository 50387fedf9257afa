/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --tunnels, --fragments and --tcp cost a packet in the kernel, beside what the same and others
 * of as many headers cost without: by BPF_PROG_TEST_RUN, all taking turns in one run.
 */
#include "kernel_bench.h"
#include "reference.skel.h"

#define FLOWS     1024u
#define SLOTS     65536u
#define RUNS      200000u
#define ROUNDS    15
#define FRAME_MAX 256
#define PAYLOAD   18

#define ETHERNET_IPV4 "\0\0\0\0\0\0\0\0\0\0\0\0\x08\0"
#define IPV4_UDP(length, fragment) "\x45\0\0" length "\x12\x34" fragment "\x40\x11\0\0\0\0\0\0\0\0\0\0"
#define IPV4_TCP "\x45\0\0\x46\x12\x34\0\0\x40\x06\0\0\0\0\0\0\0\0\0\0"
#define IPV4_PURE "\x45\0\0\x34\x12\x34\0\0\x40\x06\0\0\0\0\0\0\0\0\0\0"
#define TCP_STAMPED "\x10\0\0\x50\0\0\0\0\0\0\0\1\x80\x10\x01\0\0\0\0\0" \
	"\1\1\x08\x0a\0\0\0\x07\0\0\0\x05"
#define UDP           "\x10\0\0\x35\0\x0a\0\0"
#define VXLAN         "\xc0\0\x12\xb5\0\x4c\0\0\x08\0\0\0\0\0\x07\0"
#define TAGS          "\0\0\0\0\0\0\0\0\0\0\0\0\x88\xa8\0\7\x81\0\0\5"
#define IPV6(length, next) "\x86\xdd\x60\0\0\0\0" length next "\x40" \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ETHERNET_IPV6(length, next) "\0\0\0\0\0\0\0\0\0\0\0\0" IPV6(length, next)
#define EXTENSION(next) next "\0\1\4\0\0\0\0"

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

/* The VXLAN packet has 92 bytes of headers, in seven. */
enum subject { EMPTY, PLAIN, PLAIN_TWO_LINES, PLAIN_TUNNELS, PLAIN_FRAGMENTS, SHORTER, AS_LONG,
	       AS_LONG_TWO_LINES, VXLAN_OUTSIDE, VXLAN_INSIDE, LATER_ALONE, LATER_FOLLOWED,
	       FIRST_FOLLOWED, TCP, TCP_TWO_LINES, TCP_FOLLOWED, TCP_TABLE, TCP6, TCP6_FOLLOWED, TCP6_TABLE,
	       TCP_PURE, TCP_PURE_FOLLOWED, TCP_AGAIN, TCP_AGAIN_FOLLOWED, UDP_BESIDE_TCP,
	       SUBJECTS };

struct subject_kind {
	const char *name;
	enum bench_extra extra;
	const unsigned char *headers;
	size_t headers_len;
	unsigned int vary_at; /* of the bytes that make a flow, or 0 */
	bool has_new_data;    /* of TCP, each packet */
};

#define PLAIN_FRAME  BYTES(ETHERNET_IPV4 IPV4_UDP("\x2e", "\0\0") UDP), 14 + 12
#define VXLAN_FRAME(at) BYTES(ETHERNET_IPV4 IPV4_UDP("\x60", "\0\0") VXLAN ETHERNET_IPV4 \
			      IPV4_UDP("\x2e", "\0\0") UDP), at
#define LONG_FRAME   BYTES(TAGS IPV6("\x40", "\0") EXTENSION("\x3c") EXTENSION("\x3c") \
			   EXTENSION("\x11") UDP), 22 + 20
#define TCP_FRAME    BYTES(ETHERNET_IPV4 IPV4_TCP TCP_STAMPED), 14 + 12, true
#define TCP6_FRAME   BYTES(ETHERNET_IPV6("\x32", "\x06") TCP_STAMPED), 14 + 20, true
#define AGAIN_FRAME  BYTES(ETHERNET_IPV4 IPV4_TCP TCP_STAMPED), 14 + 12, false
#define PURE_FRAME   BYTES(ETHERNET_IPV4 IPV4_PURE TCP_STAMPED), 14 + 12, false
#define LATER_FRAME  BYTES(ETHERNET_IPV4 IPV4_UDP("\x2e", "\0\x10") UDP), 14 + 12

static const struct subject_kind kinds[SUBJECTS] = {
	[EMPTY] = { "empty", BENCH_ONE_LINE, PLAIN_FRAME },
	[PLAIN] = { "IPv4/UDP", BENCH_ONE_LINE, PLAIN_FRAME },
	[PLAIN_TWO_LINES] = { "the same, two lines", BENCH_TWO_LINES, PLAIN_FRAME },
	[PLAIN_TUNNELS] = { "the same, --tunnels", BENCH_TUNNELS, PLAIN_FRAME },
	[PLAIN_FRAGMENTS] = { "the same, --fragments", BENCH_FRAGMENTS, PLAIN_FRAME },
	[SHORTER] = { "IPv6/UDP, two tags: 70 bytes", BENCH_ONE_LINE,
		      BYTES(TAGS IPV6("\x28", "\x11") UDP), 22 + 20 },
	[AS_LONG] = { "and three extensions: 94 bytes", BENCH_ONE_LINE, LONG_FRAME },
	[AS_LONG_TWO_LINES] = { "the same, two lines", BENCH_TWO_LINES, LONG_FRAME },
	[VXLAN_OUTSIDE] = { "IPv4/UDP in VXLAN: 92 bytes", BENCH_ONE_LINE, VXLAN_FRAME(14 + 12) },
	[VXLAN_INSIDE] = { "the same, --tunnels", BENCH_TUNNELS, VXLAN_FRAME(50 + 14 + 12) },
	[LATER_ALONE] = { "later fragment", BENCH_ONE_LINE, LATER_FRAME },
	[LATER_FOLLOWED] = { "the same, --fragments", BENCH_FRAGMENTS, LATER_FRAME },
	[FIRST_FOLLOWED] = { "first fragment, --fragments", BENCH_FRAGMENTS,
			     BYTES(ETHERNET_IPV4 IPV4_UDP("\x2e", "\x20\0") UDP), 14 + 12 },
	[TCP] = { "IPv4/TCP, new data", BENCH_ONE_LINE, TCP_FRAME },
	[TCP_TWO_LINES] = { "the same, two lines", BENCH_TWO_LINES, TCP_FRAME },
	[TCP_FOLLOWED] = { "the same, --tcp", BENCH_TCP, TCP_FRAME },
	[TCP_TABLE] = { "the same, PERCPU_HASH", BENCH_ONE_LINE, TCP_FRAME },
	[TCP6] = { "IPv6/TCP, new data", BENCH_ONE_LINE, TCP6_FRAME },
	[TCP6_FOLLOWED] = { "the same, --tcp", BENCH_TCP, TCP6_FRAME },
	[TCP6_TABLE] = { "the same, PERCPU_HASH", BENCH_ONE_LINE, TCP6_FRAME },
	[TCP_PURE] = { "IPv4/TCP, without data", BENCH_ONE_LINE, PURE_FRAME },
	[TCP_PURE_FOLLOWED] = { "the same, --tcp", BENCH_TCP, PURE_FRAME },
	[TCP_AGAIN] = { "IPv4/TCP, sent again", BENCH_ONE_LINE, AGAIN_FRAME },
	[TCP_AGAIN_FOLLOWED] = { "the same, --tcp", BENCH_TCP, AGAIN_FRAME },
	[UDP_BESIDE_TCP] = { "IPv4/UDP, --tcp", BENCH_TCP, PLAIN_FRAME },
};

struct bench {
	struct reference_bpf *reference[SUBJECTS];
	struct kernel_bench weir[SUBJECTS];
	double ns[SUBJECTS];
};

static int subject_open(struct bench *bench, int subject)
{
	struct reference_bpf *r = reference_bpf__open();
	int err, fd;
	__u32 key = 0;

	bench->reference[subject] = r;
	if (!r)
		return -errno;
	r->rodata->vary_offset = kinds[subject].vary_at;
	if (kinds[subject].has_new_data) {
		r->rodata->vary_sequence = (__u32)kinds[subject].headers_len - 32 + 4;
		r->rodata->vary_payload = PAYLOAD;
	}
	bpf_map__set_max_entries(r->maps.percpu_hash, SLOTS);
	err = reference_bpf__load(r);
	if (!err)
		err = kernel_bench_open(&bench->weir[subject], SLOTS, 1, kinds[subject].extra);
	if (err)
		return err;
	r->bss->vary_mask = FLOWS - 1;
	fd = programs_fd(bench->weir[subject].programs, PROGRAM_XDP);
	if (subject == EMPTY)
		fd = bpf_program__fd(r->progs.empty);
	if (subject == TCP_TABLE || subject == TCP6_TABLE)
		fd = bpf_program__fd(r->progs.count_only_percpu_hash);
	return bpf_map_update_elem(bpf_map__fd(r->maps.target), &key, &fd, BPF_ANY);
}

/* Nanoseconds a run, as the kernel measures them; a negative number is -errno. */
static int subject_run(struct bench *bench, int subject)
{
	const struct subject_kind *kind = &kinds[subject];
	unsigned char frame[FRAME_MAX] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .repeat = RUNS,
		    .data_size_in = (__u32)kind->headers_len + PAYLOAD);
	int err;

	memcpy(frame, kind->headers, kind->headers_len);
	err = bpf_prog_test_run_opts(bpf_program__fd(bench->reference[subject]->progs.vary), &opts);
	if (!err && opts.retval != 2 /* XDP_PASS */)
		err = -EPROTO;
	return err ? err : (int)opts.duration;
}

/* The least of several rounds, of which the first warms up. */
static int bench_measure(struct bench *bench)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (int subject = 0; subject < SUBJECTS; subject++) {
			int ns = subject_run(bench, subject);

			if (ns < 0)
				return ns;
			if (round < 2 || ns < bench->ns[subject])
				bench->ns[subject] = ns;
		}
	}
	return 0;
}

static double over_empty(const struct bench *bench, int subject)
{
	return bench->ns[subject] - bench->ns[EMPTY];
}

static void bench_print(const struct bench *bench)
{
	printf("ns a packet over an empty program, %u flows\n", FLOWS);
	for (int subject = EMPTY + 1; subject < SUBJECTS; subject++)
		printf("%-32s +%3.0f\n", kinds[subject].name, over_empty(bench, subject));
	printf("--tunnels in VXLAN, of a packet with headers as long: %.2f (with two lines: %.2f)\n",
	       over_empty(bench, VXLAN_INSIDE) / over_empty(bench, AS_LONG),
	       over_empty(bench, VXLAN_INSIDE) / over_empty(bench, AS_LONG_TWO_LINES));
	printf("--tcp, of a PERCPU_HASH that only counts: %.2f, IPv6 %.2f\n",
	       over_empty(bench, TCP_FOLLOWED) / over_empty(bench, TCP_TABLE),
	       over_empty(bench, TCP6_FOLLOWED) / over_empty(bench, TCP6_TABLE));
}

int main(void)
{
	struct bench bench = { 0 };
	int err = 0;

	for (int subject = 0; subject < SUBJECTS && !err; subject++)
		err = subject_open(&bench, subject);
	if (!err)
		err = bench_measure(&bench);
	if (!err)
		bench_print(&bench);
	for (int subject = 0; subject < SUBJECTS; subject++) {
		reference_bpf__destroy(bench.reference[subject]);
		kernel_bench_close(&bench.weir[subject]);
	}
	return kernel_bench_status("options", err);
}
