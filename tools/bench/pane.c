/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a pane costs in the agent after the flip: a hundred flows in a table of a million slots.
 * The goal is a cost in proportion to the flows, not to the table.
 */
#include "../../user/base/clock.h"
#include "../../user/engine/engine.h"
#include "kernel_bench.h"

#define SLOTS     (1u << 20)
#define FLOWS     100
#define PANES     21
#define PANE_NS   1000000000ull
#define GOAL_US   1000.0
#define FRAME_LEN 60

static int ignore_result(void *context, const struct window_result *result)
{
	(void)context;
	(void)result;
	return 0;
}

static int flows_send(const struct programs *programs)
{
	unsigned char frame[FRAME_LEN] = { [12] = 0x08, [14] = 0x45, [17] = 46, [23] = 17 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));
	int err = 0;

	for (unsigned char flow = 0; flow < FLOWS && !err; flow++) {
		frame[29] = flow;
		err = bpf_prog_test_run_opts(programs_fd(programs, PROGRAM_XDP), &opts);
	}
	return err;
}

static int merge(void *engine, const struct flow_slot *const *records, size_t count)
{
	return engine_merge(engine, records, count);
}

struct scene {
	struct kernel_bench kernel;
	struct engine *engine;
};

/* CPU time of reading the bank and ending the pane, in microseconds. */
static int pane_measure(const struct scene *scene, uint64_t index, double *us)
{
	struct pane pane = { .index = index, .begin_ns = index * PANE_NS };
	uint64_t begin_ns;
	int err = flows_send(scene->kernel.programs);

	if (!err)
		err = banks_flip(scene->kernel.banks, &(struct bank_begin){ .ticks = 0 });
	begin_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	pane.end_ns = pane.begin_ns + PANE_NS;
	if (!err)
		err = banks_drain(scene->kernel.banks, merge, scene->engine, &pane.counts);
	if (!err)
		err = engine_end_pane(scene->engine, &pane);
	*us = (double)(clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns) / 1000.0;
	if (!err && pane.counts.outcome[PACKET_FLOW].packets != FLOWS)
		err = -EPROTO;
	return err;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int bench(struct scene *scene)
{
	const struct window_spec window = { .kind = WINDOW_TUMBLING, .length_ns = 10 * PANE_NS,
					    .slide_ns = 10 * PANE_NS };
	const struct engine_config config = { .windows = &window, .window_count = 1,
					      .pane_ns = PANE_NS, .emit = ignore_result };
	double us[PANES];
	int err;

	scene->engine = engine_create(&config);
	err = scene->engine ? 0 : -ENOMEM;
	for (int i = 0; i < PANES && !err; i++)
		err = pane_measure(scene, (uint64_t)i, &us[i]);
	engine_destroy(scene->engine);
	if (err)
		return err;
	qsort(us, PANES, sizeof(us[0]), compare);
	printf("pane of %d flows in a table of %u slots a CPU: %.0f us CPU (goal %.0f)\n", FLOWS,
	       SLOTS, us[PANES / 2], GOAL_US);
	return 0;
}

int main(void)
{
	struct scene scene = { 0 };
	int err = kernel_bench_open(&scene.kernel, SLOTS, 1, BENCH_ONE_LINE);

	if (!err)
		err = bench(&scene);
	kernel_bench_close(&scene.kernel);
	return kernel_bench_status("pane", err);
}
