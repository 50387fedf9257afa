/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/hash.h"
#include "../base/seed.h"
#include "biflow.h"
#include "engine_read.h"
#include "listing.h"
#include "slot_key.h"

/* A key of a row, and its flows; none: the place is empty. */
struct counted_key {
	struct flow_key key;
	uint32_t flows;
};

/* Of one window. */
struct counted {
	struct counted *next;
	size_t window_number;
	uint64_t start_ns, end_ns;
	size_t mask;
	struct counted_key keys[];
};

struct flow_count {
	struct engine_config rows;
	struct engine *engine;
	struct hash_seed seed;
	struct counted *oldest, **newest; /* that were not asked for yet */
};

static struct counted_key *key_find(const struct flow_count *count, struct counted *counted,
				    const struct flow_key *key)
{
	size_t at = flow_key_hash(key, &count->seed) & counted->mask;

	while (counted->keys[at].flows && memcmp(&counted->keys[at].key, key, sizeof(*key)))
		at = (at + 1) & counted->mask;
	return &counted->keys[at];
}

static int take_window(void *context, const struct window_result *result)
{
	struct flow_count *count = context;
	struct counted *counted;
	size_t capacity = 64;

	while (capacity < 2 * result->flow_count)
		capacity *= 2;
	counted = calloc(1, sizeof(*counted) + capacity * sizeof(counted->keys[0]));
	if (!counted)
		return -ENOMEM;
	counted->window_number = result->window_number;
	counted->start_ns = result->start_ns;
	counted->end_ns = result->end_ns;
	counted->mask = capacity - 1;
	for (size_t i = 0; i < result->flow_count; i++) {
		struct flow_key key = result->flows[i].key;
		struct counted_key *found;

		biflow_turn_key(&count->rows, &key, result->flows[i].marks);
		found = key_find(count, counted, &key);
		found->key = key;
		found->flows++;
	}
	*count->newest = counted;
	count->newest = &counted->next;
	return 0;
}

struct flow_count *flow_count_create(const struct engine_config *rows)
{
	struct flow_count *count = calloc(1, sizeof(*count));
	struct engine_config config = *rows;
	int err = count ? hash_seed_make(&count->seed) : -ENOMEM;

	config.biflow = config.service.is_kept = config.is_reduced = false;
	config.extra_sets = 0;
	config.sort = SORT_BYTES;
	config.top = 0;
	config.emit = take_window;
	config.emit_context = count;
	if (!err) {
		count->rows = *rows;
		count->newest = &count->oldest;
		count->engine = engine_create(&config);
		err = count->engine ? 0 : -errno;
	}
	if (!err)
		return count;
	flow_count_destroy(count);
	errno = -err;
	return NULL;
}

static void oldest_drop(struct flow_count *count)
{
	struct counted *oldest = count->oldest;

	count->oldest = oldest->next;
	if (!count->oldest)
		count->newest = &count->oldest;
	free(oldest);
}

void flow_count_destroy(struct flow_count *count)
{
	if (!count)
		return;
	while (count->oldest)
		oldest_drop(count);
	engine_destroy(count->engine);
	free(count);
}

struct engine *flow_count_engine(struct flow_count *count)
{
	return count->engine;
}

int flow_count_peek(struct flow_count *count, size_t window_number)
{
	const struct window_listener listener = { take_window, count };

	return engine_peek(count->engine, window_number, &listener);
}

static bool is_of(const struct counted *counted, const struct window_result *result)
{
	return counted->window_number == result->window_number &&
	       counted->start_ns == result->start_ns && counted->end_ns == result->end_ns;
}

/* Windows are told in one order by both engines. */
void flow_count_fill(struct flow_count *count, const struct window_result *result,
		     struct listing *listing)
{
	while (count->oldest && !is_of(count->oldest, result))
		oldest_drop(count);
	if (!count->oldest)
		return;
	for (size_t i = 0; i < listing->count; i++)
		listing->flows[i].flows = key_find(count, count->oldest,
						   &listing->flows[i].key)->flows;
	oldest_drop(count);
}
