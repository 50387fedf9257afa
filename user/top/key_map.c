/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/slot_key.h"

int key_map_reset(struct key_map *map, size_t expected)
{
	size_t capacity = 64;

	while (capacity < 2 * expected)
		capacity *= 2;
	if (capacity != map->capacity) {
		struct key_map_entry *entries = malloc(capacity * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		free(map->entries);
		map->entries = entries;
		map->capacity = capacity;
	}
	memset(map->entries, 0xff, map->capacity * sizeof(*map->entries));
	map->count = 0;
	return 0;
}

void key_map_fini(struct key_map *map)
{
	free(map->entries);
	*map = (struct key_map){ 0 };
}

/* Which keys come is decided by the tables before, whose seeds nobody knows; what is left to
 * defend against is only a slow screen. */
uint32_t key_hash(const struct flow_key *key)
{
	static const struct hash_seed seed = { .word = {
		0xa24baed4963ee407u, 0x9fb21c651e98df25u, 0xd1b54a32d192ed03u,
		0x8cb92ba72f3d8dd7u, 0xaef17502108ef2d9u, 0xf1357aea2e62a9c5u,
		0xc6bc279692b5c323u, 0xabd98b7d1b8f5e7bu, 0x94d049bb133111ebu,
		0xbf58476d1ce4e5b9u, 0xff51afd7ed558ccdu, 0xc4ceb9fe1a85ec53u,
		0x9e3779b97f4a7c15u } };

	return flow_key_hash(key, &seed);
}

uint32_t key_map_find(const struct key_map *map, const struct key_list *list,
		      const struct flow_key *key, uint32_t hash)
{
	size_t mask = map->capacity - 1, at = hash & mask;

	if (!map->capacity)
		return KEY_MAP_NONE;
	for (; map->entries[at].value != KEY_MAP_NONE; at = (at + 1) & mask) {
		const struct key_map_entry *entry = &map->entries[at];
		const char *kept = (const char *)list->first + entry->value * list->stride;

		if (entry->hash == hash && !memcmp(kept, key, sizeof(*key)))
			return entry->value;
	}
	return KEY_MAP_NONE;
}

void key_map_add(struct key_map *map, uint32_t hash, uint32_t value)
{
	size_t mask = map->capacity - 1, at = hash & mask;

	while (map->entries[at].value != KEY_MAP_NONE)
		at = (at + 1) & mask;
	map->entries[at] = (struct key_map_entry){ hash, value };
	map->count++;
}
