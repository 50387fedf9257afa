/* SPDX-License-Identifier: BSD-2-Clause */
#include "bank_drain.h"

#include <string.h>

#define READ_BATCH 256

/* Memory is written in the order of the program: nobody but its reader after a crash looks on. */
#define in_this_order() asm volatile("" : : : "memory")

/* One reading in progress. */
struct reading {
	const struct bank_geometry *geometry;
	struct bank_counts *counts;
	records_fn *fn;
	void *context;
	const struct flow_slot *batch[READ_BATCH];
	size_t batched;
	int err;
};

static struct section_header *section_of(const struct bank_view *bank, uint32_t index)
{
	return (struct section_header *)(bank->memory +
					 (size_t)index * bank->geometry->section_size);
}

static uint64_t *section_bitmap(const struct bank_geometry *g, struct section_header *section)
{
	return (uint64_t *)((uint8_t *)section + g->bitmap_offset);
}

static struct flow_slot *slot_of(const struct bank_geometry *g, struct section_header *section,
				 uint32_t index)
{
	return (struct flow_slot *)((uint8_t *)section + g->slots_offset +
				    (size_t)index * g->record_size);
}

static struct flow_slot *spilled_of(const struct bank_geometry *g, struct section_header *section,
				    uint32_t index)
{
	return (struct flow_slot *)((uint8_t *)section + g->spill_offset +
				    (size_t)index * g->record_size);
}

static struct link_tally *section_tallies(const struct bank_geometry *g,
					  struct section_header *section)
{
	return (struct link_tally *)((uint8_t *)section + g->tallies_offset);
}

void bank_stamp(const struct bank_view *bank, const struct bank_begin *begin, uint64_t sequence)
{
	for (uint32_t i = 0; i < bank_sections(bank->geometry); i++)
		section_of(bank, i)->begin_ticks = begin->ticks;
	section_of(bank, 0)->begin_ns = begin->now_ns;
	section_of(bank, 0)->wall_offset_ns = begin->wall_offset_ns;
	in_this_order();
	section_of(bank, 0)->sequence = sequence;
	in_this_order();
}

struct bank_begin bank_began(const struct bank_view *bank)
{
	const struct section_header *first = section_of(bank, 0);

	return (struct bank_begin){ first->begin_ticks, first->begin_ns, first->wall_offset_ns };
}

uint64_t bank_sequence(const struct bank_view *bank)
{
	return section_of(bank, 0)->sequence;
}

static void reading_flush(struct reading *r)
{
	if (r->batched && !r->err)
		r->err = r->fn(r->context, r->batch, r->batched);
	r->batched = 0;
}

static void read_record(struct reading *r, const struct flow_slot *record)
{
	uint32_t link = flow_link_number(record->flags, record->vlan, record->inner_vlan);
	uint32_t index = link_tally_index(link, record->flags & FLOW_OUT);
	struct tally *flow;

	flow = &r->counts->links[index & (2 * r->geometry->links - 1)].outcome[PACKET_FLOW];
	flow->packets += record->packets;
	flow->bytes += record->bytes;
	r->batch[r->batched++] = record;
	if (r->batched == READ_BATCH)
		reading_flush(r);
}

/* Hands over the slots that the bitmap names; how many there were. */
static uint32_t read_slots(struct reading *r, struct section_header *section)
{
	const uint64_t *bitmap = section_bitmap(r->geometry, section);
	uint32_t used = 0;

	for (uint32_t word = 0; word < r->geometry->slots / 64; word++) {
		for (uint64_t bits = bitmap[word]; bits; bits &= bits - 1, used++)
			read_record(r, slot_of(r->geometry, section,
					       word * 64 + (uint32_t)__builtin_ctzll(bits)));
	}
	return used;
}

static void read_tallies(struct reading *r, struct section_header *section)
{
	const struct link_tally *tallies = section_tallies(r->geometry, section);

	for (uint32_t i = 0; i < 2 * r->geometry->links; i++) {
		struct link_outcomes *counts = &r->counts->links[i];

		tally_merge(&counts->outcome[PACKET_FILTERED], &tallies[i].filtered);
		tally_merge(&counts->outcome[PACKET_MALFORMED], &tallies[i].malformed);
		tally_merge(&counts->outcome[PACKET_UNATTRIBUTED], &tallies[i].unattributed);
		tally_merge(&counts->outcome[PACKET_UNATTRIBUTED], &tallies[i].contended);
		for (int reason = 0; reason < MALFORMED_REASON_COUNT; reason++)
			counts->malformed_reason[reason] += tallies[i].malformed_reason[reason];
	}
	for (uint32_t i = 0; i < SIZE_BUCKETS; i++)
		r->counts->total.size_histogram[i] += section->size_histogram[i];
	r->counts->total.fragments_lost += section->fragments_lost;
}

static uint32_t read_section(struct reading *r, struct section_header *section)
{
	uint32_t used = read_slots(r, section);

	for (uint32_t i = 0; i < section->spill_used; i++)
		read_record(r, spilled_of(r->geometry, section, i));
	read_tallies(r, section);
	return used;
}

static void total_add(struct outcome_counts *total, const struct link_outcomes *counts)
{
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		tally_merge(&total->outcome[i], &counts->outcome[i]);
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		total->malformed_reason[i] += counts->malformed_reason[i];
}

int bank_read(const struct bank_view *bank, records_fn *fn, void *context,
	      struct bank_counts *counts)
{
	const struct bank_geometry *g = bank->geometry;
	struct reading r = { .geometry = g, .counts = counts, .fn = fn, .context = context };
	uint32_t most = 0;

	memset(&counts->total, 0, sizeof(counts->total));
	memset(counts->links, 0, 2 * g->links * sizeof(*counts->links));
	for (uint32_t i = 0; i < bank_sections(g); i++) {
		uint32_t used = read_section(&r, section_of(bank, i));

		most = used > most ? used : most;
	}
	reading_flush(&r);
	for (uint32_t i = 0; i < 2 * g->links; i++)
		total_add(&counts->total, &counts->links[i]);
	counts->fill = (double)most / g->slots;
	return r.err;
}

static void clear_records(const struct bank_geometry *g, struct section_header *section)
{
	const uint64_t *bitmap = section_bitmap(g, section);

	for (uint32_t word = 0; word < g->slots / 64; word++) {
		for (uint64_t bits = bitmap[word]; bits; bits &= bits - 1)
			memset(slot_of(g, section, word * 64 + (uint32_t)__builtin_ctzll(bits)), 0,
			       g->record_size);
	}
	memset(spilled_of(g, section, 0), 0, (size_t)section->spill_used * g->record_size);
}

static void clear_bitmap(const struct bank_geometry *g, struct section_header *section)
{
	uint64_t *bitmap = section_bitmap(g, section);

	/* Words that are clear stay unwritten: a large table's are many. */
	for (uint32_t word = 0; word < g->slots / 64; word++) {
		if (bitmap[word])
			bitmap[word] = 0;
	}
}

static void clear_header(const struct bank_geometry *g, struct section_header *section)
{
	memset(section_tallies(g, section), 0, 2 * g->links * sizeof(struct link_tally));
	memset(&section->begin_ticks, 0,
	       sizeof(*section) - offsetof(struct section_header, begin_ticks));
}

void bank_clear(const struct bank_view *bank)
{
	static void (*const steps[])(const struct bank_geometry *, struct section_header *) = {
		clear_records, clear_bitmap, clear_header,
	};

	for (size_t step = 0; step < sizeof(steps) / sizeof(*steps); step++) {
		for (uint32_t i = 0; i < bank_sections(bank->geometry); i++)
			steps[step](bank->geometry, section_of(bank, i));
		in_this_order();
	}
	section_of(bank, 0)->sequence = 0;
}
