/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packet costs when each is a new flow and the table is far too small, on one CPU and on
 * two at once: they share nothing, so it must cost no more on two.
 */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "kernel_bench.h"
#include "reference.skel.h"

#define SLOTS     4096
#define RUNS      1000000
#define ROUNDS    5
#define CPUS_MAX  2
#define FRAME_LEN 60
#define SOURCE_ADDRESS 26

struct flood {
	struct kernel_bench weir;
	struct reference_bpf *reference;
};

/* One CPU's share: its time a packet, or a negative errno. */
struct runner {
	const struct flood *flood;
	int cpu;
	int ns;
};

static void *runner_main(void *argument)
{
	unsigned char frame[FRAME_LEN] = { [12] = 0x08, [14] = 0x45, [17] = 46, [23] = 17 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = RUNS);
	struct runner *runner = argument;
	cpu_set_t cpus;
	int err;

	CPU_ZERO(&cpus);
	CPU_SET(runner->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	err = bpf_prog_test_run_opts(
		bpf_program__fd(runner->flood->reference->progs.vary_all), &opts);
	runner->ns = err ? err : (int)opts.duration;
	return NULL;
}

/* The slowest CPU's time a packet on so many CPUs at once; a negative errno. */
static int flood_round(const struct flood *flood, int cpus)
{
	struct runner runners[CPUS_MAX];
	pthread_t threads[CPUS_MAX];
	int worst = 0;

	for (int i = 0; i < cpus; i++) {
		runners[i] = (struct runner){ .flood = flood, .cpu = i };
		if (pthread_create(&threads[i], NULL, runner_main, &runners[i]))
			exit(1);
	}
	for (int i = 0; i < cpus; i++) {
		pthread_join(threads[i], NULL);
		if (runners[i].ns < 0 || (worst >= 0 && runners[i].ns > worst))
			worst = runners[i].ns;
	}
	return worst;
}

static int flood_best(const struct flood *flood, int target_fd, int cpus)
{
	const __u32 key = 0;
	int best = 0;
	int err = bpf_map_update_elem(bpf_map__fd(flood->reference->maps.target), &key,
				      &target_fd, BPF_ANY);

	for (int round = 0; round < ROUNDS && !err; round++) {
		int ns = flood_round(flood, cpus);

		if (ns < 0)
			return ns;
		if (!round || ns < best)
			best = ns;
	}
	return err ? err : best;
}

static int ignore_records(void *context, const struct flow_slot *const *records, size_t count)
{
	(void)context;
	(void)records;
	(void)count;
	return 0;
}

/* All that was sent must be in the outcomes. */
static int flood_check(const struct flood *flood, uint64_t sent)
{
	struct outcome_counts counts;
	uint64_t seen = 0;
	int err = banks_flip(flood->weir.banks, &(struct bank_begin){ .ticks = 0 });

	if (!err)
		err = banks_drain(flood->weir.banks, ignore_records, NULL, &counts);
	for (int i = 0; i < PACKET_OUTCOME_COUNT && !err; i++)
		seen += counts.outcome[i].packets;
	if (!err && seen != sent)
		err = -EPROTO;
	return err;
}

static int flood_run(const struct flood *flood)
{
	int empty_fd = bpf_program__fd(flood->reference->progs.empty);
	int weir_fd = programs_fd(flood->weir.programs, PROGRAM_XDP);
	int cpus_max = sysconf(_SC_NPROCESSORS_ONLN) < CPUS_MAX ? 1 : CPUS_MAX;

	for (int cpus = 1; cpus <= cpus_max; cpus++) {
		int empty = flood_best(flood, empty_fd, cpus);
		int weir = empty < 0 ? empty : flood_best(flood, weir_fd, cpus);
		int err = weir < 0 ? weir : flood_check(flood, (uint64_t)cpus * ROUNDS * RUNS);

		if (err)
			return err;
		printf("flood of new flows, %d slots, %d CPU%s: +%d ns a packet, all accounted\n",
		       SLOTS, cpus, cpus > 1 ? "s at once" : "", weir - empty);
	}
	return 0;
}

int main(void)
{
	struct flood flood = { 0 };
	int err = kernel_bench_open(&flood.weir, SLOTS, 1, BENCH_ONE_LINE);

	flood.reference = reference_bpf__open();
	if (!flood.reference)
		err = -errno;
	if (!err) {
		flood.reference->rodata->vary_offset = SOURCE_ADDRESS;
		err = reference_bpf__load(flood.reference);
	}
	if (!err)
		err = flood_run(&flood);
	reference_bpf__destroy(flood.reference);
	kernel_bench_close(&flood.weir);
	return kernel_bench_status("flood", err);
}
