/* SPDX-License-Identifier: BSD-2-Clause */
#include "step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void step_fini(struct step *step)
{
	for (size_t i = 0; i < DIMENSION_COUNT; i++)
		free(step->lists[i].keys);
	memset(step->lists, 0, sizeof(step->lists));
}

int step_copy(const struct step *from, struct step *to)
{
	*to = *from;
	memset(to->lists, 0, sizeof(to->lists));
	for (size_t i = 0; i < DIMENSION_COUNT; i++) {
		size_t bytes = from->lists[i].count * sizeof(*from->lists[i].keys);

		if (!bytes)
			continue;
		to->lists[i].keys = malloc(bytes);
		if (!to->lists[i].keys) {
			step_fini(to);
			return -ENOMEM;
		}
		memcpy(to->lists[i].keys, from->lists[i].keys, bytes);
		to->lists[i].count = from->lists[i].count;
	}
	return 0;
}

static struct step_key *list_find(const struct step_list *list, const struct flow_key *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!memcmp(&list->keys[i].key, key, sizeof(*key)))
			return &list->keys[i];
	}
	return NULL;
}

uint64_t step_bytes_of(const struct step *step, enum dimension dimension,
		       const struct flow_key *key)
{
	const struct step_key *found = list_find(&step->lists[dimension], key);

	return found ? found->bytes : 0;
}

void step_list_take(struct step_list *list, const struct heavy *heavy)
{
	const struct heavy_entry *top[STEP_KEYS];
	size_t count = heavy_top(heavy, true, top, STEP_KEYS);

	list->count = 0;
	list->keys = count ? malloc(count * sizeof(*list->keys)) : NULL;
	if (!list->keys)
		return;
	for (size_t i = 0; i < count; i++)
		list->keys[i] = (struct step_key){ top[i]->key, top[i]->step_bytes };
	list->count = count;
}

static int compare_keys(const void *a, const void *b)
{
	const struct step_key *one = a, *other = b;

	if (one->bytes != other->bytes)
		return one->bytes < other->bytes ? 1 : -1;
	return memcmp(&one->key, &other->key, sizeof(one->key));
}

/* Takes over what more has; of that, where memory fails, only what the list has room for. */
static void list_merge(struct step_list *list, struct step_list *more)
{
	size_t both = list->count + more->count;
	struct step_key *keys = both ? realloc(list->keys, both * sizeof(*keys)) : NULL;

	if (keys)
		list->keys = keys;
	for (size_t i = 0; i < more->count; i++) {
		struct step_key *found = list_find(list, &more->keys[i].key);

		if (found)
			found->bytes += more->keys[i].bytes;
		else if (keys)
			list->keys[list->count++] = more->keys[i];
	}
	if (list->count)
		qsort(list->keys, list->count, sizeof(*list->keys), compare_keys);
	if (list->count > STEP_KEYS)
		list->count = STEP_KEYS;
	keys = list->count ? realloc(list->keys, list->count * sizeof(*keys)) : NULL;
	if (keys)
		list->keys = keys;
	free(more->keys);
	*more = (struct step_list){ NULL, 0 };
}

static void step_merge(struct step *step, struct step *more)
{
	step->end_ns = more->end_ns;
	step->windows += more->windows;
	if (more->flows_max > step->flows_max)
		step->flows_max = more->flows_max;
	flow_sum_add(&step->total, &more->total);
	direction_sums_add(&step->directions, &more->directions);
	extra_sum_add(&step->extras, &more->extras);
	for (size_t i = 0; i < DIMENSION_COUNT; i++)
		list_merge(&step->lists[i], &more->lists[i]);
}

/* By windows, not by time: a gap in a capture, however long, makes no step coarse. */
size_t steps_thin(struct step *steps, size_t count)
{
	size_t old = count > STEPS_FRESH ? count - STEPS_FRESH : 0, kept = 0;
	uint64_t windows = 0, most;

	for (size_t i = 0; i < count; i++)
		windows += steps[i].windows;
	most = (windows + STEPS_COARSE - 1) / STEPS_COARSE;
	if (most < 2)
		most = 2;
	for (size_t i = 0; i < count; i++) {
		if (kept && i < old && steps[kept - 1].windows + steps[i].windows <= most)
			step_merge(&steps[kept - 1], &steps[i]);
		else
			steps[kept++] = steps[i];
	}
	return kept;
}
