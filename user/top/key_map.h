/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From flow keys to numbers: open addressing, keyed hash, grows as needed.
 */
#ifndef WEIR_KEY_MAP_H
#define WEIR_KEY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/hash.h"

#define KEY_MAP_NONE UINT32_MAX

struct key_map_entry {
	uint32_t hash;
	uint32_t value; /* KEY_MAP_NONE: empty */
};

/* The keys themselves lie with the owner, stride bytes apart, in the order of the values. */
struct key_map {
	struct key_map_entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* Room for expected keys without growing; forgets what was there. 0 or -ENOMEM. */
int key_map_reset(struct key_map *map, size_t expected);
void key_map_fini(struct key_map *map);

uint32_t key_hash(const struct flow_key *key);

/* Where the owner keeps keys. */
struct key_list {
	const void *first; /* a struct flow_key at the beginning of each element */
	size_t stride;
};

/* Has the place of a hash fetched from memory, which takes longer than all else. */
static inline void key_map_prefetch(const struct key_map *map, uint32_t hash)
{
	if (map->capacity)
		__builtin_prefetch(&map->entries[hash & (map->capacity - 1)]);
}

/* The number of the key, or KEY_MAP_NONE. */
uint32_t key_map_find(const struct key_map *map, const struct key_list *list,
		      const struct flow_key *key, uint32_t hash);

/* The key must not be there, and there must be room for it. */
void key_map_add(struct key_map *map, uint32_t hash, uint32_t value);

#endif
