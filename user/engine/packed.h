/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums at rest are packed: of a row of flows, which of them have one, and these one after
 * another in as few bytes as they need. Work on a row unpacks it and packs it again; rows with
 * nothing to do are not touched.
 *
 * Records of a block are packed in the same way. Deltas (README.md) say
 * what their eviction changes: bytes and packets, and what else was theirs alone.
 */
#ifndef WEIR_PACKED_H
#define WEIR_PACKED_H

#include "../../include/outcome.h"
#include "packed_extra.h"
#include "packed_sum.h"

#define ROW_SHIFT 8
#define ROW_FLOWS (1u << ROW_SHIFT)
#define ROW_WORDS (ROW_FLOWS / 64)

/* What a sum takes at most, packed: a delta with all that may change. */
#define PACKED_SUM_MOST (1 + 16 + sizeof(struct aggregate) + EXTRA_PACKED_MOST)

struct packed {
	struct packed *next; /* records: those of a later block */
	uint64_t block;      /* records: theirs */
	uint64_t places[ROW_WORDS];
	struct pane_form form;
	uint32_t room;       /* bytes allocated */
	uint16_t size;       /* bytes of data */
	bool is_delta;
	uint8_t data[];
};

_Static_assert(ROW_FLOWS * PACKED_SUM_MOST <= UINT16_MAX, "the size of a row's data");

/* A row unpacked. A sum counts only where its bit is set. */
struct row_sums {
	uint64_t places[ROW_WORDS];
	struct aggregate sums[ROW_FLOWS];
	struct extra_sum extras[ROW_FLOWS]; /* where the packer has them; else left alone */
};

/* What packing shares. */
struct packer {
	struct pane_ring panes;
	bool has_extras;       /* each sum has its extra measures */
	uint64_t memory_bytes; /* of all that is packed, */
	uint64_t recent_peak;  /* at most since it was last looked at, */
	uint64_t heap_bytes;   /* since the C library gave memory back */
	uint8_t room[ROW_FLOWS * PACKED_SUM_MOST + PACKED_SLACK];
};

/* Calls the statement after it with each set bit's number in turn; words may change meanwhile. */
#define FOR_EACH_BIT_OF(place, words, count)                                                \
	for (uint32_t word_ = 0, place; word_ < (count); word_++)                           \
		for (uint64_t bits_ = (words)[word_];                                       \
		     bits_ && (place = word_ * 64 + (uint32_t)__builtin_ctzll(bits_), true); \
		     bits_ &= bits_ - 1)

static inline void bit_set(uint64_t *words, uint32_t place)
{
	words[place / 64] |= 1ull << (place % 64);
}

static inline void bit_clear(uint64_t *words, uint32_t place)
{
	words[place / 64] &= ~(1ull << (place % 64));
}

static inline bool bit_is_set(const uint64_t *words, uint32_t place)
{
	return words[place / 64] >> (place % 64) & 1;
}

static inline bool row_is_empty(const uint64_t *places)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < ROW_WORDS; i++)
		any |= places[i];
	return !any;
}

static inline bool packed_has(const struct packed *packed, uint32_t place)
{
	return packed && bit_is_set(packed->places, place);
}

static inline void row_sums_clear(struct row_sums *row)
{
	memset(row->places, 0, sizeof(row->places));
}

static inline void row_sums_add(struct row_sums *row, const struct row_sums *more,
				const struct packer *packer)
{
	FOR_EACH_BIT_OF(place, more->places, ROW_WORDS) {
		if (!bit_is_set(row->places, place)) {
			bit_set(row->places, place);
			row->sums[place] = more->sums[place];
			if (packer->has_extras)
				row->extras[place] = more->extras[place];
			continue;
		}
		aggregate_merge(&row->sums[place], &more->sums[place], &packer->panes);
		if (packer->has_extras)
			extra_sum_add(&row->extras[place], &more->extras[place]);
	}
}

/*
 * Packs a row in place of what *at holds, NULL where it is of nothing. 0, or -ENOMEM: *at is
 * what it was.
 */
int packed_store(struct packer *packer, struct packed **at, const struct row_sums *row,
		 struct pane_form form);

/* Adds what is packed, which may be NULL and is no delta, to a row. */
void packed_add_to(const struct packed *packed, struct row_sums *row,
		   const struct packer *packer);

void packed_free(struct packer *packer, struct packed *packed);

/* Gives memory back to the system where much less is packed than was. To be called at times. */
void packer_trim(struct packer *packer);

/* After data became shorter: what is not needed goes back, if the C library has a way. */
void packed_fit(struct packer *packer, struct packed **at);

/* Memory for size bytes of data, to be filled; NULL if there is none. */
struct packed *packed_allocate(struct packer *packer, size_t size);

#endif
