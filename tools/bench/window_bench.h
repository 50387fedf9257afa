/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window of a million flows of random keys, for benchmarks of what writes them, and the best of
 * some rounds of doing so.
 */
#ifndef WEIR_WINDOW_BENCH_H
#define WEIR_WINDOW_BENCH_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../user/outputs/encoder.h"

#define FLOWS  1000000u
#define ROUNDS 5
#define SECOND 1000000000ull

struct bench {
	struct group_by group;
	struct document_context context;
	struct window_result result;
	struct flow_result *flows;
	uint64_t bytes; /* of one document */
};

static const struct window_spec spec = { WINDOW_TUMBLING, 10 * SECOND, 10 * SECOND, 0 };
static const char *const names[FLOW_LINKS_MAX] = { "eth0" };

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static inline uint64_t random_next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static inline void fill_key(struct flow_key *key, uint64_t *random)
{
	key->src[2] = key->dst[2] = htonl(0xffff);
	key->src[3] = (uint32_t)random_next(random);
	key->dst[3] = (uint32_t)random_next(random);
	key->src_port = (uint16_t)random_next(random);
	key->dst_port = htons(443);
	key->ip_proto = random_next(random) % 4 ? 6 : 17;
	key->flags = FLOW_IP;
}

/* Every fourth flow has IPv6 addresses. */
static inline void fill_flow(struct flow_result *flow, uint64_t *random)
{
	fill_key(&flow->key, random);
	if (random_next(random) % 4 == 0) {
		flow->key.flags |= FLOW_IPV6;
		flow->key.src[0] = flow->key.dst[0] = htonl(0x20010db8);
		flow->key.src[1] = (uint32_t)random_next(random);
	}
	flow->packets = 1 + random_next(random) % 5000;
	flow->bytes = flow->packets * (60 + random_next(random) % 1400);
	flow->bytes_max = (double)flow->bytes / 3;
	flow->packets_max = (double)flow->packets / 3;
	flow->first_ns = random_next(random) % (5 * SECOND);
	flow->last_ns = flow->first_ns + random_next(random) % (5 * SECOND);
	flow->min_len = 60;
	flow->max_len = 1514;
	flow->tcp_flags = (uint8_t)random_next(random);
}

static inline bool bench_init(struct bench *bench)
{
	uint64_t random = 88172645463325252ull;
	uint32_t i;

	group_by_init(&bench->group);
	bench->context = (struct document_context){
		.host = "bench", .source_kind = "interface", .source_names = names,
		.source_name_count = 1, .direction = "both", .group = &bench->group,
		.link_names = names, .clock_offset_ns = 1763800000000000000ll,
	};
	bench->flows = calloc(FLOWS, sizeof(*bench->flows));
	if (!bench->flows)
		return false;
	for (i = 0; i < FLOWS; i++)
		fill_flow(&bench->flows[i], &random);
	bench->result = (struct window_result){
		.spec = &spec, .end_ns = 10 * SECOND, .observed_ns = 10 * SECOND, .panes = 10,
		.flows = bench->flows, .flow_count = FLOWS, .total.flows = FLOWS,
	};
	return true;
}

static inline int count_bytes(void *context, const char *bytes, size_t length)
{
	(void)bytes;
	*(uint64_t *)context += length;
	return 0;
}

struct way {
	const char *what;
	const char *name;
	uint64_t (*write)(struct bench *bench, const char *name);
};

static inline bool measure(struct bench *bench, const struct way *way)
{
	uint64_t best_ns = UINT64_MAX;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t spent_ns = way->write(bench, way->name);

		if (!spent_ns)
			return false;
		best_ns = spent_ns < best_ns ? spent_ns : best_ns;
	}
	printf("%-28s %8.2f M flows/s %8.0f MB/s %8.0f ns a flow\n", way->what,
	       FLOWS * 1e3 / (double)best_ns, (double)bench->bytes * 1e3 / (double)best_ns,
	       (double)best_ns / FLOWS);
	return true;
}

#endif
