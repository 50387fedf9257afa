/* SPDX-License-Identifier: BSD-2-Clause */
#include "heavy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rank.h"

#define CAPACITY_MIN 256u

void heavy_init(struct heavy *heavy, const struct hash_seed *seed, uint32_t most)
{
	*heavy = (struct heavy){ .seed = *seed, .most = most, .step = 1 };
}

void heavy_fini(struct heavy *heavy)
{
	free(heavy->entries);
	free(heavy->places);
	free(heavy->touched);
	heavy->entries = NULL;
	heavy->places = NULL;
	heavy->touched = NULL;
	heavy->count = heavy->capacity = heavy->touched_count = 0;
}

static uint32_t place_mask(const struct heavy *heavy)
{
	return 2 * heavy->capacity - 1;
}

static void place_put(struct heavy *heavy, uint32_t number)
{
	uint32_t mask = place_mask(heavy), at = heavy->entries[number].hash & mask;

	while (heavy->places[at].number)
		at = (at + 1) & mask;
	heavy->places[at] = (struct heavy_place){ heavy->entries[number].hash, number + 1 };
}

static void places_fill(struct heavy *heavy)
{
	memset(heavy->places, 0, 2ul * heavy->capacity * sizeof(*heavy->places));
	for (uint32_t i = 0; i < heavy->count; i++)
		place_put(heavy, i);
}

static int heavy_resize(struct heavy *heavy, uint32_t capacity)
{
	struct heavy_place *places = malloc(2ul * capacity * sizeof(*places));
	uint32_t *touched = realloc(heavy->touched, capacity * sizeof(*touched));
	struct heavy_entry *entries = NULL;

	if (touched)
		heavy->touched = touched;
	if (touched && places)
		entries = realloc(heavy->entries, capacity * sizeof(*entries));
	if (!entries) {
		free(places);
		return -ENOMEM;
	}
	free(heavy->places);
	heavy->entries = entries;
	heavy->places = places;
	heavy->capacity = capacity;
	places_fill(heavy);
	return 0;
}

int heavy_copy(const struct heavy *from, struct heavy *to)
{
	*to = *from;
	to->entries = NULL;
	to->places = NULL;
	to->touched = NULL;
	to->count = to->capacity = 0;
	if (!from->capacity)
		return 0;
	if (heavy_resize(to, from->capacity)) {
		heavy_fini(to);
		return -ENOMEM;
	}
	memcpy(to->entries, from->entries, from->count * sizeof(*to->entries));
	memcpy(to->touched, from->touched, from->touched_count * sizeof(*to->touched));
	to->count = from->count;
	places_fill(to);
	return 0;
}

/* Of all entries: the rank in which so many of the largest end, and how many of it stay. */
static unsigned int rank_to_cut(const struct heavy *heavy, uint32_t *stay)
{
	uint32_t counts[RANK_COUNT] = { 0 };

	for (uint32_t i = 0; i < heavy->count; i++)
		counts[rank_of(heavy_bytes(&heavy->entries[i]))]++;
	return rank_cut(counts, stay);
}

static bool is_before(const struct heavy_entry *a, const struct heavy_entry *b, bool of_step)
{
	uint64_t of_a = of_step ? a->step_bytes : heavy_bytes(a);
	uint64_t of_b = of_step ? b->step_bytes : heavy_bytes(b);

	return of_a != of_b ? of_a > of_b : memcmp(&a->key, &b->key, sizeof(a->key)) < 0;
}

size_t heavy_top(const struct heavy *heavy, bool of_step, const struct heavy_entry **top,
		 size_t most)
{
	uint32_t offered = of_step ? heavy->touched_count : heavy->count;
	size_t count = 0;

	for (uint32_t i = 0; i < offered; i++) {
		const struct heavy_entry *entry;
		size_t at;

		entry = &heavy->entries[of_step ? heavy->touched[i] : i];
		if (count == most && !is_before(entry, top[count - 1], of_step))
			continue;
		count += count < most;
		for (at = count - 1; at && is_before(entry, top[at - 1], of_step); at--)
			top[at] = top[at - 1];
		top[at] = entry;
	}
	return count;
}

/* The last of the largest of this step. An empty one where there are fewer. */
static struct heavy_entry last_of_step(const struct heavy *heavy)
{
	const struct heavy_entry *top[STEP_KEYS];

	if (heavy_top(heavy, true, top, STEP_KEYS) < STEP_KEYS)
		return (struct heavy_entry){ 0 };
	return *top[STEP_KEYS - 1];
}

void heavy_keep(struct heavy *heavy, uint32_t stay)
{
	const struct heavy_entry last = last_of_step(heavy);
	uint32_t kept = 0;
	unsigned int cut;

	if (heavy->count <= stay)
		return;
	cut = rank_to_cut(heavy, &stay);
	heavy->touched_count = 0;
	for (uint32_t i = 0; i < heavy->count; i++) {
		const struct heavy_entry entry = heavy->entries[i];
		unsigned int rank = rank_of(heavy_bytes(&entry));
		bool is_of_step = entry.step == heavy->step;
		bool is_most = rank > cut || (rank == cut && stay);

		stay -= is_most && rank == cut;
		if (!is_most && (!is_of_step || is_before(&last, &entry, true)))
			continue;
		heavy->entries[kept] = entry;
		if (is_of_step)
			heavy->touched[heavy->touched_count++] = kept;
		kept++;
	}
	heavy->has_forgotten = true;
	heavy->count = kept;
	places_fill(heavy);
}

/* False where there is no room for one more at all. */
static bool heavy_make_room(struct heavy *heavy)
{
	uint32_t wanted = heavy->capacity ? 2 * heavy->capacity : CAPACITY_MIN;

	if (heavy->count < heavy->capacity)
		return true;
	if (wanted > heavy->most)
		wanted = heavy->most;
	if (wanted > heavy->capacity && !heavy_resize(heavy, wanted))
		return true;
	if (!heavy->capacity) {
		heavy->has_forgotten = true;
		return false;
	}
	heavy_keep(heavy, heavy->capacity / 2);
	return true;
}

static bool is_key(const struct heavy_entry *entry, const struct flow_key *key, uint32_t hash)
{
	return entry->hash == hash && !memcmp(&entry->key, key, sizeof(*key));
}

static struct heavy_entry *heavy_find(struct heavy *heavy, const struct flow_key *key,
				      uint32_t hash)
{
	uint32_t mask = place_mask(heavy);

	if (!heavy->capacity)
		return NULL;
	/* As it is where there are few keys. */
	if (heavy->recent < heavy->count && is_key(&heavy->entries[heavy->recent], key, hash))
		return &heavy->entries[heavy->recent];
	for (uint32_t at = hash & mask; heavy->places[at].number; at = (at + 1) & mask) {
		struct heavy_entry *entry = &heavy->entries[heavy->places[at].number - 1];

		if (heavy->places[at].hash == hash && is_key(entry, key, hash)) {
			heavy->recent = heavy->places[at].number - 1;
			return entry;
		}
	}
	return NULL;
}

static struct heavy_entry *heavy_make(struct heavy *heavy, const struct flow_key *key,
				      uint32_t hash)
{
	struct heavy_entry *entry;

	if (!heavy_make_room(heavy))
		return NULL;
	entry = &heavy->entries[heavy->count++];
	*entry = (struct heavy_entry){ .key = *key, .hash = hash,
				       .is_late = heavy->has_forgotten };
	place_put(heavy, heavy->count - 1);
	return entry;
}

void heavy_expect(const struct heavy *heavy, uint32_t later, uint32_t soon)
{
	const struct heavy_place *place;

	if (!heavy->capacity)
		return;
	__builtin_prefetch(&heavy->places[later & place_mask(heavy)]);
	place = &heavy->places[soon & place_mask(heavy)];
	if (place->hash == soon && place->number) {
		__builtin_prefetch(&heavy->entries[place->number - 1].key);
		__builtin_prefetch(&heavy->entries[place->number - 1].step_bytes);
	}
}

void heavy_add(struct heavy *heavy, const struct flow_key *key, const struct heavy_amount *amount)
{
	heavy_add_hashed(heavy, key, heavy_hash(key, &heavy->seed), amount);
}

void heavy_add_hashed(struct heavy *heavy, const struct flow_key *key, uint32_t hash,
		      const struct heavy_amount *amount)
{
	struct heavy_entry *entry = heavy_find(heavy, key, hash);

	if (!entry)
		entry = heavy_make(heavy, key, hash);
	if (!entry)
		return;
	if (entry->step != heavy->step) {
		entry->step = heavy->step & 0x7fffffff;
		entry->step_bytes = 0;
		heavy->touched[heavy->touched_count++] = (uint32_t)(entry - heavy->entries);
	}
	entry->bytes[amount->way] += amount->bytes;
	entry->packets[amount->way] += amount->packets;
	entry->step_bytes += amount->bytes;
}

/* Never 0, which is that of a new entry. */
void heavy_next_step(struct heavy *heavy)
{
	heavy->step = heavy->step == 0x7fffffff ? 1 : heavy->step + 1;
	heavy->touched_count = 0;
}
