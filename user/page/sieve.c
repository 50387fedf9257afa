/* SPDX-License-Identifier: BSD-2-Clause */
#include "sieve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rank.h"

#define BUCKET_BITS   17u
#define BUCKETS       (1u << BUCKET_BITS)
#define BUCKETS_FIRST 2048u         /* so many of the largest are looked into at first */
#define PASSES_MORE   3             /* over the rows, where these may not have been enough */
#define ROWS_SOON     8u            /* before a row is added */
#define KEYS_KEPT     (4u << 10)    /* of a table that had no room for all */

/* Rows as columns: the bytes of each way, and the hash of its key in each dimension. */
struct sieve {
	const struct document_context *context;
	const struct window_result *result;
	size_t ways;
	uint64_t *bytes[HEAVY_WAYS];
	uint32_t *hashes[DIMENSION_COUNT][HEAVY_WAYS];
	uint64_t *sums;                  /* of the dimension at hand, by bucket */
	uint64_t wanted[BUCKETS / 64];   /* buckets whose keys are added now, as bits */
};

static uint32_t bucket_of(uint32_t hash)
{
	return hash >> (32 - BUCKET_BITS);
}

static bool is_wanted(const struct sieve *sieve, uint32_t hash)
{
	uint32_t bucket = bucket_of(hash);

	return sieve->wanted[bucket / 64] >> bucket % 64 & 1;
}

static void want(struct sieve *sieve, uint32_t bucket)
{
	sieve->wanted[bucket / 64] |= 1ull << bucket % 64;
}

static void sieve_fini(struct sieve *sieve)
{
	for (size_t way = 0; way < HEAVY_WAYS; way++) {
		free(sieve->bytes[way]);
		for (size_t d = 0; d < DIMENSION_COUNT; d++)
			free(sieve->hashes[d][way]);
	}
	free(sieve->sums);
	free(sieve);
}

static bool sieve_alloc(struct sieve *sieve, unsigned int told)
{
	size_t rows = sieve->result->flow_count;

	sieve->sums = malloc(BUCKETS * sizeof(*sieve->sums));
	if (!sieve->sums)
		return false;
	for (size_t way = 0; way < sieve->ways; way++) {
		sieve->bytes[way] = malloc(rows * sizeof(*sieve->bytes[way]));
		if (!sieve->bytes[way])
			return false;
		for (size_t d = 0; d < DIMENSION_COUNT; d++) {
			if (!(told & 1u << d))
				continue;
			sieve->hashes[d][way] = malloc(rows * sizeof(*sieve->hashes[d][way]));
			if (!sieve->hashes[d][way])
				return false;
		}
	}
	return true;
}

static void sieve_fill(struct sieve *sieve, const struct hash_seed *seed, unsigned int told)
{
	const struct window_result *result = sieve->result;
	uint32_t hashes[HEAVY_WAYS][DIMENSION_COUNT] = { 0 };

	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_view view = { sieve->context, result, &result->flows[i] };
		size_t count = dimension_hashes(told, &view, seed, hashes);

		sieve->bytes[0][i] = view.flow->bytes;
		if (sieve->ways > 1)
			sieve->bytes[1][i] = count > 1 ? result->reverses[i].bytes : 0;
		for (unsigned int d = 0; d < DIMENSION_COUNT; d++) {
			for (size_t way = 0; told & 1u << d && way < sieve->ways; way++)
				sieve->hashes[d][way][i] = hashes[way][d];
		}
	}
}

static void sieve_sum(struct sieve *sieve, enum dimension dimension)
{
	memset(sieve->sums, 0, BUCKETS * sizeof(*sieve->sums));
	for (size_t way = 0; way < sieve->ways; way++) {
		const uint32_t *hashes = sieve->hashes[dimension][way];

		for (size_t i = 0; i < sieve->result->flow_count; i++)
			sieve->sums[bucket_of(hashes[i])] += sieve->bytes[way][i];
	}
}

/* How many keys there are, by the buckets that none fell into (linear counting: Whang 1990). */
static double sieve_keys(const struct sieve *sieve)
{
	uint32_t empty = 0;

	for (uint32_t i = 0; i < BUCKETS; i++)
		empty += !sieve->sums[i];
	if (empty < BUCKETS / 4096)
		return (double)(sieve->result->flow_count * sieve->ways);
	return BUCKETS * log((double)BUCKETS / empty);
}

/* Whose keys, with those that stay, a table has room for. */
static uint32_t buckets_at_once(const struct heavy *heavy, double keys)
{
	return (uint32_t)(heavy->most / (2 * (1 + keys / BUCKETS)));
}

/* Of the buckets that are not done, so many of the largest that hold at least so much. How many. */
static uint32_t want_largest(struct sieve *sieve, uint32_t most, uint64_t least)
{
	uint32_t counts[RANK_COUNT] = { 0 }, wanted = 0, left = most;
	unsigned int cut;

	for (uint32_t i = 0; i < BUCKETS; i++)
		counts[rank_of(sieve->sums[i])]++;
	cut = rank_cut(counts, &left);
	for (uint32_t i = 0; i < BUCKETS && wanted < most; i++) {
		unsigned int rank = rank_of(sieve->sums[i]);

		if (!sieve->sums[i] || sieve->sums[i] < least || rank < cut ||
		    (rank == cut && !left))
			continue;
		left -= rank == cut;
		want(sieve, i);
		wanted++;
	}
	return wanted;
}

/* Adds what is wanted, and takes its buckets for done. */
static void add_wanted(struct sieve *sieve, struct heavy *heavy, enum dimension dimension)
{
	const struct window_result *result = sieve->result;

	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_view view = { sieve->context, result, &result->flows[i] };
		struct dimension_part parts[HEAVY_WAYS];
		size_t count = 0;

		for (size_t way = 0; way < sieve->ways; way++) {
			const uint32_t *hashes = sieve->hashes[dimension][way];
			uint32_t hash = hashes[i];

			if (!is_wanted(sieve, hash))
				continue;
			if (i + 2 * ROWS_SOON < result->flow_count)
				heavy_expect(heavy, hashes[i + 2 * ROWS_SOON], hashes[i + ROWS_SOON]);
			if (!count)
				count = dimension_parts(dimension, &view, parts);
			if (way < count)
				heavy_add_hashed(heavy, &parts[way].key, hash, &parts[way].amount);
		}
	}
	for (uint32_t i = 0; i < BUCKETS; i++) {
		if (sieve->wanted[i / 64] >> i % 64 & 1)
			sieve->sums[i] = 0;
	}
	memset(sieve->wanted, 0, sizeof(sieve->wanted));
}

/* What a bucket has to hold for one of its keys to be among the largest. */
static uint64_t least_of_largest(const struct heavy *heavy)
{
	const struct heavy_entry *top[STEP_KEYS];
	size_t count = heavy_top(heavy, true, top, STEP_KEYS);

	return count == STEP_KEYS ? top[count - 1]->step_bytes : 0;
}

/*
 * A bucket is done as a whole, so that what is told of a key is exact. Which are told is, but for
 * crowds in which so many are alike that the passes do not suffice.
 */
static void add_largest(struct sieve *sieve, struct heavy *heavy, enum dimension dimension,
			double keys)
{
	uint32_t at_once = buckets_at_once(heavy, keys) / 2;
	uint32_t stay = at_once < KEYS_KEPT ? at_once : KEYS_KEPT;

	heavy_keep(heavy, stay);
	for (uint32_t i = 0; i < heavy->count; i++)
		want(sieve, bucket_of(heavy->entries[i].hash));
	want_largest(sieve, at_once < BUCKETS_FIRST ? at_once : BUCKETS_FIRST, 0);
	add_wanted(sieve, heavy, dimension);
	for (int i = 0; i < PASSES_MORE; i++) {
		if (!want_largest(sieve, at_once, least_of_largest(heavy)))
			break;
		heavy_keep(heavy, stay);
		add_wanted(sieve, heavy, dimension);
	}
	heavy->has_forgotten = true;
}

static void add_all(struct sieve *sieve, struct heavy *heavy, enum dimension dimension)
{
	memset(sieve->wanted, 0xff, sizeof(sieve->wanted));
	add_wanted(sieve, heavy, dimension);
}

/* A table that keeps few of its keys anyway is not filled with all of them first. */
static bool has_room(const struct heavy *heavy, double more)
{
	return heavy->has_forgotten ? more < KEYS_KEPT : heavy->count + more < heavy->most;
}

bool sieve_add_rows(struct heavy heavy[DIMENSION_COUNT], unsigned int told,
		    const struct document_context *context, const struct window_result *result)
{
	struct sieve *sieve = calloc(1, sizeof(*sieve));

	if (!sieve)
		return false;
	sieve->context = context;
	sieve->result = result;
	sieve->ways = result->reverses ? 2 : 1;
	if (!sieve_alloc(sieve, told)) {
		sieve_fini(sieve);
		return false;
	}
	sieve_fill(sieve, &heavy[0].seed, told);
	for (unsigned int d = 0; d < DIMENSION_COUNT; d++) {
		double keys;

		if (!(told & 1u << d))
			continue;
		sieve_sum(sieve, d);
		keys = sieve_keys(sieve);
		if (has_room(&heavy[d], keys))
			add_all(sieve, &heavy[d], d);
		else
			add_largest(sieve, &heavy[d], d, keys);
	}
	sieve_fini(sieve);
	return true;
}

void sieve_end_step(struct heavy *heavy)
{
	if (heavy->has_forgotten)
		heavy_keep(heavy, KEYS_KEPT);
}
