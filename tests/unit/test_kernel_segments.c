/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments that the programs count by their short way, and those just beside it: the host, which
 * has one way for all, tells the same of each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "kernel_scene.h"
#include "privilege.h"
#include "random.h"

#define CONNECTIONS 24u
#define SEGMENTS    6000
#define STAMPS_LEN  12u

/* One way of a connection: where its data ends. */
struct side {
	uint32_t seq;
};

static const struct layer segment4[] = { ETHERNET, IPV4, TCP(0x10), PAYLOAD(100), { 0 } };
static const struct layer segment4_stamped[] = { ETHERNET, IPV4, TCP_OPTIONS(0x10, STAMPS_LEN),
						 PAYLOAD(100), { 0 } };
static const struct layer segment6[] = { ETHERNET, IPV6, TCP(0x10), PAYLOAD(100), { 0 } };
static const struct layer tagged6[] = { ETHERNET, VLAN(7), IPV6, TCP_OPTIONS(0x10, STAMPS_LEN),
					PAYLOAD(100), { 0 } };
static const struct layer options4[] = { ETHERNET, IPV4_OPTIONS(8), TCP(0x10), PAYLOAD(100),
					 { 0 } };

static const struct layer *const shapes[] = { segment4, segment4, segment4_stamped, segment6,
					      segment6, tagged6, options4 };

static void set32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

/* The frame as that of a connection: both ways have the same two ends. */
static void frame_turn(struct frame *f, uint8_t *tcp, uint32_t number, bool is_back)
{
	bool is_ipv6 = f->bytes[f->ip_at] >> 4 == 6;
	uint32_t len = is_ipv6 ? 16 : 4;
	uint8_t *src = f->bytes + f->ip_at + (is_ipv6 ? 8 : 12), *dst = src + len;

	memset(src, is_back ? 2 : 1, len);
	memset(dst, is_back ? 1 : 2, len);
	src[0] = dst[0] = (uint8_t)number;
	memcpy(tcp, is_back ? "\x01\xbb\x9c\x40" : "\x9c\x40\x01\xbb", 4);
}

/* Mostly the data that comes next, else some of before, a gap, a control segment, a window of 0. */
static void segment_fill(struct frame *f, uint8_t *tcp, struct side *side, uint32_t payload,
			 uint64_t *seed)
{
	static const uint8_t flags[] = { 0x02, 0x12, 0x11, 0x14, 0x04, 0x18, 0x00, 0x01 };
	uint32_t chance = random_below(seed, 40);

	if (chance == 0)
		side->seq -= random_below(seed, 300);
	if (chance == 1)
		side->seq += random_below(seed, 300);
	set32(tcp + 4, side->seq);
	set32(tcp + 8, random_next(seed));
	tcp[13] = chance == 2 ? flags[random_below(seed, sizeof(flags))] : 0x10;
	tcp[14] = 0;
	tcp[15] = chance != 3;
	if (chance == 4)
		tcp[12] = (uint8_t)(random_below(seed, 16) << 4);
	if (chance == 5)
		frame_set16(f, f->length_at, random_below(seed, 200));
	if (tcp[12] == 0x80 && chance != 6)
		memcpy(tcp + 20, "\1\1\x08\x0a\0\0\0\1\0\0\0\1", STAMPS_LEN);
	side->seq += payload;
}

static void count_conversations(struct scene *scene)
{
	struct side sides[CONNECTIONS][2] = { 0 };
	uint64_t seed = 0x2718281828459045;
	struct frame f;

	for (int i = 0; i < SEGMENTS; i++) {
		uint32_t number = random_below(&seed, CONNECTIONS), payload = 100;
		uint32_t back = random_below(&seed, 2);
		uint8_t *tcp;

		frame_build(&f, shapes[number % (sizeof(shapes) / sizeof(shapes[0]))]);
		tcp = f.bytes + f.next_at + (f.bytes[f.ip_at] >> 4 == 6 ? 34 : 11);
		if (f.bytes[f.ip_at] == 0x47)
			tcp += 8;
		if (!random_below(&seed, 3)) {
			payload = 0;
			f.len -= 100;
			frame_set16(&f, f.length_at,
				    (uint32_t)(f.bytes[f.length_at] << 8 | f.bytes[f.length_at + 1]) - 100);
		}
		frame_turn(&f, tcp, number, back);
		segment_fill(&f, tcp, &sides[number][back], payload, &seed);
		scene_count_all(scene, f.bytes, f.len);
	}
}

static void conversations_are_followed_the_same_in_the_kernel(void **state)
{
	static const struct scene_options options[] = {
		{ .has_extra = true, .has_tcp = true, .one_link = true },
		{ .has_extra = true, .has_tcp = true },
		{ .has_extra = true, .has_tcp = true, .has_ip_bytes = true },
		{ .has_extra = true, .has_tcp = true, .one_link = true, .slots = 64 },
		{ .has_extra = true, .has_tcp = true, .one_link = true, .realtime = true },
		{ .has_extra = true, .has_tcp = true, .one_link = true, .group = "src,dst" },
		{ .has_extra = true, .has_tcp = true, .one_link = true, .has_fragments = true },
		{ .has_extra = true, .has_tcp = true, .has_tunnels = true },
	};
	struct scene scene;
	struct drained d;

	(void)state;
	need_root();
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		scene_open(&scene, options[i]);
		for (int pane = 0; pane < 2; pane++) {
			count_conversations(&scene);
			d = host_bank_drain(&scene.host);
			assert_true(d.retransmitted_packets > 1000 && d.resets && d.zero_windows);
			drained_free(&d);
			scene_expect_same(&scene);
		}
		scene_close(&scene);
	}
}

/* Frames cut at each length, of flows and connections that are known. */
static void cut_segments_are_the_same_in_the_kernel(void **state)
{
	struct scene scene;
	struct frame f;

	(void)state;
	need_root();
	for (int has_links = 0; has_links < 2; has_links++) {
		scene_open(&scene, (struct scene_options){ .has_extra = true, .has_tcp = true,
							   .one_link = !has_links });
		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
			frame_build(&f, shapes[i]);
			scene_count_all(&scene, f.bytes, f.len);
			for (uint32_t len = 14; len <= f.len; len++)
				scene_count_all(&scene, f.bytes, len);
		}
		scene_expect_same(&scene);
		scene_close(&scene);
	}
}

/* What is not in the first buffer is there all the same. */
static void segments_in_several_buffers_are_the_same_in_the_kernel(void **state)
{
	struct scene scene;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .has_extra = true, .has_tcp = true,
						   .one_link = true });
	for (uint32_t linear = 60; linear < 100; linear++) {
		struct test_packet packet = { .bytes = f.bytes, .linear = linear };
		uint8_t *tcp;

		frame_build(&f, segment4_stamped);
		tcp = f.bytes + 34;
		memcpy(tcp + 20, "\1\1\x08\x0a\0\0\0\1\0\0\0\1", STAMPS_LEN);
		set32(tcp + 4, linear * 100);
		packet.len = f.len;
		scene_count(&scene, PROGRAM_XDP_FRAGS, &packet);
	}
	scene_expect_same(&scene);
	scene_close(&scene);
}

#define PANES       40
#define PANE_NS     25000000
#define AT_ONCE     6u /* connections, followed by two CPUs at once */

/* A CPU that has one direction of the connections: sends data, or acknowledges what was sent. */
struct direction {
	pthread_t thread;
	const struct scene *scene;
	int cpu;
	bool is_back;
	bool *stop;
	uint32_t *sent; /* by connection: where its data ends */
	int err;
};

/* Of the CPUs that the process may run on, that of a number, counted round. */
static int usable_cpu(const cpu_set_t *set, int number)
{
	int left = number % CPU_COUNT(set), cpu = 0;

	while (!CPU_ISSET((size_t)cpu, set) || left--)
		cpu++;
	return cpu;
}

static void *direction_run(void *context)
{
	struct direction *d = context;
	struct frame f;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)d->cpu, &set);
	d->err = sched_setaffinity(0, sizeof(set), &set);
	frame_build(&f, segment4);
	if (d->is_back)
		frame_set16(&f, f.length_at, 40);
	for (uint32_t i = 0; !d->err && !__atomic_load_n(d->stop, __ATOMIC_RELAXED); i++) {
		uint32_t number = i % AT_ONCE, sent = __atomic_load_n(&d->sent[number], __ATOMIC_ACQUIRE);
		uint8_t *tcp = f.bytes + 34;
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f.bytes, .data_size_in = f.len,
			    .repeat = 1);

		frame_turn(&f, tcp, number, d->is_back);
		memcpy(tcp + (d->is_back ? 8 : 4), &(uint32_t){ htonl(sent) }, 4);
		tcp[15] = 1;
		d->err = bpf_prog_test_run_opts(programs_fd(d->scene->programs, PROGRAM_XDP), &opts);
		if (!d->is_back)
			__atomic_store_n(&d->sent[number], sent + 100, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* What panes tell, by connection. */
struct followed {
	uint64_t samples[AT_ONCE];
	uint64_t retransmitted;
};

static int take_followed(void *context, const struct flow_slot *const *records, size_t count)
{
	struct followed *followed = context;

	for (size_t i = 0; i < count; i++) {
		const struct flow_extra *extra = &((const struct flow_record *)records[i])->extra;

		followed->samples[((const uint8_t *)&records[i]->src[3])[0]] += extra->rtt_samples;
		followed->retransmitted += extra->retransmitted_packets;
	}
	return 0;
}

static void pane_take(struct scene *scene, struct followed *followed)
{
	const struct timespec pane = { .tv_nsec = PANE_NS };
	struct outcome_counts counts;
	uint64_t ticks;

	nanosleep(&pane, NULL);
	assert_int_equal(programs_read_ticks(scene->programs, &ticks), 0);
	assert_int_equal(banks_flip(scene->banks, &(struct bank_begin){ .ticks = ticks }), 0);
	assert_int_equal(banks_drain(scene->banks, take_followed, followed, &counts), 0);
}

/* Data is on one CPU, what acknowledges it on the other: times go on being told to the end. */
static void two_cpus_follow_a_connection_at_once(void **state)
{
	uint32_t sent[AT_ONCE] = { 0 };
	struct followed first = { 0 }, last = { 0 };
	struct direction directions[2];
	struct scene scene;
	bool stop = false;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .has_extra = true, .has_tcp = true,
						   .one_link = true });
	assert_int_equal(sched_setaffinity(0, sizeof(scene.cpus), &scene.cpus), 0);
	for (int i = 0; i < 2; i++) {
		directions[i] = (struct direction){ .scene = &scene, .is_back = i, .stop = &stop,
						    .cpu = usable_cpu(&scene.cpus, i),
						   .sent = sent };
		assert_int_equal(pthread_create(&directions[i].thread, NULL, direction_run,
						&directions[i]), 0);
	}
	for (int pane = 0; pane < PANES; pane++)
		pane_take(&scene, pane < PANES / 2 ? &first : &last);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(directions[i].thread, NULL);
		assert_int_equal(directions[i].err, 0);
	}
	assert_int_equal(first.retransmitted + last.retransmitted, 0);
	for (uint32_t i = 0; i < AT_ONCE; i++)
		assert_true(first.samples[i] > 5 && last.samples[i] > 5);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_are_followed_the_same_in_the_kernel),
		cmocka_unit_test(cut_segments_are_the_same_in_the_kernel),
		cmocka_unit_test(segments_in_several_buffers_are_the_same_in_the_kernel),
		cmocka_unit_test(two_cpus_follow_a_connection_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
