/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/account.h"
#include "../base/seed.h"
#include "../kernel/pages.h"
#include "flow_match.h"
#include "segment.h"

#define INDEX_BITS_MIN 10
#define MERGE_BATCH    32
#define SHRINK_TRIMS   16 /* an index that was too large for so long is made smaller */
#define FLOW_IDS_END   0xffffffffu
#define INDEX_REACH    4

static void index_put(struct flow_table *table, uint64_t entry)
{
	uint32_t at = index_home(table, (uint32_t)(entry >> 32));

	while (table->index[at])
		at = (at + 1) & index_mask(table);
	table->index[at] = entry;
}

static uint64_t *index_allocate(uint32_t bits)
{
	size_t bytes = sizeof(uint64_t) << bits;
	uint64_t *index;

	if (bytes < HUGE_PAGE_BYTES)
		return pages_allocate(bytes, false);
	index = pages_allocate_aligned(bytes);
	if (index)
		pages_prefer_huge(index, bytes);
	return index;
}

static int index_resize(struct flow_table *table, uint32_t bits)
{
	uint64_t *old = table->index, *fresh = index_allocate(bits);
	size_t old_size = old ? 1ull << table->index_bits : 0;

	if (!fresh)
		return -ENOMEM;
	table->index = fresh;
	table->index_bits = bits;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i])
			index_put(table, old[i]);
	}
	pages_free(old, old_size * sizeof(*old));
	table->memory_bytes += ((1ull << bits) - old_size) * sizeof(*fresh);
	return 0;
}

/* Makes room in the index for more flows, at a load of three quarters at most. */
static int index_reserve(struct flow_table *table, size_t more)
{
	uint32_t bits = table->index_bits;

	while ((table->flow_count + more) * 4 > 3ull << bits)
		bits++;
	if (bits > 31)
		return -ENOMEM;
	return bits == table->index_bits ? 0 : index_resize(table, bits);
}

/* From at on: the place of the flow's entry, or of the empty one that ends its search. */
static uint32_t index_find(const struct flow_table *table, const struct flow_slot *record,
			   uint32_t hash, uint32_t at)
{
	uint64_t entry;

	while ((entry = table->index[at])) {
		if ((uint32_t)(entry >> 32) == hash &&
		    flow_is_of(table, (uint32_t)entry - 1, record))
			break;
		at = (at + 1) & index_mask(table);
	}
	return at;
}

/* Empties an entry and moves later ones of the same stretch up, so that each is still found. */
static void index_remove(struct flow_table *table, uint32_t at)
{
	uint32_t mask = index_mask(table), next = at;
	uint64_t entry;

	while (next = (next + 1) & mask, (entry = table->index[next])) {
		uint32_t home = index_home(table, (uint32_t)(entry >> 32));

		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		table->index[at] = entry;
		at = next;
	}
	table->index[at] = 0;
}

static int segments_reserve(struct flow_table *table, uint32_t number)
{
	uint32_t capacity = table->segment_capacity ? table->segment_capacity * 2 : 16;
	struct segment **segments;

	if (number < table->segment_capacity)
		return 0;
	if (number >= FLOW_IDS_END >> SEGMENT_SHIFT)
		return -ENOMEM;
	segments = realloc(table->segments, capacity * sizeof(struct segment *));
	if (!segments)
		return -ENOMEM;
	table->memory_bytes += (capacity - table->segment_capacity) * sizeof(struct segment *);
	table->segments = segments;
	table->segment_capacity = capacity;
	return 0;
}

/* The first segment with room, made if there is none; NULL when memory has run out. */
static struct segment *segment_with_room(struct flow_table *table)
{
	uint32_t number = table->room_from;
	struct segment *segment;

	while (number < table->segment_count && table->segments[number] &&
	       table->segments[number]->live_count == SEGMENT_FLOWS)
		number++;
	table->room_from = number;
	if (number < table->segment_count && table->segments[number])
		return table->segments[number];
	if (segments_reserve(table, number))
		return NULL;
	segment = segment_create(table);
	if (!segment)
		return NULL;
	segment->number = number;
	table->segments[number] = segment;
	table->memory_bytes += segment_bytes(table);
	if (number == table->segment_count)
		table->segment_count++;
	return segment;
}

/* A new flow with a copy of the record; *entry is its empty place in the index. */
static int flow_start(struct flow_table *table, const struct flow_slot *record, uint32_t hash,
		      uint64_t *entry)
{
	struct segment *segment = segment_with_room(table);
	uint32_t place, word, id;

	if (!segment)
		return -ENOMEM;
	word = segment->room_from;
	while (!~segment->live[word])
		word++;
	segment->room_from = word;
	place = word * 64 + (uint32_t)__builtin_ctzll(~segment->live[word]);
	id = segment->number << SEGMENT_SHIFT | place;
	bit_set(segment->live, place);
	bit_set(segment->touched, place);
	segment->live_count++;
	segment->slots[place] = *record;
	if (table->packer.has_extras)
		segment->extras[place] = extra_of_record(record);
	if (table->has_beside)
		segment->besides[place] = record_beside(record);
	*entry = (uint64_t)hash << 32 | (id + 1);
	table->flow_count++;
	if (table->flow_count > table->flow_peak)
		table->flow_peak = table->flow_count;
	return 0;
}

static void flow_add_extra(struct segment *segment, uint32_t place, const struct flow_slot *record)
{
	const struct extra_sum more = extra_of_record(record);

	extra_sum_add(&segment->extras[place], &more);
}

static void flow_add(struct flow_table *table, uint32_t id, const struct flow_slot *record)
{
	struct segment *segment = table->segments[id >> SEGMENT_SHIFT];
	uint32_t place = id & (SEGMENT_FLOWS - 1);
	struct flow_slot *slot = &segment->slots[place];

	if (!bit_is_set(segment->touched, place)) {
		bit_set(segment->touched, place);
		*slot = *record;
		if (table->packer.has_extras)
			segment->extras[place] = extra_of_record(record);
		return;
	}
	if (table->packer.has_extras)
		flow_add_extra(segment, place, record);
	slot->bytes += record->bytes;
	if (unlikely(__builtin_add_overflow(slot->packets, record->packets, &slot->packets))) {
		segment->overflows[place]++;
		segment->has_overflowed = true;
	}
#define SLOT_MERGE(name, merge)         MERGE_##merge(slot->name, record->name);
#define SLOT_MERGE_INSTANT(name, merge) SLOT_MERGE(name##_ms, merge)
	FLOW_BITS(SLOT_MERGE)
	FLOW_INSTANTS(SLOT_MERGE_INSTANT)
	FLOW_LENGTHS(SLOT_MERGE)
}

/* Where a search ended that knew no key. */
struct found {
	uint32_t at;
	uint32_t id; /* of the first flow of that hash, most likely the one sought */
};

/* As index_find without the key; the flow's line is fetched meanwhile. */
static struct found index_find_hash(const struct flow_table *table, uint32_t hash)
{
	uint32_t at = index_home(table, hash);
	uint64_t entry;

	while ((entry = table->index[at])) {
		if ((uint32_t)(entry >> 32) == hash) {
			__builtin_prefetch(flow_of(table, (uint32_t)entry - 1), 1);
			return (struct found){ at, (uint32_t)entry - 1 };
		}
		at = (at + 1) & index_mask(table);
	}
	return (struct found){ at, FLOW_IDS_END };
}

static int record_merge(struct flow_table *table, const struct flow_slot *record, uint32_t hash,
			const struct found *found)
{
	uint64_t *entry;

	if (found->id != FLOW_IDS_END && flow_is_of(table, found->id, record)) {
		flow_add(table, found->id, record);
		return 0;
	}
	entry = &table->index[index_find(table, record, hash, found->at)];
	if (!*entry)
		return table->is_full ? -ENOMEM : flow_start(table, record, hash, entry);
	flow_add(table, (uint32_t)*entry - 1, record);
	return 0;
}

static void record_lose(struct flow_table *table, const struct flow_slot *record)
{
	table->lost.packets += record->packets;
	table->lost.bytes += record->bytes;
}

/* Some records of a merge, and their hashes. */
struct batch {
	const struct flow_slot *const *records;
	size_t count;
	uint32_t hash[MERGE_BATCH];
};

static void batch_aim(const struct flow_table *table, struct batch *batch)
{
	/* Searches in an index that is rather full often go on in the next line. */
	uint32_t reach = table->flow_count > 1ull << table->index_bits >> 1 ? INDEX_REACH : 0;

	for (size_t i = 0; i < batch->count; i++) {
		uint32_t home;

		batch->hash[i] = record_hash(table, batch->records[i]);
		home = index_home(table, batch->hash[i]);
		__builtin_prefetch(&table->index[home]);
		if (reach)
			__builtin_prefetch(&table->index[(home + reach) & index_mask(table)]);
	}
}

static int batch_merge(struct flow_table *table, const struct batch *batch)
{
	struct found found[MERGE_BATCH];
	int err = 0;

	for (size_t i = 0; i < batch->count; i++)
		found[i] = index_find_hash(table, batch->hash[i]);
	for (size_t i = 0; i < batch->count; i++) {
		if (!record_merge(table, batch->records[i], batch->hash[i], &found[i]))
			continue;
		record_lose(table, batch->records[i]);
		err = -ENOMEM;
	}
	return err;
}

/*
 * The misses of a batch overlap: first all of the index, while the batch before is merged, then
 * all of the flows.
 */
int flow_table_merge(struct flow_table *table, const struct flow_slot *const *records,
		     size_t count)
{
	struct batch batches[2] = { { .count = 0 }, { .count = 0 } };
	size_t aimed = 0;
	int err = 0;

	for (size_t next = 0; aimed < count + MERGE_BATCH; next = !next) {
		struct batch *batch = &batches[next];
		size_t left = aimed < count ? count - aimed : 0;

		batch->records = records + count - left;
		batch->count = left < MERGE_BATCH ? left : MERGE_BATCH;
		/* Flows that are known are counted on where there is no room for others. */
		table->is_full = index_reserve(table, batches[0].count + batches[1].count) != 0;
		batch_aim(table, batch);
		if (batch_merge(table, &batches[!next]))
			err = -ENOMEM;
		aimed += MERGE_BATCH;
	}
	return err;
}

/* Of the 64 flows of a word: those that the open pane or some window holds something of. */
static uint64_t held_word(const struct flow_table *table, const struct segment *segment,
			  uint32_t word)
{
	uint64_t held = segment->touched[word];

	for (size_t i = 0; i < table->layout_count; i++) {
		const struct part *part = &segment->parts[i];

		held |= row_held_word(&part->rows[word / ROW_WORDS], word % ROW_WORDS);
		for (uint32_t place = word * 64; part->sums && place < word * 64 + 64; place++)
			held |= (uint64_t)(part->sums[place].packets != 0) << (place % 64);
	}
	return held;
}

/* The flow's entry stays in the index until it is swept; no flow is sought meanwhile. */
static void flow_remove(struct flow_table *table, struct segment *segment, uint32_t place)
{
	bit_clear(segment->live, place);
	segment->live_count--;
	if (place / 64 < segment->room_from)
		segment->room_from = place / 64;
	table->flow_count--;
	if (segment->number < table->room_from)
		table->room_from = segment->number;
}

void flow_table_release(struct flow_table *table, struct segment *segment, uint32_t place)
{
	uint64_t entry = (uint64_t)segment->number << SEGMENT_SHIFT | place;
	uint32_t hash = slot_hash(table, &segment->slots[place]);
	uint32_t at;

	if (table->has_beside)
		hash = hash_with_beside(hash, &segment->besides[place], &table->seed);
	entry = (uint64_t)hash << 32 | (entry + 1);
	at = index_home(table, hash);
	while (table->index[at] != entry)
		at = (at + 1) & index_mask(table);
	index_remove(table, at);
	flow_remove(table, segment, place);
}

bool flow_table_sweeps(const struct flow_table *table, uint64_t removals)
{
	return removals > 1ull << table->index_bits >> 5;
}

void flow_table_trim_segment(struct flow_table *table, struct segment *segment)
{
	for (uint32_t word = 0; word < SEGMENT_WORDS; word++) {
		if (segment->removable[word])
			segment->removable[word] &= ~held_word(table, segment, word);
	}
	FOR_EACH_BIT(place, segment->removable) {
		if (table->is_stale)
			flow_remove(table, segment, place);
		else
			flow_table_release(table, segment, place);
	}
	memset(segment->removable, 0, sizeof(segment->removable));
	if (segment->live_count)
		return;
	table->segments[segment->number] = NULL;
	table->memory_bytes -= segment_bytes(table);
	segment_destroy(table, segment);
}

static bool entry_is_live(const struct flow_table *table, uint64_t entry)
{
	uint32_t id = (uint32_t)entry - 1, place = id % SEGMENT_FLOWS;
	const struct segment *segment = table->segments[id >> SEGMENT_SHIFT];

	return segment && segment->live[place / 64] >> (place % 64) & 1;
}

/*
 * Removes the entries of all flows that left. The others are put anew, from the end of a stretch
 * on: each then finds a place no later than its own. A place that was empty before ends one; a
 * place emptied here may be passed by entries of before it.
 */
static void index_sweep(struct flow_table *table)
{
	uint32_t mask = index_mask(table), start = 0;

	table->is_stale = false;
	if (!table->flow_count) {
		memset(table->index, 0, sizeof(*table->index) << table->index_bits);
		return;
	}
	for (uint64_t i = 0; i <= mask; i++) {
		if (!table->index[i])
			start = (uint32_t)i;
		else if (!entry_is_live(table, table->index[i]))
			table->index[i] = 0;
	}
	for (uint64_t i = 1; i <= mask; i++) {
		uint32_t at = (start + (uint32_t)i) & mask;
		uint64_t entry = table->index[at];

		table->index[at] = 0;
		if (entry)
			index_put(table, entry);
	}
}

static uint64_t removable_count(const struct flow_table *table)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		const struct segment *segment = table->segments[i];

		for (uint32_t word = 0; segment && word < SEGMENT_WORDS; word++)
			count += (uint64_t)__builtin_popcountll(segment->removable[word]);
	}
	return count;
}

void flow_table_trim(struct flow_table *table)
{
	uint32_t bits = table->index_bits;

	table->is_stale |= flow_table_sweeps(table, removable_count(table));
	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (table->segments[i])
			flow_table_trim_segment(table, table->segments[i]);
	}
	if (table->is_stale)
		index_sweep(table);
	if (++table->trims % SHRINK_TRIMS)
		return;
	packer_trim(&table->packer);
	while (bits > INDEX_BITS_MIN && table->flow_peak < 1ull << bits >> 3)
		bits--;
	table->flow_peak = table->flow_count;
	/* Where there is no memory for the smaller one, the larger one serves. */
	if (bits < table->index_bits)
		index_resize(table, bits);
}

int flow_table_init(struct flow_table *table, const struct part_layout *layouts, size_t count,
		    bool has_extras)
{
	int err;

	memset(table, 0, sizeof(*table));
	table->packer.has_extras = has_extras;
	table->layouts = layouts;
	table->layout_count = count;
	err = hash_seed_make(&table->seed);
	return err ? err : index_resize(table, INDEX_BITS_MIN);
}

void flow_table_fini(struct flow_table *table)
{
	for (uint32_t i = 0; i < table->segment_count; i++)
		segment_destroy(table, table->segments[i]);
	pane_ring_fini(&table->packer.panes);
	free(table->segments);
	pages_free(table->index, sizeof(*table->index) << table->index_bits);
}
