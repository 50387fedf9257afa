/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keys have carried since the start, exactly, for as many as there is room for: past that the
 * half of them that carried least is forgotten. A heavy key is never among those. One that came
 * when others had been forgotten already may have been one of them: it is marked as late, and its
 * sums are then at least so much.
 */
#ifndef WEIR_HEAVY_H
#define WEIR_HEAVY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/hash.h"

#define HEAVY_KEYS_MAX (128u << 10)
#define STEP_KEYS      48u /* the largest of a step that are told apart, in each dimension */

/* Of a key: what it sent, or who called sent, and what came back. */
enum heavy_way { HEAVY_THERE, HEAVY_BACK, HEAVY_WAYS };

struct heavy_entry {
	struct flow_key key;
	uint64_t bytes[HEAVY_WAYS];
	uint64_t packets[HEAVY_WAYS];
	uint64_t step_bytes;     /* in the step of that number, both ways */
	uint32_t hash;
	uint32_t step : 31;
	uint32_t is_late : 1;
};

/* Of an entry that is not the one looked for the hash alone is read. */
struct heavy_place {
	uint32_t hash;
	uint32_t number;         /* from 1 on; 0: none */
};

/* Zeroes, a seed and the room are an empty one. */
struct heavy {
	struct heavy_entry *entries;
	struct heavy_place *places; /* by hash; twice as many as entries fit */
	uint32_t *touched;       /* entries of this step */
	uint32_t count, capacity, touched_count;
	uint32_t most;           /* keys there is room for: at most HEAVY_KEYS_MAX, a power of two */
	uint32_t step;
	uint32_t recent;         /* entry that was found last */
	struct hash_seed seed;
	bool has_forgotten;      /* some keys: others may be of these */
};

struct heavy_amount {
	enum heavy_way way;
	uint64_t bytes;
	uint64_t packets;
};

void heavy_init(struct heavy *heavy, const struct hash_seed *seed, uint32_t most);
void heavy_fini(struct heavy *heavy);

/* *to is of no memory yet. 0, or -ENOMEM and nothing is left of it. */
int heavy_copy(const struct heavy *from, struct heavy *to);

/* By which a key is found. That of a flow has nothing of owners and tunnels. */
static __always_inline uint32_t heavy_hash(const struct flow_key *key, const struct hash_seed *seed)
{
	uint64_t hash = flow_hash(key, seed);

	for (size_t i = 5; i < FLOW_KEY_WORDS; i++) {
		hash = (hash ^ key->words[i]) * (seed->word[10] | 1);
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

/* Where memory fails there is less room; what finds none at all is not counted, nor listed. */
void heavy_add(struct heavy *heavy, const struct flow_key *key, const struct heavy_amount *amount);

/* The same, of a key whose hash is known. */
void heavy_add_hashed(struct heavy *heavy, const struct flow_key *key, uint32_t hash,
		      const struct heavy_amount *amount);

/* What keys of these hashes need is asked of the memory: of one that is added later, one soon. */
void heavy_expect(const struct heavy *heavy, uint32_t later, uint32_t soon);

/* Forgets all but so many, those of most bytes, and the STEP_KEYS of most in the step at hand. */
void heavy_keep(struct heavy *heavy, uint32_t stay);

/* What is added from now on belongs to another step. */
void heavy_next_step(struct heavy *heavy);

/*
 * The entries of most bytes, greatest first, ties by the bytes of the keys: of the run, or of the
 * step at hand. At most so many; how many.
 */
size_t heavy_top(const struct heavy *heavy, bool of_step, const struct heavy_entry **top,
		 size_t most);

static inline uint64_t heavy_bytes(const struct heavy_entry *entry)
{
	return entry->bytes[HEAVY_THERE] + entry->bytes[HEAVY_BACK];
}

#endif
