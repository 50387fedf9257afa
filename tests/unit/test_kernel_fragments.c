/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports of later fragments in the kernel, beside the same lines on the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_scene.h"
#include "privilege.h"
#include "random.h"
#include "tunnel_cases.h"

#define RANDOM_FRAGMENTS 20000
#define FLOOD            (4 * FRAGMENT_SETS * FRAGMENT_WAYS)
#define ID4_AT           4 /* in the IP header */

static int open_as(void **state, struct scene_options options)
{
	static struct scene scene;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	options.has_fragments = true;
	scene_open(&scene, options);
	*state = &scene;
	return 0;
}

static int open_scene(void **state)
{
	return open_as(state, (struct scene_options){ .one_link = true });
}

static int open_inside(void **state)
{
	return open_as(state, (struct scene_options){ .has_extra = true, .has_tunnels = true });
}

/* All that may be asked for together: more for the verifier to look at. */
static int open_all(void **state)
{
	return open_as(state, (struct scene_options){ .slots = 65536, .has_extra = true,
						      .has_ip_bytes = true, .realtime = true,
						      .group = "src,src_port,dst_port,proto" });
}

static int close_scene(void **state)
{
	if (*state)
		scene_close(*state);
	return 0;
}

static void fragment_build(struct frame *f, uint32_t kind)
{
	static const struct layer layers[][FRAME_LAYERS] = {
		{ ETHERNET, IPV4_FRAGMENT(0x2000), UDP, PAYLOAD(1400) },
		{ ETHERNET, IPV4_FRAGMENT(0x20b2), PROTO(IPPROTO_UDP), PAYLOAD(1408) },
		{ ETHERNET, VLAN(7), IPV4_FRAGMENT(0x0164), PROTO(IPPROTO_UDP), PAYLOAD(60) },
		{ ETHERNET, IPV6, FRAGMENT6(1), UDP, PAYLOAD(1400) },
		{ ETHERNET, IPV6, FRAGMENT6(0x591), PROTO(IPPROTO_UDP), PAYLOAD(1408) },
		{ ETHERNET, IPV6, EXTENSION(0, 8), FRAGMENT6(0xb20), PROTO(IPPROTO_UDP), PAYLOAD(60) },
		{ ETHERNET, IPV4_FRAGMENT(0x2000), ICMP(8, 0), PAYLOAD(1400) },
		{ ETHERNET, IPV4_FRAGMENT(0x20b2), PROTO(IPPROTO_ICMP), PAYLOAD(1408) },
		{ ETHERNET, IPV4_FRAGMENT(0x2000), TCP(2), PAYLOAD(1400) },
		{ ETHERNET, IPV4_FRAGMENT(0x0001), PROTO(IPPROTO_TCP), PAYLOAD(1408) },
		{ ETHERNET, IPV4_FRAGMENT(0x2000), PROTO(IPPROTO_UDP), PAYLOAD(3) },
		{ ETHERNET, IPV4, UDP, PAYLOAD(60) },
		{ ETHERNET, IPV4_FRAGMENT(0x2000), VXLAN(1), IPV4, TCP(2) },
		{ ETHERNET, IPV4_FRAGMENT(0x2001), PROTO(IPPROTO_UDP), PAYLOAD(60) },
		{ ETHERNET, IPV4, VXLAN(1), IPV4_FRAGMENT(0x2000), UDP },
		{ ETHERNET, IPV4, VXLAN(1), IPV4_FRAGMENT(0x2001), PROTO(IPPROTO_UDP), PAYLOAD(60) },
		{ ETHERNET, IPV4, VXLAN(2), IPV4_FRAGMENT(0x2001), PROTO(IPPROTO_UDP), PAYLOAD(60) },
	};

	frame_build(f, layers[kind % (sizeof(layers) / sizeof(*layers))]);
}

/* Of datagrams with few numbers; some have other bytes somewhere. */
static void fragment_build_random(struct frame *f, uint64_t *seed)
{
	fragment_build(f, random_below(seed, 64));
	f->bytes[f->ip_at + ID4_AT] = (uint8_t)random_below(seed, 4);
	if (!random_below(seed, 8))
		f->bytes[random_below(seed, 60)] ^= (uint8_t)(1 << random_below(seed, 8));
}

static void fragments_are_the_same_in_the_kernel(void **state)
{
	uint64_t seed = 0xa54ff53a5f1d36f1;
	struct scene *scene = *state;
	struct frame f;

	need_root();
	for (uint32_t i = 0; i < RANDOM_FRAGMENTS; i++) {
		fragment_build_random(&f, &seed);
		scene_count_all(scene, f.bytes, random_below(&seed, 4) ? f.len :
				random_below(&seed, f.len + 1));
		if (i % 1000 == 999)
			scene_expect_same(scene);
	}
	assert_int_equal(scene->fragments_lost[0], scene->fragments_lost[1]);
}

/* What a datagram counts to: one flow with the ports of its first, by whichever program. */
static void a_datagram_is_one_flow(void **state)
{
	struct frame f;

	need_root();
	for (uint32_t kind = 0; kind < ETHERNET_KINDS; kind++) {
		for (uint32_t part = 0; part < 6; part++) {
			struct test_packet packet = { .bytes = f.bytes };

			fragment_build(&f, part);
			packet.len = f.len;
			assert_int_equal(scene_run_kernel(*state, kind, &packet), 0);
			if (part % 3 == 2) {
				struct drained d = scene_drain_kernel(*state);

				/* A tag tells flows apart, not datagrams. */
				assert_int_equal(d.count, part == 2 ? 2 : 1);
				for (size_t i = 0; i < d.count; i++) {
					assert_int_equal(d.records[i].src_port, htons(SRC_PORT));
					assert_int_equal(d.records[i].dst_port, htons(DST_PORT));
					assert_false(d.records[i].flags & FLOW_NO_PORTS);
				}
				drained_free(&d);
			}
		}
	}
}

/* All that has come has ports, whichever CPU it came to. */
static bool kernel_knows(struct scene *scene, const struct test_packet *later)
{
	struct drained d;
	bool is_known = true;

	assert_int_equal(scene_run_kernel(scene, PROGRAM_XDP, later), 0);
	d = scene_drain_kernel(scene);
	for (size_t i = 0; i < d.count; i++)
		is_known &= !(d.records[i].flags & FLOW_NO_PORTS);
	drained_free(&d);
	return is_known;
}

static void a_first_is_known_in_its_pane_and_the_next(void **state)
{
	struct frame first, later;
	struct test_packet packets[] = { { .bytes = first.bytes }, { .bytes = later.bytes } };

	need_root();
	fragment_build(&first, 6);
	fragment_build(&later, 7);
	frame_set16(&first, first.ip_at + ID4_AT, 0x7777);
	frame_set16(&later, later.ip_at + ID4_AT, 0x7777);
	packets[0].len = first.len;
	packets[1].len = later.len;
	assert_false(kernel_knows(*state, &packets[1]));
	assert_int_equal(scene_run_kernel(*state, PROGRAM_XDP_FRAGS, &packets[0]), 0);
	assert_true(kernel_knows(*state, &packets[1]));
	assert_true(kernel_knows(*state, &packets[1]));
	assert_false(kernel_knows(*state, &packets[1]));
}

static void a_first_seen_on_another_cpu_is_known(void **state)
{
	struct scene *scene = *state;
	struct frame first, later;
	struct test_packet packets[] = { { .bytes = first.bytes }, { .bytes = later.bytes } };
	cpu_set_t here;

	need_root();
	if (CPU_COUNT(&scene->cpus) < 2)
		return;
	fragment_build(&first, 6);
	fragment_build(&later, 7);
	packets[0].len = first.len;
	packets[1].len = later.len;
	assert_int_equal(sched_getaffinity(0, sizeof(here), &here), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &scene->cpus) && !CPU_ISSET(cpu, &here)) {
			stay_on_cpu(cpu);
			break;
		}
	}
	assert_int_equal(scene_run_kernel(scene, PROGRAM_XDP, &packets[0]), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(here), &here), 0);
	assert_true(kernel_knows(scene, &packets[1]));
}

/* More datagrams than there is room for: all is counted, and what was forgotten is told. */
static void a_flood_of_fragments_is_counted_and_told(void **state)
{
	struct scene *scene = *state;
	struct frame f;
	struct test_packet packet = { .bytes = f.bytes };
	uint64_t packets = 0, lost = scene ? scene->fragments_lost[0] : 0;
	struct drained d;

	need_root();
	fragment_build(&f, 3);
	packet.len = f.len;
	for (uint32_t i = 0; i < FLOOD; i++) {
		memcpy(f.bytes + f.ip_at + 40 + 4, &i, sizeof(i));
		assert_int_equal(scene_run_kernel(scene, PROGRAM_XDP, &packet), 0);
	}
	d = scene_drain_kernel(scene);
	for (size_t i = 0; i < d.count; i++)
		packets += d.records[i].packets;
	assert_int_equal(packets, FLOOD);
	assert_int_equal(d.count, 1);
	lost = scene->fragments_lost[0] - lost;
	assert_in_range(lost, FLOOD - FRAGMENT_SETS * FRAGMENT_WAYS,
			FLOOD - FRAGMENT_SETS * FRAGMENT_WAYS * 9 / 10);
	drained_free(&d);
}

#define in_scene(test)  cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
#define in_inside(test) cmocka_unit_test_setup_teardown(test, open_inside, close_scene)
#define in_all(test)    cmocka_unit_test_setup_teardown(test, open_all, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scene(fragments_are_the_same_in_the_kernel),
		in_inside(fragments_are_the_same_in_the_kernel),
		in_all(fragments_are_the_same_in_the_kernel),
		in_scene(a_datagram_is_one_flow),
		in_inside(a_datagram_is_one_flow),
		in_scene(a_first_is_known_in_its_pane_and_the_next),
		in_inside(a_first_is_known_in_its_pane_and_the_next),
		in_scene(a_first_seen_on_another_cpu_is_known),
		in_scene(a_flood_of_fragments_is_counted_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
