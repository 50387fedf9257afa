/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows that the engine knows. They live in segments: runs of flows whose state lies side
 * by side, so that a pane or a slide walks memory in order. Inside a segment each window has
 * its part: its flows.
 */
#ifndef WEIR_FLOW_TABLE_H
#define WEIR_FLOW_TABLE_H

#include <stddef.h>

#include "../../include/hash.h"
#include "packed.h"
#include "slot_key.h"

#define SEGMENT_SHIFT 12
#define SEGMENT_FLOWS (1u << SEGMENT_SHIFT)
#define SEGMENT_WORDS (SEGMENT_FLOWS / 64)
#define SEGMENT_ROWS  (SEGMENT_FLOWS / ROW_FLOWS)

/* Key and open pane, and the index just after it has grown. */
#define FLOW_TABLE_BYTES (64 + 23)

/* What a window needs in each segment. */
struct part_layout {
	bool has_sums; /* a sum a flow: open sessions, or all since the start */
};

/*
 * Flows side by side in a tumbling or sliding window: each NULL where there are none.
 */
struct row {
	struct packed *open;   /* in the open block */
	struct packed *back;   /* in the blocks whose records are as they were counted */
	struct packed *front;  /* in the blocks whose records are deltas */
	struct packed *oldest; /* the records of blocks, linked from oldest to newest */
	struct packed *newest;
};

/* A window's part of a segment: rows; of session and landmark windows SEGMENT_FLOWS sums. */
struct part {
	struct flow_sum *sums;     /* a place without one has the sum of nothing */
	struct extra_sum *extras;  /* theirs; NULL: there are none */
	struct row rows[SEGMENT_ROWS];
};

struct segment {
	uint64_t live[SEGMENT_WORDS];
	uint64_t touched[SEGMENT_WORDS]; /* in the open pane */
	uint64_t removable[SEGMENT_WORDS]; /* fell out of a window: perhaps in none any more */
	uint32_t live_count;
	uint32_t room_from;              /* no word of live before this one has room */
	uint32_t number;
	bool has_overflowed;             /* some of overflows is not 0 */
	struct part *parts;              /* one a window */
	struct extra_sum *extras;        /* in the open pane, by place; NULL: there are none */
	struct key_beside *besides;      /* of the keys, by place (slot_key.h); NULL: they have none */
	uint8_t overflows[SEGMENT_FLOWS]; /* how often packets did, in the open pane */
	/*
	 * The flow's key and, where it is touched, its measures in the open pane, merged over
	 * CPUs: its packets modulo 2^32.
	 */
	struct flow_slot slots[SEGMENT_FLOWS];
};

struct flow_table {
	struct hash_seed seed;
	struct segment **segments; /* NULL where one is not in use */
	uint32_t segment_count;
	uint32_t segment_capacity;
	uint32_t room_from;        /* no segment before this one has room */
	uint64_t *index;           /* open addressing: hash in the upper half, id + 1 below */
	uint32_t index_bits;
	bool is_stale;             /* the index has entries of flows that left */
	bool is_full;              /* there was no memory for a larger one */
	struct tally lost;         /* of records of the open pane, for want of memory */
	uint64_t flow_count;
	uint64_t flow_peak;        /* since the index was last looked at */
	uint32_t trims;
	uint64_t memory_bytes;     /* but for what is packed */
	struct packer packer;
	bool has_beside;           /* records have two lines, the second the rest of their key */
	const struct part_layout *layouts;
	size_t layout_count;
};

#define FOR_EACH_BIT(place, words) FOR_EACH_BIT_OF(place, words, SEGMENT_WORDS)

/*
 * A flow that is touched in the open pane: less than 2^40 packets, two hours of 100
 * Gb/s at the shortest frames.
 */
static inline struct tally segment_tally(const struct segment *segment, uint32_t place)
{
	const struct flow_slot *slot = &segment->slots[place];
	uint64_t high = unlikely(segment->has_overflowed) ? segment->overflows[place] : 0;

	return (struct tally){ .packets = slot->packets + (high << 32), .bytes = slot->bytes };
}

/* The whole key of a flow. */
static inline struct flow_key segment_key(const struct segment *segment, uint32_t place)
{
	struct flow_key key = flow_slot_key(&segment->slots[place]);

	if (segment->besides)
		flow_key_set_beside(&key, &segment->besides[place]);
	return key;
}

/* Where the search for a hash begins, and what keeps it in the index. */
static inline uint32_t index_home(const struct flow_table *table, uint32_t hash)
{
	return hash >> (32 - table->index_bits);
}

static inline uint32_t index_mask(const struct flow_table *table)
{
	return (1u << table->index_bits) - 1;
}

/*
 * layouts: one a window; must outlive the table. has_beside is the caller's. 0 or negative errno.
 */
int flow_table_init(struct flow_table *table, const struct part_layout *layouts, size_t count,
		    bool has_extras);
void flow_table_fini(struct flow_table *table);

/* Adds records to the open pane of their flows. -ENOMEM: those without room are in lost. */
int flow_table_merge(struct flow_table *table, const struct flow_slot *const *records,
		     size_t count);

/* Of 64 flows of the row: those that it holds something of. */
static inline uint64_t row_held_word(const struct row *row, uint32_t word)
{
	return (row->open ? row->open->places[word] : 0) |
	       (row->back ? row->back->places[word] : 0) |
	       (row->front ? row->front->places[word] : 0);
}

static inline bool part_holds(const struct part *part, uint32_t place)
{
	uint64_t word = row_held_word(&part->rows[place / ROW_FLOWS], place % ROW_FLOWS / 64);

	return word >> (place % 64) & 1 || (part->sums && part->sums[place].packets);
}

/* Forgets a flow that nothing holds; its segment goes with the last flow when trimmed. */
void flow_table_release(struct flow_table *table, struct segment *segment, uint32_t place);

/* Whether so many flows are removed that sweeping the index is less work than removing each. */
bool flow_table_sweeps(const struct flow_table *table, uint64_t removals);

/*
 * Releases the flows of a segment that are marked as removable and that nothing holds; the
 * segment too if none is left. With is_stale set, flow_table_trim must follow before a merge.
 */
void flow_table_trim_segment(struct flow_table *table, struct segment *segment);

/* The same for all segments, and gives back memory that nothing uses. */
void flow_table_trim(struct flow_table *table);

#endif
