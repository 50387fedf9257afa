/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs with full tables, with a group-by, with a filter, and while banks change places. */
#include "outcome_scene.h"

#include <pthread.h>

#define FLIPS          200
#define REPEAT         500
#define RUNNERS_MAX    4
#define FLOWS_A_RUNNER 64

/* CPUs that this process may run on, at most max. */
static int usable_cpus(int *cpus, int max)
{
	cpu_set_t set;
	int count = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && count < max; cpu++) {
		if (CPU_ISSET((size_t)cpu, &set))
			cpus[count++] = cpu;
	}
	return count;
}

static struct link_tally *scene_host_tally(const struct scene *scene, enum program_kind kind)
{
	return host_bank_tally(&scene->host, host_bank_section(&scene->host, 0),
			       scene_tally_index(scene, kind));
}

static void a_full_table_evicts_the_same_flows_in_the_kernel(void **state)
{
	struct scene scene;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .slots = 64 });
	count_many_flows(&scene);
	assert_int_equal(host_bank_section(&scene.host, 0)->spill_used,
			 scene.host.geometry.spill_slots);
	assert_true(scene_host_tally(&scene, PROGRAM_XDP)->unattributed.packets > 0);
	assert_true(scene_host_tally(&scene, PROGRAM_TC_EGRESS)->unattributed.packets > 0);
	scene_expect_same(&scene);
	scene_close(&scene);
}

/* The section has the flows of the host's one, at the same places; or none where that is NULL. */
static void expect_section(struct section_header *section, const struct host_bank *host,
			   struct section_header *expected)
{
	const struct bank_geometry *g = &host->geometry;
	const struct flow_slot *slot, *other;

	for (uint32_t i = 0; i < g->slots; i++) {
		slot = section_slot(section, g, i, false);
		assert_int_equal(slot->packets != 0,
				 expected && host_bank_marks(host, expected, i));
		if (!slot->packets)
			continue;
		other = section_slot(expected, g, i, false);
		assert_memory_equal(slot->words, other->words, 5 * sizeof(slot->words[0]));
		assert_int_equal(slot->bytes, other->bytes);
	}
}

/* What this CPU has counted is in its sections as on the host, and nothing in all others. */
static void expect_sections_of(const struct scene *scene, int cpu)
{
	const struct bank_geometry *g = &scene->host.geometry;
	struct bank_map map = bank_map_active(scene->banks);

	for (uint32_t i = 0; i < bank_sections(banks_geometry(scene->banks)); i++) {
		struct section_header *expected = NULL;

		if (i / g->sections_per_cpu == (uint32_t)cpu)
			expected = host_bank_section(&scene->host, i % g->sections_per_cpu);
		expect_section(bank_map_section(&map, i), &scene->host, expected);
	}
	bank_map_close(&map);
}

static void each_cpu_counts_into_sections_of_its_own_by_the_hash(void **state)
{
	int cpus[RUNNERS_MAX], count = usable_cpus(cpus, RUNNERS_MAX);
	struct scene scene;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .slots = 4 * SECTION_SLOTS_MAX });
	frame_build(&f, udp6);
	for (int i = 0; i < count; i++) {
		stay_on_cpu(cpus[i]);
		for (uint32_t flow = 0; flow < 200; flow++) {
			frame_number(&f, flow);
			scene_count_all(&scene, f.bytes, f.len);
		}
		expect_sections_of(&scene, cpus[i]);
		scene_expect_same(&scene);
	}
	scene_close(&scene);
}

static void a_key_is_reduced_to_the_same_group_in_the_kernel(void **state)
{
	static const char *const groups[] = {
		"src", "proto", "dst_port,src/24:64", "vlan,direction", "interface",
		"dst/8,inner_vlan,proto",
	};
	struct scene scene;
	struct frame f;

	(void)state;
	need_root();
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		scene_open(&scene, (struct scene_options){ .group = groups[g] });
		for (uint32_t i = 0; i < PACKET_CASES; i++) {
			frame_build(&f, packet_cases[i].layers);
			frame_number(&f, i * 0x1234567);
			scene_count_all(&scene, f.bytes, f.len);
		}
		scene_expect_same(&scene);
		scene_close(&scene);
	}
}

static void one_link_is_not_looked_up(void **state)
{
	struct scene scene;
	struct drained d;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .one_link = true, .slots = 64 });
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		scene_count_all(&scene, f.bytes, f.len);
	}
	count_many_flows(&scene);
	scene_expect_same(&scene);
	frame_build(&f, tcp4);
	scene_count_all(&scene, f.bytes, f.len);
	d = scene_drain_kernel(&scene);
	assert_int_equal(flow_link_number(d.records[0].flags, d.records[0].vlan,
					  d.records[0].inner_vlan), 0);
	drained_free(&d);
	scene_close(&scene);
}

/* TCP segments with windows of 0 and others, resets, and datagrams. */
static void count_windows(struct scene *scene)
{
	static const uint8_t flags[] = { 0x10, 0x18, 0x02, 0x14, 0x04, 0x11 };
	uint64_t seed = 0x1414213562373095;
	struct frame f;

	for (int i = 0; i < 2000; i++) {
		uint8_t *tcp;

		frame_build(&f, random_below(&seed, 4) ? tcp4 : udp6);
		frame_number(&f, random_below(&seed, FLOWS));
		tcp = f.bytes + 34;
		if (f.bytes[23] == IPPROTO_TCP && f.bytes[12] == 8) {
			tcp[13] = flags[random_below(&seed, sizeof(flags))];
			tcp[14] = 0;
			tcp[15] = (uint8_t)(random_below(&seed, 2) * 5);
			tcp[6] = (uint8_t)random_below(&seed, 3);
			tcp[7] = (uint8_t)random_below(&seed, 256);
		}
		scene_count_all(scene, f.bytes, f.len);
	}
}

static void records_of_two_lines_are_the_same_in_the_kernel(void **state)
{
	struct scene scene;
	struct drained d;

	(void)state;
	need_root();
	for (int i = 0; i < 4; i++) {
		scene_open(&scene, (struct scene_options){ .has_extra = true, .slots = 64,
							   .has_tcp = i > 0,
							   .has_tunnels = i == 3,
							   .group = i == 2 ? "src,dst" : NULL,
							   .has_ip_bytes = i == 1,
							   .one_link = i == 1 });
		count_windows(&scene);
		d = host_bank_drain(&scene.host);
		assert_int_equal(d.resets > 1000 && d.zero_windows > 500, i > 0);
		assert_int_equal(d.retransmitted_packets > 100, i > 0);
		assert_int_equal(d.ip_bytes > 0, i == 1);
		assert_true(host_bank_section(&scene.host, 0)->spill_used > 0);
		drained_free(&d);
		scene_expect_same(&scene);
		scene_close(&scene);
	}
}

/* A thread that sends packets of its own flows on one CPU until it is told to stop. */
struct runner {
	pthread_t thread;
	const struct scene *scene;
	int cpu;
	uint32_t number;
	bool *stop;
	int err;
	uint64_t sent[FLOWS_A_RUNNER];
};

static uint32_t runner_flow(const struct runner *r, uint32_t flow)
{
	return r->number << 16 | flow;
}

static void *runner_run(void *context)
{
	struct runner *r = context;
	struct frame f;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)r->cpu, &set);
	r->err = sched_setaffinity(0, sizeof(set), &set);
	frame_build(&f, tcp4);
	for (uint32_t i = 0; !r->err && !__atomic_load_n(r->stop, __ATOMIC_RELAXED); i++) {
		uint32_t flow = i % FLOWS_A_RUNNER;
		enum program_kind kind = i % ETHERNET_KINDS;
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f.bytes, .data_size_in = f.len,
			    .repeat = REPEAT);

		frame_number(&f, runner_flow(r, flow));
		r->err = bpf_prog_test_run_opts(programs_fd(r->scene->programs, kind), &opts);
		if (!r->err)
			r->sent[flow] += REPEAT;
	}
	return NULL;
}

/* The records of the pane, added to what was counted for each runner's flows. */
static void add_counted(struct drained *d, uint64_t counted[][FLOWS_A_RUNNER])
{
	for (size_t i = 0; i < d->count; i++) {
		uint32_t number = ntohl(d->records[i].src[3]);

		assert_true(number >> 16 < RUNNERS_MAX);
		assert_true((number & 0xffff) < FLOWS_A_RUNNER);
		assert_int_equal(d->records[i].bytes, d->records[i].packets * 60ull);
		counted[number >> 16][number & 0xffff] += d->records[i].packets;
	}
	assert_int_equal(d->outcome[PACKET_UNATTRIBUTED].packets, 0);
	drained_free(d);
}

static void every_packet_is_counted_while_banks_change_places(void **state)
{
	uint64_t counted[RUNNERS_MAX][FLOWS_A_RUNNER] = { 0 };
	struct runner runners[RUNNERS_MAX] = { 0 };
	int cpus[RUNNERS_MAX], count = usable_cpus(cpus, RUNNERS_MAX);
	struct scene scene;
	bool stop = false;
	struct drained d;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .slots = 1024 });
	assert_int_equal(sched_setaffinity(0, sizeof(scene.cpus), &scene.cpus), 0);
	for (int i = 0; i < count; i++) {
		runners[i] = (struct runner){ .scene = &scene, .cpu = cpus[i],
					      .number = (uint32_t)i, .stop = &stop };
		assert_int_equal(pthread_create(&runners[i].thread, NULL, runner_run, &runners[i]),
				 0);
	}
	for (int flip = 0; flip < FLIPS; flip++) {
		d = scene_drain_kernel(&scene);
		add_counted(&d, counted);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < count; i++)
		pthread_join(runners[i].thread, NULL);
	d = scene_drain_kernel(&scene);
	add_counted(&d, counted);
	for (int i = 0; i < count; i++) {
		assert_int_equal(runners[i].err, 0);
		assert_true(runners[i].sent[0] > 0);
		assert_memory_equal(counted[i], runners[i].sent, sizeof(runners[i].sent));
	}
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_is_counted_while_banks_change_places),
		cmocka_unit_test(a_full_table_evicts_the_same_flows_in_the_kernel),
		cmocka_unit_test(each_cpu_counts_into_sections_of_its_own_by_the_hash),
		cmocka_unit_test(a_key_is_reduced_to_the_same_group_in_the_kernel),
		cmocka_unit_test(one_link_is_not_looked_up),
		cmocka_unit_test(records_of_two_lines_are_the_same_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
