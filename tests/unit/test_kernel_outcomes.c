/* SPDX-License-Identifier: BSD-2-Clause */
#include "outcome_scene.h"

/* The scene's programs behind a filter that accepts TCP. */
static void scene_filter(struct scene *scene)
{
	const struct filter_link link = { .type = 1, .is_live = true };
	struct programs_request request = { .banks = scene->banks, .seed = &scene->seed,
					    .wanted = { true, true, true, true } };
	struct filter_error error;
	struct filter *filter;

	assert_int_equal(filter_compile("tcp", &link, &filter, &error), 0);
	request.filters.ethernet = filter;
	programs_unload(scene->programs);
	assert_int_equal(programs_load(&request, &scene->programs, &error), 0);
	assert_int_equal(programs_add_link(scene->programs, TEST_RUN_IFINDEX, SCENE_LINK), 0);
	filter_close(filter);
}

/* Of a link: packets of each outcome in the bank read last, in or out. */
static void expect_link_outcomes(const struct scene *scene, uint32_t link, bool is_out,
			       const uint64_t packets[PACKET_OUTCOME_COUNT])
{
	const struct link_outcomes *counts = banks_link_outcomes(scene->banks);

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		assert_int_equal(counts[link_tally_index(link, is_out)].outcome[i].packets,
				 packets[i]);
}

static void packets_are_counted_by_link_and_direction(void **state)
{
	const struct layer malformed[FRAME_LAYERS] = { ETHERNET, IPV4, UDP, IP_BYTE(0, 0x55) };
	static const uint32_t links[] = { 0, 1, 15, 16, 127, 128, 511 };
	const uint64_t in[PACKET_OUTCOME_COUNT] = { [PACKET_FLOW] = 3, [PACKET_FILTERED] = 3 };
	const uint64_t out[PACKET_OUTCOME_COUNT] = { [PACKET_FLOW] = 1, [PACKET_FILTERED] = 1 };
	const uint64_t bad[PACKET_OUTCOME_COUNT] = { [PACKET_MALFORMED] = 3 };
	struct scene scene;
	struct drained d;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ 0 });
	frame_build(&f, malformed);
	scene_count_all(&scene, f.bytes, f.len);
	d = scene_drain_kernel(&scene);
	expect_link_outcomes(&scene, SCENE_LINK, false, bad);
	assert_int_equal(banks_link_outcomes(scene.banks)[link_tally_index(SCENE_LINK, true)]
				 .malformed_reason[MALFORMED_IPV4_VERSION], 1);
	drained_free(&d);
	scene_filter(&scene);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		assert_int_equal(programs_add_link(scene.programs, TEST_RUN_IFINDEX, links[i]), 0);
		frame_build(&f, tcp4);
		scene_count_all(&scene, f.bytes, f.len);
		frame_build(&f, udp6);
		scene_count_all(&scene, f.bytes, f.len);
	}
	d = scene_drain_kernel(&scene);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		expect_link_outcomes(&scene, links[i], false, in);
		expect_link_outcomes(&scene, links[i], true, out);
	}
	assert_int_equal(d.outcome[PACKET_FLOW].packets, 4 * sizeof(links) / sizeof(links[0]));
	drained_free(&d);
	scene_close(&scene);
}

/* The map of numbers has none for it. */
static void a_packet_of_an_unknown_link_is_unattributed(void **state)
{
	struct programs_request request = { .wanted = { true, true, true, true } };
	struct filter_error error;
	struct scene scene;
	struct drained d;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ 0 });
	programs_unload(scene.programs);
	request.banks = scene.banks;
	request.seed = &scene.seed;
	assert_int_equal(programs_load(&request, &scene.programs, &error), 0);
	frame_build(&f, tcp4);
	for (int kind = 0; kind < ETHERNET_KINDS; kind++) {
		struct test_packet packet = { .bytes = f.bytes, .len = f.len };

		assert_int_equal(scene_run_kernel(&scene, (enum program_kind)kind, &packet), 0);
	}
	d = scene_drain_kernel(&scene);
	assert_int_equal(d.count, 0);
	assert_int_equal(d.outcome[PACKET_UNATTRIBUTED].packets, 4);
	assert_int_equal(d.outcome[PACKET_UNATTRIBUTED].bytes, 4 * f.len);
	assert_int_equal(d.size_histogram[0], 4);
	drained_free(&d);
	scene_close(&scene);
}

static void claimed_sections_count_the_same(void **state)
{
	struct scene scene;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .slots = 64, .realtime = true });
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		frame_build(&f, packet_cases[i].layers);
		scene_count_all(&scene, f.bytes, f.len);
	}
	count_many_flows(&scene);
	scene_expect_same(&scene);
	scene_close(&scene);
}

static void claim_all(struct scene *scene)
{
	struct bank_map map = bank_map_active(scene->banks);

	for (uint32_t i = 0; i < bank_sections(banks_geometry(scene->banks)); i++)
		bank_map_section(&map, i)->claimed = 1;
	bank_map_close(&map);
}

/* A program that interrupts another one, on PREEMPT_RT, finds the section claimed. */
static void a_packet_that_finds_its_section_claimed_is_unattributed(void **state)
{
	const struct layer malformed[FRAME_LAYERS] = { ETHERNET, IPV4, UDP, IP_BYTE(0, 0x55) };
	struct scene scene;
	struct drained d;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .realtime = true });
	claim_all(&scene);
	frame_build(&f, tcp4);
	scene_count_all(&scene, f.bytes, f.len);
	frame_build(&f, malformed);
	scene_count_all(&scene, f.bytes, f.len);
	d = scene_drain_kernel(&scene);
	assert_int_equal(d.count, 0);
	assert_int_equal(d.outcome[PACKET_MALFORMED].packets, 0);
	assert_int_equal(d.outcome[PACKET_UNATTRIBUTED].packets, 8);
	assert_int_equal(d.outcome[PACKET_UNATTRIBUTED].bytes, 4 * 60 + 4 * f.len);
	assert_int_equal(d.size_histogram[0], 0);
	drained_free(&d);
	scene_close(&scene);
}

static void a_drained_section_is_free_again(void **state)
{
	struct scene scene;
	struct drained d;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ .realtime = true });
	claim_all(&scene);
	for (int i = 0; i < 2; i++) {
		d = scene_drain_kernel(&scene);
		drained_free(&d);
	}
	frame_build(&f, tcp4);
	scene_count_all(&scene, f.bytes, f.len);
	scene_expect_same(&scene);
	scene_close(&scene);
}

static void what_a_filter_rejects_is_counted_apart(void **state)
{
	struct test_packet packet = { 0 };
	struct packet_size size;
	struct scene scene;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ 0 });
	scene_filter(&scene);
	frame_build(&f, tcp4);
	scene_count_all(&scene, f.bytes, f.len);
	frame_build(&f, udp6);
	packet = (struct test_packet){ .bytes = f.bytes, .len = f.len };
	size = packet_size_single(f.len);
	for (int kind = 0; kind < ETHERNET_KINDS; kind++) {
		assert_int_equal(scene_run_kernel(&scene, (enum program_kind)kind, &packet), 0);
		account_filtered(&(struct tallied){ host_bank_section(&scene.host, 0),
						    &scene.host.geometry,
						    scene_tally_index(&scene, kind), false },
				 &size);
	}
	scene_expect_same(&scene);
	scene_close(&scene);
}

static void a_merged_packet_that_is_rejected_counts_as_its_segments(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV4, UDP, PAYLOAD(2500) };
	struct merged_packet merged = { .gso_size = 1000, .gso_segs = 3 };
	struct test_packet packet = { .merged = &merged };
	struct scene scene;
	struct drained d;
	struct frame f;

	(void)state;
	need_root();
	scene_open(&scene, (struct scene_options){ 0 });
	scene_filter(&scene);
	frame_build(&f, layers);
	packet.bytes = f.bytes;
	packet.len = merged.wire_len = f.len;
	assert_int_equal(scene_run_kernel(&scene, PROGRAM_TC_INGRESS, &packet), 0);
	d = scene_drain_kernel(&scene);
	assert_int_equal(d.outcome[PACKET_FILTERED].packets, 3);
	assert_int_equal(d.outcome[PACKET_FILTERED].bytes, 3 * 42 + 2500);
	drained_free(&d);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_counted_by_link_and_direction),
		cmocka_unit_test(a_packet_of_an_unknown_link_is_unattributed),
		cmocka_unit_test(claimed_sections_count_the_same),
		cmocka_unit_test(a_packet_that_finds_its_section_claimed_is_unattributed),
		cmocka_unit_test(a_drained_section_is_free_again),
		cmocka_unit_test(what_a_filter_rejects_is_counted_apart),
		cmocka_unit_test(a_merged_packet_that_is_rejected_counts_as_its_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
