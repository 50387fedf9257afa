/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stream engine costs: merging flow records into panes, a slide of a long window, and
 * the memory of a flow. One process a case, so that each has its own memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../user/engine/engine.h"

#define SECOND  1000000000ull
#define MILLION 1000000u
#define BATCH   256u
#define CASES   12

struct bench {
	struct engine *engine;
	struct window_spec spec;
	size_t results;
	uint64_t flows_told;
	uint64_t end_ns; /* of the pane before */
};

/* Time of this thread on a core, whatever else the machine does. */
static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int result_count(void *context, const struct window_result *result)
{
	struct bench *bench = context;

	bench->results++;
	bench->flows_told += result->total.flows;
	return 0;
}

static int bench_open(struct bench *bench, uint64_t length_s, uint64_t slide_s, size_t top)
{
	struct engine_config config = {
		.windows = &bench->spec, .window_count = 1, .pane_ns = SECOND, .top = top,
		.emit = result_count, .emit_context = bench,
	};

	bench->spec = (struct window_spec){
		.kind = slide_s < length_s ? WINDOW_SLIDING : WINDOW_TUMBLING,
		.length_ns = length_s * SECOND, .slide_ns = slide_s * SECOND,
	};
	bench->engine = engine_create(&config);
	return bench->engine ? 0 : -ENOMEM;
}

/* Numbers in an order that memory does not know: odd factors permute 32 bits. */
static void record_make(struct flow_slot *slot, uint32_t number)
{
	uint32_t mixed = number * 2654435761u;

	memset(slot, 0, sizeof(*slot));
	slot->src[2] = slot->dst[2] = 0xffff0000u;
	slot->src[3] = mixed;
	slot->dst[3] = mixed ^ (mixed >> 15);
	slot->src_port = (__be16)mixed;
	slot->dst_port = 443;
	slot->ip_proto = 6;
	slot->flags = FLOW_IP;
	slot->bytes = 60 + mixed % 1400;
	slot->packets = 1;
	slot->min_len = slot->max_len = (__u16)slot->bytes;
	slot->first_ms = slot->last_ms = mixed % 1000;
}

static struct flow_slot *records_make(uint32_t count)
{
	struct flow_slot *slots = aligned_alloc(64, (size_t)count * sizeof(*slots));

	for (uint32_t i = 0; slots && i < count; i++)
		record_make(&slots[i], i);
	return slots;
}

/* A prime that divides no count of flows: steps of it visit each once. */
#define STRIDE 7368787u

/* In the order of the first pane, as banks bring flows that stay, or in quite another one. */
static int records_merge(struct bench *bench, const struct flow_slot *slots, uint32_t count,
			 bool is_shuffled)
{
	const struct flow_slot *records[BATCH];
	int err = 0;

	for (uint32_t i = 0; !err && i < count; i += BATCH) {
		uint32_t batch = count - i < BATCH ? count - i : BATCH;

		for (uint32_t j = 0; j < batch; j++)
			records[j] = &slots[is_shuffled ? (i + j) * (uint64_t)STRIDE % count :
							  i + j];
		err = engine_merge(bench->engine, records, batch);
	}
	return err;
}

/* A live pane ends a little later than it should. */
static int pane_end_late(struct bench *bench, uint64_t index, uint64_t late_ns)
{
	struct pane pane = { .index = index, .begin_ns = bench->end_ns };

	pane.end_ns = bench->end_ns = (index + 1) * SECOND + late_ns;
	return engine_end_pane(bench->engine, &pane);
}

static int pane_end(struct bench *bench, uint64_t index)
{
	return pane_end_late(bench, index, 0);
}

static void figure_print(const char *name, double value, const char *unit, const char *goal)
{
	printf("%-44s %10.1f %-18s goal %s\n", name, value, unit, goal);
	fflush(stdout);
}

/* As two CPUs bring them: each flow twice a pane. */
static int merge_pane(struct bench *bench, const struct flow_slot *slots, bool is_shuffled)
{
	int err = records_merge(bench, slots, MILLION, is_shuffled);

	return err ? err : records_merge(bench, slots, MILLION, is_shuffled);
}

static int merge_bench(bool is_shuffled, const char *merge_name, const char *all_name)
{
	struct bench bench = { 0 };
	struct flow_slot *slots = records_make(MILLION);
	int err = slots ? bench_open(&bench, 10, 10, 20) : -ENOMEM;
	double merge = 1e9, all = 1e9;

	for (uint64_t pane = 0; !err && pane < 9; pane++) {
		double start = now_s(), merged;

		err = merge_pane(&bench, slots, pane && is_shuffled);
		merged = now_s();
		if (!err)
			err = pane_end(&bench, pane);
		if (pane && merged - start < merge)
			merge = merged - start;
		if (pane && now_s() - start < all)
			all = now_s() - start;
	}
	figure_print(merge_name, 2 / merge, "M records/s", ">= 10");
	figure_print(all_name, 2 / all, "M records/s", ">= 10");
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

/* Flows that are all new in each window: started, listed by rank and forgotten. */
static int churn_bench(size_t top, const char *name)
{
	struct bench bench = { 0 };
	struct flow_slot *slots = records_make(MILLION);
	int err = slots ? bench_open(&bench, 1, 1, top) : -ENOMEM;
	double best = 1e9;

	for (uint64_t pane = 0; !err && pane < 5; pane++) {
		double start = now_s();

		err = records_merge(&bench, slots, MILLION, false);
		if (!err)
			err = pane_end(&bench, pane);
		if (now_s() - start < best)
			best = now_s() - start;
	}
	figure_print(name, 1 / best, "M flows/s", "-");
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

static int merge_few_bench(void)
{
	struct bench bench = { 0 };
	uint32_t flows = 10000;
	struct flow_slot *slots = records_make(flows);
	int err = slots ? bench_open(&bench, 10, 10, 20) : -ENOMEM;
	double start = now_s();

	for (uint32_t i = 0; !err && i < 500; i++) {
		err = records_merge(&bench, slots, flows, false);
		if (!err && i % 20 == 19)
			err = pane_end(&bench, i / 20);
	}
	figure_print("merge and fold, 10 k flows", 5 / (now_s() - start), "M records/s", ">= 10");
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

/* The median and the worst of the slides of a window that is full. */
static int slide_bench(void)
{
	enum { LENGTH = 60, SLIDES = 24 };
	struct bench bench = { 0 };
	struct flow_slot *slots = records_make(MILLION);
	int err = slots ? bench_open(&bench, LENGTH, 1, 20) : -ENOMEM;
	double sum = 0, worst = 0, worst_filling = 0;

	for (uint64_t pane = 0; !err && pane < LENGTH + SLIDES; pane++) {
		double start, took;

		err = records_merge(&bench, slots, MILLION, false);
		start = now_s();
		if (!err)
			err = pane_end(&bench, pane);
		took = now_s() - start;
		if (pane < LENGTH) {
			worst_filling = took > worst_filling ? took : worst_filling;
			continue;
		}
		sum += took;
		worst = took > worst ? took : worst;
	}
	figure_print("slide of sliding:60s/1s, 1 M changed, mean", sum / SLIDES * 1e3, "ms",
		     "<= 250");
	figure_print("the same, worst", worst * 1e3, "ms", "<= 250");
	figure_print("the same, worst while the window fills", worst_filling * 1e3, "ms", "<= 250");
	figure_print("memory of it", (double)engine_memory_bytes(bench.engine) / MILLION,
		     "bytes a flow", "-");
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

/* One percent of the flows change a pane: the rest costs a look at its sums. */
static int slide_few_bench(void)
{
	enum { LENGTH = 60, SLIDES = 40 };
	struct bench bench = { 0 };
	struct flow_slot *slots = records_make(MILLION);
	int err = slots ? bench_open(&bench, LENGTH, 1, 20) : -ENOMEM;
	uint32_t part = MILLION / LENGTH;
	double sum = 0;

	for (uint64_t pane = 0; !err && pane < LENGTH + SLIDES; pane++) {
		double start;

		err = records_merge(&bench, slots + pane % LENGTH * part, part, false);
		start = now_s();
		if (!err)
			err = pane_end(&bench, pane);
		if (pane >= LENGTH)
			sum += now_s() - start;
	}
	figure_print("slide, 1 M active flows, 1/60 changed", sum / SLIDES * 1e3, "ms", "<= 250");
	figure_print("memory of it", (double)engine_memory_bytes(bench.engine) / MILLION,
		     "bytes a flow", "<= 200");
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

static uint64_t resident_bytes(void)
{
	unsigned long long size = 0, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (!statm)
		return 0;
	if (fscanf(statm, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(statm);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Memory of flows seen once each, spread over ten panes, before their window ends. */
static int memory_bench(uint32_t millions, uint64_t slide_s, const char *name, const char *goal)
{
	struct bench bench = { 0 };
	struct flow_slot *slots = aligned_alloc(64, BATCH * sizeof(*slots));
	uint64_t before = resident_bytes(), flows = (uint64_t)millions * MILLION;
	int err = slots ? bench_open(&bench, 10, slide_s, 20) : -ENOMEM;

	for (uint64_t done = 0; !err && done < flows; done += BATCH) {
		for (uint32_t i = 0; i < BATCH; i++)
			record_make(&slots[i], (uint32_t)done + i);
		err = records_merge(&bench, slots, BATCH, false);
		if (!err && done / (flows / 10) != (done + BATCH) / (flows / 10) &&
		    done + BATCH < flows)
			err = pane_end(&bench, done / (flows / 10));
	}
	if (!err)
		figure_print(name, (double)(resident_bytes() - before) / (double)flows,
			     "bytes a flow", goal);
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

/* The same flows with other sizes, several packets a pane, as live traffic has them. */
static void records_vary(struct flow_slot *slots, uint32_t count, uint32_t pane)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t mixed = (i + pane * 0x9e3779b9u) * 2654435761u;
		struct flow_slot *slot = &slots[i];

		slot->packets = 1 + (mixed >> 8) % 12;
		slot->min_len = 60;
		slot->max_len = (uint16_t)(60 + (mixed >> 12) % 1400);
		slot->bytes = slot->packets * (uint64_t)(60 + slot->max_len) / 2;
		slot->first_ms = (uint16_t)(mixed % 500);
		slot->last_ms = (uint16_t)(500 + mixed % 499);
		slot->tcp_flags = 0x18;
	}
}

/* Each of a million flows in each of ten panes. */
static int memory_busy_bench(bool is_varied, const char *name, const char *goal)
{
	struct bench bench = { 0 };
	struct flow_slot *slots = records_make(MILLION);
	uint64_t before = resident_bytes();
	int err = slots ? bench_open(&bench, 10, 1, 20) : -ENOMEM;

	for (uint32_t pane = 0; !err && pane < 24; pane++) {
		if (is_varied)
			records_vary(slots, MILLION, pane);
		err = records_merge(&bench, slots, MILLION, false);
		if (!err)
			err = pane_end_late(&bench, pane, is_varied ? pane * 7919 % 1000 : 0);
	}
	figure_print(name, (double)(resident_bytes() - before) / MILLION, "bytes a flow", goal);
	engine_destroy(bench.engine);
	free(slots);
	return err;
}

static int case_run(int number)
{
	switch (number) {
	case 0:
		return merge_bench(false, "merge, 1 M flows, 2 records each", "merge and fold");
	case 1:
		return merge_bench(true, "merge, the same in random order", "merge and fold");
	case 2:
		return merge_few_bench();
	case 3:
		return churn_bench(20, "flows new each window, the top 20 listed");
	case 4:
		return churn_bench(0, "flows new each window, all listed");
	case 5:
		return slide_bench();
	case 6:
		return slide_few_bench();
	case 7:
		return memory_bench(1, 10, "memory, tumbling:10s, 1 M flows seen once", "<= 200");
	case 8:
		return memory_bench(10, 10, "memory, tumbling:10s, 10 M flows seen once",
				    "<= 180");
	case 9:
		return memory_bench(1, 1, "memory, sliding:10s/1s, 1 M flows seen once", "<= 200");
	case 10:
		return memory_busy_bench(false, "memory, sliding:10s/1s, 1 M flows in all panes",
					 "<= 200");
	case 11:
		return memory_busy_bench(true, "the same, 1-12 packets of any size a pane", "-");
	default:
		return -EINVAL;
	}
}

static int case_run_alone(int number)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child)
		_exit(-case_run(number));
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* With a number, only that case. */
int main(int argc, char **argv)
{
	for (int i = argc > 1 ? atoi(argv[1]) : 0; i < CASES; i++) {
		int err = case_run_alone(i);

		if (err) {
			fprintf(stderr, "bench: case %d: %s\n", i, strerror(-err));
			return 1;
		}
		if (argc > 1)
			break;
	}
	return 0;
}
