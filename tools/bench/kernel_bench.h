/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmarks of the kernel side share: banks with weir's XDP program on them, and the
 * reference programs, which vary the packets too.
 */
#ifndef WEIR_KERNEL_BENCH_H
#define WEIR_KERNEL_BENCH_H

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/kernel/banks.h"
#include "../../user/filter/filter.h"
#include "../../user/base/seed.h"
#include "../../user/kernel/programs.h"

struct kernel_bench {
	struct banks *banks;
	struct programs *programs;
};

/* Records of two lines, for nothing in particular, tunnels or TCP; or fragments are followed. */
enum bench_extra { BENCH_ONE_LINE, BENCH_TWO_LINES, BENCH_TUNNELS, BENCH_FRAGMENTS,
		   BENCH_TCP };

/* 0 or negative errno; to be closed in both cases. */
static inline int kernel_bench_open(struct kernel_bench *bench, uint32_t slots, uint32_t links,
				    enum bench_extra extra)
{
	struct programs_request request = { .wanted = { [PROGRAM_XDP] = true },
					    .has_tunnels = extra == BENCH_TUNNELS,
					    .has_fragments = extra == BENCH_FRAGMENTS,
					    .has_tcp = extra == BENCH_TCP };
	const struct bank_shape shape = { .slots_per_cpu = slots, .links = links,
					  .has_extra = extra != BENCH_ONE_LINE &&
						       extra != BENCH_FRAGMENTS };
	struct filter_error error;
	struct hash_seed seed;
	int err;

	*bench = (struct kernel_bench){ 0 };
	err = banks_create(&shape, &bench->banks);
	if (!err)
		err = hash_seed_make(&seed);
	request.banks = bench->banks;
	request.seed = &seed;
	if (!err)
		err = programs_load(&request, &bench->programs, &error);
	/* Packets of a test-run come by the loopback interface. */
	return err ? err : programs_add_link(bench->programs, 1, links - 1);
}

static inline void kernel_bench_close(struct kernel_bench *bench)
{
	programs_unload(bench->programs);
	banks_destroy(bench->banks);
}

/* The exit status, after a line where something failed. */
static inline int kernel_bench_status(const char *name, int err)
{
	if (err)
		fprintf(stderr, "bench %s: %s\n", name, strerror(-err));
	return err ? 1 : 0;
}

#endif
