/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More flows than the programs' tables hold.
 */
#ifndef WEIR_OUTCOME_SCENE_H
#define WEIR_OUTCOME_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bank_map.h"
#include "kernel_scene.h"
#include "packet_cases.h"
#include "privilege.h"
#include "random.h"

#define FLOWS 6000

static const struct layer tcp4[FRAME_LAYERS] = { ETHERNET, IPV4, TCP(SYN_ACK), PAYLOAD(6) };
static const struct layer udp6[FRAME_LAYERS] = { ETHERNET, IPV6, UDP, PAYLOAD(6) };

/* Packets of many sizes, of more flows than a table of 64 slots holds. */
static inline void count_many_flows(struct scene *scene)
{
	uint64_t seed = 0x1618033988749894;
	struct frame f;

	for (int i = 0; i < 3 * FLOWS; i++) {
		struct test_packet packet = { .bytes = f.bytes };

		frame_build(&f, random_below(&seed, 2) ? tcp4 : udp6);
		frame_number(&f, random_below(&seed, FLOWS));
		packet.len = f.len + random_below(&seed, 1400);
		scene_count(scene, (enum program_kind)random_below(&seed, ETHERNET_KINDS),
			    &packet);
	}
}

static inline uint32_t scene_tally_index(const struct scene *scene, int kind)
{
	return link_tally_index(scene->link, kind == PROGRAM_TC_EGRESS);
}

#endif
