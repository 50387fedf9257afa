/* SPDX-License-Identifier: BSD-2-Clause */
/* What the table of connections tells of segments; times are passed in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../include/follow.h"
#include "random.h"

#define ACK TCP_FLAG_ACK
#define SYN TCP_FLAG_SYN

/* Two flows, one of each direction, of connection number 0; more connections by their number. */
struct scene {
	struct connection_table table;
	struct hash_seed seed;
	__u64 missed;
	struct flow_record there, back;
};

static void scene_open(struct scene *scene, uint32_t sets)
{
	memset(scene, 0, sizeof(*scene));
	for (int i = 0; i < 13; i++)
		scene->seed.word[i] = 0x9e3779b97f4a7c15ull * (2 * (uint64_t)i + 1);
	scene->table = (struct connection_table){
		.connections = calloc(sets * CONNECTION_WAYS, sizeof(struct connection)),
		.sets = sets,
		.missed_ticks = CONNECTION_MISSED_MS,
		.missed = &scene->missed,
		.seed = &scene->seed,
	};
	scene->there.slot.src[3] = scene->back.slot.dst[3] = 1;
	scene->there.slot.dst[3] = scene->back.slot.src[3] = 2;
}

static void scene_close(struct scene *scene)
{
	free(scene->table.connections);
}

static void follow(struct scene *scene, struct flow_record *record, struct segment segment)
{
	segment.full = segment.full ? segment.full : segment.payload;
	segment.tick = (uint32_t)(segment.time_ns / 1000000);
	if (!connection_follow(&scene->table, record, &segment)) {
		connection_place(&scene->table, record, &segment);
		assert_true(connection_follow(&scene->table, record, &segment));
	}
}

static void of_a_merged_packet_the_segments_below_the_end_count(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	follow(&scene, &scene.there, (struct segment){ .seq = 1, .payload = 1500, .flags = ACK });
	follow(&scene, &scene.there,
	       (struct segment){ .seq = 1, .payload = 5000, .full = 1000, .flags = ACK });
	assert_int_equal(scene.there.extra.retransmitted_packets, 2);
	assert_int_equal(scene.there.extra.retransmitted_bytes, 2000);
	scene_close(&scene);
}

static void the_next_segment_of_who_was_answered_takes_the_time(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	follow(&scene, &scene.there, (struct segment){ .seq = 9, .flags = SYN, .time_ns = 1000 });
	follow(&scene, &scene.back, (struct segment){ .seq = 5, .ack = 10, .flags = SYN | ACK,
						      .time_ns = 8000 });
	assert_int_equal(scene.there.extra.rtt_samples, 0);
	follow(&scene, &scene.there, (struct segment){ .seq = 10, .ack = 6, .flags = ACK,
						       .time_ns = 9500 });
	assert_int_equal(scene.there.extra.rtt_samples, 1);
	assert_int_equal(scene.there.extra.rtt_average_ns, 7000);
	assert_int_equal(scene.there.extra.handshake_rtt_ns, 7000);
	follow(&scene, &scene.back, (struct segment){ .seq = 6, .ack = 10, .flags = ACK,
						      .time_ns = 9900 });
	assert_int_equal(scene.back.extra.handshake_rtt_ns, 1500);
	scene_close(&scene);
}

static void what_was_sent_again_is_not_timed(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	follow(&scene, &scene.there, (struct segment){ .seq = 9, .flags = SYN, .time_ns = 1 });
	follow(&scene, &scene.there, (struct segment){ .seq = 9, .flags = SYN, .time_ns = 9000000 });
	follow(&scene, &scene.back, (struct segment){ .ack = 10, .flags = SYN | ACK,
						      .time_ns = 9100000 });
	follow(&scene, &scene.there, (struct segment){ .seq = 10, .ack = 1, .flags = ACK });
	assert_int_equal(scene.there.extra.rtt_samples, 0);
	scene_close(&scene);
}

static void an_answer_to_a_later_segment_tells_no_time(void **state)
{
	struct scene scene;

	(void)state;
	for (uint32_t echoed = 7; echoed < 9; echoed++) {
		scene_open(&scene, 1);
		follow(&scene, &scene.there, (struct segment){ .seq = 1, .payload = 1, .flags = ACK });
		follow(&scene, &scene.there, (struct segment){ .seq = 2, .payload = 9, .flags = ACK,
							       .sent = 7, .time_ns = 5000000 });
		follow(&scene, &scene.back, (struct segment){ .ack = 11, .flags = ACK, .sent = 1,
							      .echoed = echoed,
							      .time_ns = 6000000 });
		follow(&scene, &scene.there, (struct segment){ .seq = 11, .flags = ACK });
		assert_int_equal(scene.there.extra.rtt_samples, echoed == 7);
		scene_close(&scene);
	}
}

static void a_fin_that_is_sent_again_is_not_timed(void **state)
{
	const uint8_t fin = ACK | TCP_FLAG_FIN;
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	follow(&scene, &scene.there, (struct segment){ .seq = 1, .payload = 1, .flags = ACK });
	follow(&scene, &scene.there, (struct segment){ .seq = 2, .payload = 8, .flags = ACK,
						       .time_ns = 1000000 });
	follow(&scene, &scene.there, (struct segment){ .seq = 10, .flags = fin,
						       .time_ns = 2000000 });
	follow(&scene, &scene.back, (struct segment){ .seq = 1, .ack = 10, .flags = ACK,
						      .time_ns = 3000000 });
	follow(&scene, &scene.there, (struct segment){ .seq = 10, .flags = fin,
						       .time_ns = 4000000 });
	follow(&scene, &scene.back, (struct segment){ .seq = 1, .ack = 11, .flags = ACK,
						      .time_ns = 5000000 });
	follow(&scene, &scene.there, (struct segment){ .seq = 11, .ack = 1, .flags = ACK,
						       .time_ns = 6000000 });
	assert_int_equal(scene.there.extra.rtt_samples, 1);
	assert_int_equal(scene.there.extra.rtt_max_ns, 2000000);
	scene_close(&scene);
}

static void an_answer_that_came_before_tells_no_time(void **state)
{
	static const uint64_t late_ns[] = { 5000000, 4999999, 1000 };
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(late_ns) / sizeof(*late_ns); i++) {
		scene_open(&scene, 1);
		follow(&scene, &scene.there,
		       (struct segment){ .seq = 9, .flags = SYN, .time_ns = 5000000 });
		follow(&scene, &scene.back, (struct segment){ .ack = 10, .flags = SYN | ACK,
							      .time_ns = late_ns[i] });
		follow(&scene, &scene.there, (struct segment){ .seq = 10, .ack = 1, .flags = ACK });
		assert_int_equal(scene.there.extra.rtt_samples, late_ns[i] == 5000000);
		scene_close(&scene);
	}
}

static void who_makes_room_though_heard_of_is_missed(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	for (uint32_t i = 0; i < CONNECTION_WAYS + 2; i++) {
		struct flow_record record = { .slot = { .src = { 0, 0, 0, i } } };

		follow(&scene, &record, (struct segment){ .seq = 1, .flags = SYN });
		if (i < 2)
			follow(&scene, &record, (struct segment){ .seq = 2, .flags = TCP_FLAG_RST });
	}
	assert_int_equal(scene.missed, 0); /* two were over */
	follow(&scene, &scene.there, (struct segment){ .seq = 1, .flags = SYN });
	assert_int_equal(scene.missed, 1);
	follow(&scene, &scene.back, (struct segment){ .seq = 1, .flags = SYN });
	assert_int_equal(scene.missed, 1); /* the same one */
	scene_close(&scene);
}

static void long_times_are_kept_in_steps(void **state)
{
	(void)state;
	assert_int_equal(slot_rtt_ns(slot_rtt_of_ns(0)), 1);
	assert_int_equal(slot_rtt_ns(slot_rtt_of_ns(0x7fffffff)), 0x7fffffff);
	assert_int_equal(slot_rtt_ns(slot_rtt_of_ns(0x80000000)), 0x80000000);
	assert_int_equal(slot_rtt_ns(slot_rtt_of_ns(60000000063ull)), 60000000000ull);
	assert_true(slot_rtt_of_ns(0x80000000) > slot_rtt_of_ns(0x7fffffff));
	assert_int_equal(slot_rtt_of_ns(1ull << 40), 0xffffffff);
}

/* A segment that may be passed is: by one scene; and it is followed by the other one. */
static void pass_or_follow(struct scene *scene, struct scene *other, bool is_back,
			   const struct segment *s)
{
	struct flow_record *record = is_back ? &scene->back : &scene->there;
	uint32_t tick = (uint32_t)(s->time_ns / 1000000);
	bool is_control = s->flags & (SYN | TCP_FLAG_FIN | TCP_FLAG_RST);

	if (!is_control && connection_pass(&scene->table, record->extra.connection, s->is_out,
					   s->seq, s->payload, tick))
		scene->missed++; /* passed, that is: nobody makes room here */
	else
		follow(scene, record, *s);
	follow(other, is_back ? &other->back : &other->there, *s);
}

static void who_passes_would_have_been_followed_to_nothing(void **state)
{
	static const uint8_t flags[] = { ACK, ACK, ACK, ACK, SYN, SYN | ACK, TCP_FLAG_FIN | ACK,
					 TCP_FLAG_RST };
	uint64_t seed = 0x1618033988749894, now_ns = 1;
	uint32_t seq[2] = { 0xffff0000u, 5 };
	struct scene scene, other;

	(void)state;
	scene_open(&scene, 1);
	scene_open(&other, 1);
	for (int i = 0; i < 300000; i++) {
		uint32_t back = random_below(&seed, 2), chance = random_below(&seed, 30);
		struct segment s = { .seq = seq[back], .ack = seq[!back] - random_below(&seed, 99),
				     .payload = random_below(&seed, 3) * 50,
				     .is_out = chance == 9 ? !back : back,
				     .flags = chance ? ACK : flags[random_below(&seed, 8)] };

		now_ns += random_below(&seed, chance ? 60000 : 5000000);
		s.time_ns = now_ns;
		s.seq += chance == 1 ? random_below(&seed, 90) : 0;
		s.seq -= chance == 2 ? random_below(&seed, 90) : 0;
		seq[back] += s.payload;
		pass_or_follow(&scene, &other, back, &s);
		assert_memory_equal(&scene.there.extra, &other.there.extra, sizeof(other.there.extra));
		assert_memory_equal(&scene.back.extra, &other.back.extra, sizeof(other.back.extra));
	}
	assert_in_range(scene.missed, 50000, 250000);
	assert_true(other.there.extra.rtt_samples && other.there.extra.retransmitted_packets);
	assert_memory_equal(scene.table.connections, other.table.connections,
			    sizeof(struct connection) * CONNECTION_WAYS);
	scene_close(&scene);
	scene_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_merged_packet_the_segments_below_the_end_count),
		cmocka_unit_test(the_next_segment_of_who_was_answered_takes_the_time),
		cmocka_unit_test(what_was_sent_again_is_not_timed),
		cmocka_unit_test(an_answer_to_a_later_segment_tells_no_time),
		cmocka_unit_test(a_fin_that_is_sent_again_is_not_timed),
		cmocka_unit_test(an_answer_that_came_before_tells_no_time),
		cmocka_unit_test(who_makes_room_though_heard_of_is_missed),
		cmocka_unit_test(long_times_are_kept_in_steps),
		cmocka_unit_test(who_passes_would_have_been_followed_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
