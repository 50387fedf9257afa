/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one packet costs in the kernel: weir's program beside an empty one and beside programs
 * that do the same work with the kernel's own tables, by BPF_PROG_TEST_RUN, in one run.
 */
#include <limits.h>

#include "kernel_bench.h"
#include "reference.skel.h"

#define BENCH_EXTRA (1u << 31) /* of links: records have two lines */
#define FRAME_LEN    64
#define ROUNDS       9
#define RUNS_MIN     300000u
#define SLOTS_USUAL  65536u
enum subject { EMPTY, PARSE, WEIR, PERCPU_HASH, LRU_PERCPU_HASH, GLOBAL_HASH, SUBJECTS };

static const char *const subject_names[SUBJECTS] = {
	"empty", "parse only", "weir", "PERCPU_HASH", "LRU_PERCPU_HASH", "HASH, atomic",
};

struct frame_kind {
	const char *name;
	unsigned int tags;
	bool ipv6;
	unsigned int address_offset; /* of the bytes that make a flow */
};

static const struct frame_kind frame_kinds[] = {
	{ "IPv4/UDP", 0, false, 14 + 12 },
	{ "IPv6/UDP", 0, true, 14 + 20 },
	{ "IPv4/UDP, one tag", 1, false, 18 + 12 },
	{ "IPv4/UDP, two tags", 2, false, 22 + 12 },
};

struct bench {
	struct reference_bpf *reference;
	struct kernel_bench weir;
	unsigned char frame[FRAME_LEN + 16];
	unsigned int frame_len;
	double ns[SUBJECTS];
};

static void frame_make(struct bench *bench, const struct frame_kind *kind)
{
	unsigned char *at = bench->frame + 12;

	memset(bench->frame, 0, sizeof(bench->frame));
	for (unsigned int i = 0; i < kind->tags; i++, at += 4)
		memcpy(at, i + 1 < kind->tags ? "\x88\xa8\0\7" : "\x81\0\0\5", 4);
	bench->frame_len = FRAME_LEN;
	if (kind->ipv6) {
		memcpy(at, "\x86\xdd\x60\0\0\0\0\x0a\x11\x40", 10);
		at += 2 + 40;
	} else {
		memcpy(at, "\x08\0\x45\0\0\x2e\0\0\0\0\x40\x11", 12);
		at += 2 + 20;
	}
	memcpy(at, "\x10\0\0\x35\0\x0a", 6);
}

static int reference_open(struct bench *bench, const struct frame_kind *kind, uint32_t slots)
{
	struct reference_bpf *r = reference_bpf__open();

	bench->reference = r;
	if (!r)
		return -errno;
	r->rodata->vary_offset = kind->address_offset;
	bpf_map__set_max_entries(r->maps.percpu_hash, slots);
	bpf_map__set_max_entries(r->maps.lru_percpu_hash, slots);
	bpf_map__set_max_entries(r->maps.global_hash, slots);
	return reference_bpf__load(r);
}

static void bench_close(struct bench *bench)
{
	reference_bpf__destroy(bench->reference);
	kernel_bench_close(&bench->weir);
}

static int subject_fd(const struct bench *bench, enum subject subject)
{
	const struct bpf_program *const programs[SUBJECTS] = {
		[EMPTY] = bench->reference->progs.empty,
		[PARSE] = bench->reference->progs.parse_only,
		[PERCPU_HASH] = bench->reference->progs.count_percpu_hash,
		[LRU_PERCPU_HASH] = bench->reference->progs.count_lru_percpu_hash,
		[GLOBAL_HASH] = bench->reference->progs.count_global_hash,
	};

	if (subject == WEIR)
		return programs_fd(bench->weir.programs, PROGRAM_XDP);
	return bpf_program__fd(programs[subject]);
}

/* Nanoseconds a run, as the kernel measures them; a negative number is -errno. */
static int subject_run(struct bench *bench, enum subject subject, uint32_t runs)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bench->frame,
		    .data_size_in = bench->frame_len, .repeat = (int)runs);
	int fd = subject_fd(bench, subject), err;
	__u32 key = 0;

	err = bpf_map_update_elem(bpf_map__fd(bench->reference->maps.target), &key, &fd, BPF_ANY);
	if (!err)
		err = bpf_prog_test_run_opts(bpf_program__fd(bench->reference->progs.vary), &opts);
	if (!err && opts.retval != 2 /* XDP_PASS */)
		err = -EPROTO;
	return err ? err : (int)opts.duration;
}

/* The least of several rounds, the subjects taking turns. */
static int bench_measure(struct bench *bench, uint32_t flows)
{
	uint32_t runs = flows * 3 > RUNS_MIN ? flows * 3 : RUNS_MIN;

	bench->reference->bss->vary_mask = flows - 1;
	for (int round = 0; round < ROUNDS; round++) {
		for (int subject = 0; subject < SUBJECTS; subject++) {
			int ns = subject_run(bench, subject, runs);

			if (ns < 0)
				return ns;
			if (round == 1 || ns < bench->ns[subject])
				bench->ns[subject] = ns;
		}
	}
	return 0;
}

static void bench_print(const struct bench *bench, const struct frame_kind *kind, uint32_t flows)
{
	double weir = bench->ns[WEIR] - bench->ns[EMPTY];

	printf("%-20s %7u flows  empty %2.0f  parse +%2.0f  weir +%3.0f", kind->name, flows,
	       bench->ns[EMPTY], bench->ns[PARSE] - bench->ns[EMPTY], weir);
	for (int subject = PERCPU_HASH; subject < SUBJECTS; subject++) {
		double other = bench->ns[subject] - bench->ns[EMPTY];

		printf("  %s +%.0f (ratio %.2f)", subject_names[subject], other, weir / other);
	}
	printf("\n");
	fflush(stdout);
}

static int bench_kind(const struct frame_kind *kind, uint32_t flows, uint32_t links)
{
	uint32_t slots = flows * 2 > SLOTS_USUAL ? flows * 2 : SLOTS_USUAL;
	struct bench bench = { 0 };
	int err = kernel_bench_open(&bench.weir, slots, links & ~BENCH_EXTRA,
				    links & BENCH_EXTRA ? BENCH_TWO_LINES : BENCH_ONE_LINE);

	frame_make(&bench, kind);
	if (!err)
		err = reference_open(&bench, kind, slots);
	if (!err)
		err = bench_measure(&bench, flows);
	if (!err)
		bench_print(&bench, kind, flows);
	bench_close(&bench);
	return err;
}

/*
 * Limits the run to that many lines, tells so many links apart, and counts into records of two
 * lines where there is a third argument: packet [LINES [LINKS [extra]]].
 */
int main(int argc, char **argv)
{
	long lines = argc > 1 ? atol(argv[1]) : LONG_MAX;
	uint32_t links = argc > 2 ? (uint32_t)atol(argv[2]) : 1;

	if (argc > 3)
		links |= BENCH_EXTRA;
	static const uint32_t flow_counts[] = { 1, 1024, 65536, 524288 };
	enum { KINDS = sizeof(frame_kinds) / sizeof(frame_kinds[0]),
	       FLOW_COUNTS = sizeof(flow_counts) / sizeof(flow_counts[0]) };

	int err = 0;

	printf("ns a packet over an empty program; the ratio is weir's part of the other's\n");
	for (size_t i = 0; i < KINDS * FLOW_COUNTS && lines > 0; i++, lines--) {
		const struct frame_kind *kind = &frame_kinds[i / FLOW_COUNTS];

		err = bench_kind(kind, flow_counts[i % FLOW_COUNTS], links);

		if (err)
			return kernel_bench_status(kind->name, err);
	}
	return 0;
}
