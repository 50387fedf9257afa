/* SPDX-License-Identifier: BSD-2-Clause */
#include "biflow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "began.h"
#include "flow_count.h"
#include "listing_sort.h"
#include "slot_key.h"

#define NO_ROW UINT32_MAX

void biflow_turn_key(const struct engine_config *config, struct flow_key *key, __u8 marks)
{
	__be16 service = 0;
	enum half half = HALF_FORWARD;

	if (config->service.is_kept)
		service = service_of_flow(key, marks);
	if (config->biflow) {
		half = conversation_orient(key, marks);
		key->tunnel = tunnel_of_both_ways(key->tunnel);
	}
	if (config->service.is_kept)
		service_put(&config->service, key, service);
	flow_key_reduce(key, &config->row_masks);
	if (config->service.is_kept)
		service_put_proto(&config->service, key, service);
	if (half == HALF_REVERSE)
		key->flags |= FLOW_OUT;
}

void biflow_mark(const struct engine *engine, const struct flow_slot *const *records,
		 size_t count, struct biflow_batch *batch)
{
	size_t size = engine_takes_extra(engine) ? sizeof(struct flow_record) :
						   sizeof(struct flow_slot);

	for (size_t i = 0; i < count; i++) {
		struct flow_slot *slot = &batch->records[i].slot;

		memcpy(&batch->records[i], records[i], size);
		began_mark(engine->began, slot);
		batch->turned[i] = slot;
	}
	batch->count = count;
}

void biflow_turn(const struct engine *engine, struct biflow_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct flow_slot *slot = &batch->records[i].slot;
		struct flow_key key = flow_slot_key(slot);

		if (engine->table.has_beside) {
			const struct key_beside beside = extra_beside(&batch->records[i].extra);

			flow_key_set_beside(&key, &beside);
		}
		biflow_turn_key(&engine->config, &key, slot->marks);
		flow_slot_set_key(slot, &key);
		extra_set_beside(&batch->records[i].extra, &key);
	}
}

/* Places of the listing's flows, NO_ROW where there is no such half. */
struct joined {
	uint64_t rank;
	uint32_t half[HALF_COUNT];
};

struct join {
	const struct engine *engine;
	struct listing *listing;
	struct joined *rows;
	uint32_t count;
	uint32_t *index; /* open addressing: numbers of rows, NO_ROW where empty */
	uint32_t mask;
};

static const struct flow_result *row_any(const struct join *join, const struct joined *row)
{
	uint32_t forward = row->half[HALF_FORWARD];

	return &join->listing->flows[forward != NO_ROW ? forward : row->half[HALF_REVERSE]];
}

/* Two sessions of one conversation may end in one pane: they differ in when they began. */
static bool is_same_row(const struct flow_result *a, const struct flow_result *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key)) && a->start_ns == b->start_ns;
}

/* Where the row of that flow is in the index, or would be. */
static uint32_t *index_find(struct join *join, const struct flow_result *flow)
{
	uint32_t at = flow_key_hash(&flow->key, &join->engine->table.seed) & join->mask;

	for (; join->index[at] != NO_ROW; at = (at + 1) & join->mask) {
		if (is_same_row(row_any(join, &join->rows[join->index[at]]), flow))
			break;
	}
	return &join->index[at];
}

/* Takes the half out of the key of each flow, and tells rows by what remains. */
static void join_flows(struct join *join)
{
	for (uint32_t i = 0; i < join->listing->count; i++) {
		struct flow_key *key = &join->listing->flows[i].key;
		enum half half = key->flags & FLOW_OUT ? HALF_REVERSE : HALF_FORWARD;
		uint32_t *entry;

		key->flags &= (__u8)~FLOW_OUT;
		entry = index_find(join, &join->listing->flows[i]);
		if (*entry == NO_ROW) {
			*entry = join->count++;
			join->rows[*entry] = (struct joined){ .half = { NO_ROW, NO_ROW } };
		}
		join->rows[*entry].half[half] = i;
	}
}

static int join_init(struct join *join)
{
	size_t count = join->listing->count, capacity = 64;

	while (capacity < 2 * count)
		capacity *= 2;
	if (capacity > UINT32_MAX)
		return -ENOMEM;
	join->mask = (uint32_t)capacity - 1;
	join->rows = malloc((count + 1) * sizeof(*join->rows));
	join->index = malloc(capacity * sizeof(*join->index));
	if (!join->rows || !join->index)
		return -ENOMEM;
	memset(join->index, 0xff, capacity * sizeof(*join->index));
	return 0;
}

static void join_fini(struct join *join)
{
	free(join->rows);
	free(join->index);
}

/* Both halves are ranked as one; of maxima, the higher one counts. */
static uint64_t row_rank(const struct join *join, const struct joined *row)
{
	const struct listing *listing = join->listing;
	struct flow_result both = *row_any(join, row);
	struct extra_sum extra = { 0 };
	uint64_t flows = both.flows;

	if (listing->extras)
		extra = listing->extras[both.extra];
	if (row->half[HALF_FORWARD] != NO_ROW && row->half[HALF_REVERSE] != NO_ROW) {
		const struct flow_result *reverse = &listing->flows[row->half[HALF_REVERSE]];

		flow_sum_add(&both.sum, &reverse->sum);
		flows += reverse->flows;
		if (listing->extras)
			extra_sum_add(&extra, &listing->extras[reverse->extra]);
	}
	if (listing->sort == SORT_FLOWS)
		return flows;
	return joined_rank(listing, &both, &extra);
}

static int row_compare(const void *a, const void *b, void *context)
{
	const struct joined *first = a, *second = b;
	const struct join *join = context;

	if (first->rank != second->rank)
		return first->rank > second->rank ? -1 : 1;
	return flow_compare_equals(row_any(join, first), row_any(join, second));
}

/* A half that carried nothing, beside one that did. */
static struct flow_result empty_half(const struct listing *listing, const struct flow_result *other)
{
	return (struct flow_result){ .key = other->key, .start_ns = other->start_ns,
				     .end_ns = other->end_ns,
				     .extra = (uint32_t)listing->capacity,
				     .first_ns = other->first_ns, .last_ns = other->last_ns };
}

static struct flow_result half_of(const struct join *join, const struct joined *row, enum half half)
{
	if (row->half[half] != NO_ROW)
		return join->listing->flows[row->half[half]];
	return empty_half(join->listing, row_any(join, row));
}

/* Extra measures stay where they are; of nothing they are at the end, all 0. */
static int rows_tell(struct join *join, size_t count, struct flow_result **reverses)
{
	struct listing *listing = join->listing;
	struct flow_result *forward = malloc((count + 1) * sizeof(*forward));
	struct flow_result *reverse = malloc((count + 1) * sizeof(*reverse));

	if (!forward || !reverse) {
		free(forward);
		free(reverse);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		forward[i] = half_of(join, &join->rows[i], HALF_FORWARD);
		reverse[i] = half_of(join, &join->rows[i], HALF_REVERSE);
	}
	if (listing->extras)
		listing->extras[listing->capacity] = (struct extra_sum){ 0 };
	free(listing->flows);
	listing->flows = forward;
	listing->count = count;
	*reverses = reverse;
	return 0;
}

int biflow_join(const struct engine *engine, struct listing *listing,
		struct flow_result **reverses, uint64_t *rows)
{
	struct join join = { .engine = engine, .listing = listing };
	size_t top = engine->config.top;
	int err = join_init(&join);

	*reverses = NULL;
	if (!err) {
		join_flows(&join);
		for (uint32_t i = 0; i < join.count; i++)
			join.rows[i].rank = row_rank(&join, &join.rows[i]);
		qsort_r(join.rows, join.count, sizeof(*join.rows), row_compare, &join);
		*rows = join.count;
		err = rows_tell(&join, top && top < join.count ? top : join.count, reverses);
	}
	join_fini(&join);
	return err;
}

int result_order(const struct engine *engine, struct window_result *result,
		 struct listing *listing, struct flow_result **reverses)
{
	uint64_t rows = 0;
	int err;

	*reverses = NULL;
	result->counts_flows = engine->counts != NULL;
	if (engine->counts)
		flow_count_fill(engine->counts, result, listing);
	if (!engine->config.biflow) {
		err = engine->config.any_order && !engine->config.top ? 0 : listing_sort(listing);
		listing_cut(listing, engine->config.top);
		return err;
	}
	err = biflow_join(engine, listing, reverses, &rows);
	result->reverses = *reverses;
	result->total.flows = rows + result->evicted_flows;
	return err;
}
