/* SPDX-License-Identifier: BSD-2-Clause */
#include "known_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/seed.h"

#define BITS_MIN 10

static bool is_of_sockets(const struct known_table *table)
{
	return table->size == sizeof(struct known_socket);
}

static void *place_at(const struct known_table *table, uint32_t at)
{
	return (char *)table->places + at * table->size;
}

static uint32_t mask_of(const struct known_table *table)
{
	return (1u << table->bits) - 1;
}

static bool is_empty(const struct known_table *table, const void *place)
{
	if (is_of_sockets(table))
		return !((const struct known_socket *)place)->cookie;
	return !((const struct known_flow *)place)->ends.ip_proto;
}

static uint32_t *pane_of(const struct known_table *table, void *place)
{
	if (is_of_sockets(table))
		return &((struct known_socket *)place)->pane;
	return &((struct known_flow *)place)->pane;
}

static uint32_t home_of(const struct known_table *table, const void *entry)
{
	const struct known_flow *flow = entry;
	struct flow_key key = { .flags = FLOW_IPV6 };
	uint64_t cookie;

	if (is_of_sockets(table)) {
		cookie = ((const struct known_socket *)entry)->cookie;
		return (uint32_t)((cookie * (table->seed.word[0] | 1)) >> 32) & mask_of(table);
	}
	/* As if it were IPv6, so that all of an address counts. */
	for (size_t i = 0; i < FLOW_KEY_FULL_WORDS; i++)
		key.words[i] |= flow->ends.words[i];
	return flow_hash(&key, &table->seed) & mask_of(table);
}

/* The entry of the same key as this one, or the empty place that ends its search. */
static void *place_of(const struct known_table *table, const void *entry)
{
	size_t key_size = is_of_sockets(table) ? sizeof(uint64_t) : sizeof(struct flow_key);
	uint32_t at = home_of(table, entry);

	while (!is_empty(table, place_at(table, at)) &&
	       memcmp(place_at(table, at), entry, key_size))
		at = (at + 1) & mask_of(table);
	return place_at(table, at);
}

/* Anew, with what a pane from oldest on needed; where there is no memory, as it was. */
static int table_remake(struct known_table *table, uint32_t bits, uint32_t oldest)
{
	struct known_table fresh = *table;

	fresh.bits = bits;
	fresh.count = 0;
	fresh.places = calloc(1ull << bits, table->size);
	if (!fresh.places)
		return -ENOMEM;
	for (uint32_t at = 0; table->places && at <= mask_of(table); at++) {
		void *place = place_at(table, at);

		if (is_empty(table, place) || *pane_of(table, place) < oldest)
			continue;
		memcpy(place_of(&fresh, place), place, table->size);
		fresh.count++;
	}
	free(table->places);
	*table = fresh;
	return 0;
}

int known_table_init(struct known_table *table, size_t size)
{
	int err;

	memset(table, 0, sizeof(*table));
	table->size = size;
	err = hash_seed_make(&table->seed);
	return err ? err : table_remake(table, BITS_MIN, 0);
}

void known_table_fini(struct known_table *table)
{
	free(table->places);
	memset(table, 0, sizeof(*table));
}

/* A new one is told by its pane, which is 0. */
static void *entry_of(struct known_table *table, const void *wanted)
{
	void *place = place_of(table, wanted);

	if (!is_empty(table, place))
		return place;
	if (table->count >= OWNERS_KEPT_MAX)
		return NULL;
	if (2 * (table->count + 1) > 1u << table->bits) {
		if (table_remake(table, table->bits + 1, 0))
			return NULL;
		place = place_of(table, wanted);
	}
	memcpy(place, wanted, table->size);
	table->count++;
	return place;
}

struct known_socket *known_socket_of(struct known_table *table, uint64_t cookie)
{
	const struct known_socket wanted = { .cookie = cookie };

	return entry_of(table, &wanted);
}

struct known_flow *known_flow_of(struct known_table *table, const struct flow_key *ends)
{
	const struct known_flow wanted = { .ends = *ends };

	return entry_of(table, &wanted);
}

struct known_flow *known_flow_find(const struct known_table *table, const struct flow_key *ends)
{
	const struct known_flow wanted = { .ends = *ends };
	struct known_flow *found = place_of(table, &wanted);

	return found->ends.ip_proto ? found : NULL;
}

bool known_table_is_crowded(const struct known_table *table)
{
	return table->count > OWNERS_KEPT_MAX / 4 * 3;
}

/* Half of what is kept may be new before the next sweep. */
void known_table_sweep(struct known_table *table, uint32_t oldest)
{
	uint32_t bits = table->bits;

	while (bits > BITS_MIN && table->count < 1u << bits >> 3)
		bits--;
	(void)table_remake(table, bits < table->bits ? bits + 1 : bits, oldest);
}

void known_table_walk(const struct known_table *table, uint32_t pane,
		      void (*fn)(void *context, void *entry), void *context)
{
	for (uint32_t at = 0; at <= mask_of(table); at++) {
		void *place = place_at(table, at);

		if (!is_empty(table, place) && *pane_of(table, place) == pane)
			fn(context, place);
	}
}
