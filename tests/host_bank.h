/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bank of one CPU in plain memory, for the accounting step on the host. Included after
 * cmocka.h.
 */
#ifndef WEIR_TESTS_HOST_BANK_H
#define WEIR_TESTS_HOST_BANK_H

#include <stdlib.h>
#include <string.h>

#include "../include/account.h"

struct host_bank {
	struct bank_geometry geometry;
	uint8_t *memory; /* sections_per_cpu sections */
};

/* Records and counters of a bank, as the agent would drain them; to be freed. */
struct drained {
	struct flow_slot *records;
	size_t count, room;
	struct tally outcome[PACKET_OUTCOME_COUNT];
	uint64_t malformed_reason[MALFORMED_REASON_COUNT];
	uint64_t size_histogram[SIZE_BUCKETS];
	bool has_extra;            /* records have two lines: the sums of the second ones, */
	uint64_t zero_windows, resets, ip_bytes, retransmitted_packets, retransmitted_bytes;
	uint64_t extra_check;      /* and a number that tells which flow has what */
	uint64_t tunnels;     /* of the records: OR of them */
};

static inline void host_bank_create(struct host_bank *bank, const struct bank_geometry *g)
{
	size_t size = (size_t)g->sections_per_cpu * g->section_size;

	bank->geometry = *g;
	bank->memory = aligned_alloc(4096, size);
	assert_non_null(bank->memory);
	memset(bank->memory, 0, size);
}

static inline void host_bank_destroy(struct host_bank *bank)
{
	free(bank->memory);
}

static inline struct section_header *host_bank_section(const struct host_bank *bank, uint32_t index)
{
	return (struct section_header *)(bank->memory +
					 (size_t)index * bank->geometry.section_size);
}

/* The section that a hash chooses: as in the kernel. */
static inline struct section_header *host_bank_section_of(const struct host_bank *bank,
							  uint32_t hash)
{
	uint32_t index = (hash / SECTION_SLOTS_MAX) & (bank->geometry.sections_per_cpu - 1);

	return host_bank_section(bank, index);
}

static inline void drained_free(struct drained *d)
{
	free(d->records);
	*d = (struct drained){ 0 };
}

static inline void drained_add_extra(struct drained *d, const struct flow_record *record)
{
	uint64_t flow = record->slot.words[1] * 31 + record->slot.words[4] + record->slot.src[0];

	d->zero_windows += record->extra.zero_windows;
	d->resets += record->extra.resets;
	d->ip_bytes += record->extra.ip_bytes;
	d->retransmitted_packets += record->extra.retransmitted_packets;
	d->retransmitted_bytes += record->extra.retransmitted_bytes;
	d->extra_check += flow * (record->extra.zero_windows * 1000003ull + record->extra.resets +
				  record->extra.retransmitted_bytes * 7919ull +
				  record->extra.ip_bytes * 998244353ull);
	d->tunnels |= record->extra.tunnel;
	d->extra_check += (flow + record->slot.bytes) * (record->extra.tunnel * 31 + 7);
}

static inline void drained_add(struct drained *d, const struct flow_slot *record)
{
	if (d->count == d->room) {
		size_t room = d->room ? 2 * d->room : 1024;
		struct flow_slot *records = aligned_alloc(64, room * sizeof(*records));

		assert_non_null(records);
		if (d->count)
			memcpy(records, d->records, d->count * sizeof(*records));
		free(d->records);
		d->records = records;
		d->room = room;
	}
	d->records[d->count++] = *record;
	if (d->has_extra)
		drained_add_extra(d, (const struct flow_record *)record);
	tally_add(&d->outcome[PACKET_FLOW], record->packets, record->bytes);
}

static inline struct flow_slot *host_bank_spill(const struct host_bank *bank,
						struct section_header *section)
{
	return (struct flow_slot *)((uint8_t *)section + bank->geometry.spill_offset);
}

static inline bool host_bank_marks(const struct host_bank *bank,
				   const struct section_header *section, uint32_t slot)
{
	const uint64_t *bitmap = (const uint64_t *)((const uint8_t *)section +
						    bank->geometry.bitmap_offset);

	return bitmap[slot / 64] >> slot % 64 & 1;
}

static inline void drained_sum(struct tally *sum, const struct tally *part)
{
	sum->packets += part->packets;
	sum->bytes += part->bytes;
}

static inline struct link_tally *host_bank_tally(const struct host_bank *bank,
						 struct section_header *section, uint32_t index)
{
	const struct tallied tallied = { section, &bank->geometry, index };

	return section_tally(&tallied);
}

static inline void drained_add_tally(struct drained *d, const struct link_tally *tally)
{
	drained_sum(&d->outcome[PACKET_FILTERED], &tally->filtered);
	drained_sum(&d->outcome[PACKET_MALFORMED], &tally->malformed);
	drained_sum(&d->outcome[PACKET_UNATTRIBUTED], &tally->unattributed);
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		d->malformed_reason[i] += tally->malformed_reason[i];
}

/* What one section has. A slot is in use if and only if the bitmap says so. */
static inline void drained_add_section(struct drained *d, const struct host_bank *bank,
				       struct section_header *section)
{
	for (uint32_t i = 0; i < bank->geometry.slots; i++) {
		const struct flow_slot *slot = section_slot(section, &bank->geometry, i,
							     bank_has_extra(&bank->geometry));

		assert_int_equal(host_bank_marks(bank, section, i), slot->packets != 0);
		if (slot->packets)
			drained_add(d, slot);
	}
	for (uint32_t i = 0; i < section->spill_used; i++)
		drained_add(d, record_at(host_bank_spill(bank, section), i, d->has_extra));
	for (uint32_t i = 0; i < 2 * bank->geometry.links; i++)
		drained_add_tally(d, host_bank_tally(bank, section, i));
	for (uint32_t i = 0; i < SIZE_BUCKETS; i++)
		d->size_histogram[i] += section->size_histogram[i];
}

static inline struct drained host_bank_drain(const struct host_bank *bank)
{
	struct drained d = { .has_extra = bank_has_extra(&bank->geometry) };

	for (uint32_t i = 0; i < bank->geometry.sections_per_cpu; i++)
		drained_add_section(&d, bank, host_bank_section(bank, i));
	return d;
}

#endif
