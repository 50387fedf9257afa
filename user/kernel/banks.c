/* SPDX-License-Identifier: BSD-2-Clause */
#include "banks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../system/machine.h"

#define BANK_COUNT  2
#define DRAIN_BATCH 256

struct bank {
	int fd;
	uint8_t *memory; /* mapped: bank_sections() sections */
};

struct banks {
	struct bank_geometry geometry;
	struct bank bank[BANK_COUNT];
	int outer_fd;
	unsigned int active;
	double fill;
};

/* One drain in progress. */
struct drain {
	const struct bank_geometry *geometry;
	struct outcome_counts *counts;
	records_fn *fn;
	void *context;
	const struct flow_slot *batch[DRAIN_BATCH];
	size_t batched;
	int err;
};

static int bank_open(struct bank *bank, const struct bank_geometry *g)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	void *memory;

	bank->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_bank", sizeof(__u32), g->section_size,
				  bank_sections(g), &opts);
	if (bank->fd < 0)
		return bank->fd;
	memory = mmap(NULL, bank_size_bytes(g), PROT_READ | PROT_WRITE, MAP_SHARED, bank->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	bank->memory = memory;
	return 0;
}

static void bank_close(struct bank *bank, const struct bank_geometry *g)
{
	if (bank->memory)
		munmap(bank->memory, bank_size_bytes(g));
	if (bank->fd >= 0)
		close(bank->fd);
}

static int outer_open(struct banks *banks)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = (__u32)banks->bank[0].fd);
	__u32 key = 0;

	banks->outer_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "weir_banks", sizeof(key),
					 sizeof(__u32), 1, &opts);
	if (banks->outer_fd < 0)
		return banks->outer_fd;
	return bpf_map_update_elem(banks->outer_fd, &key, &banks->bank[0].fd, BPF_ANY);
}

int banks_create(uint32_t slots_per_cpu, struct banks **result)
{
	uint32_t cpus;
	int err = machine_cpus(&cpus);
	struct banks *banks;

	*result = NULL;
	if (err)
		return err;
	banks = calloc(1, sizeof(*banks));
	if (!banks)
		return -ENOMEM;
	banks->geometry = bank_geometry_make(slots_per_cpu, cpus);
	banks->outer_fd = banks->bank[0].fd = banks->bank[1].fd = -1;
	for (int i = 0; i < BANK_COUNT && !err; i++)
		err = bank_open(&banks->bank[i], &banks->geometry);
	if (!err)
		err = outer_open(banks);
	if (err) {
		banks_destroy(banks);
		return err;
	}
	*result = banks;
	return 0;
}

void banks_destroy(struct banks *banks)
{
	if (!banks)
		return;
	if (banks->outer_fd >= 0)
		close(banks->outer_fd);
	for (int i = 0; i < BANK_COUNT; i++)
		bank_close(&banks->bank[i], &banks->geometry);
	free(banks);
}

const struct bank_geometry *banks_geometry(const struct banks *banks)
{
	return &banks->geometry;
}

int banks_outer_fd(const struct banks *banks)
{
	return banks->outer_fd;
}

static struct section_header *bank_section(const struct banks *banks, unsigned int bank,
					   uint32_t index)
{
	return (struct section_header *)(banks->bank[bank].memory +
					 (size_t)index * banks->geometry.section_size);
}

static void bank_begin(struct banks *banks, unsigned int bank, uint64_t begin_ticks)
{
	for (uint32_t i = 0; i < bank_sections(&banks->geometry); i++)
		bank_section(banks, bank, i)->begin_ticks = begin_ticks;
}

void banks_begin(struct banks *banks, uint64_t begin_ticks)
{
	bank_begin(banks, banks->active, begin_ticks);
}

int banks_flip(struct banks *banks, uint64_t begin_ticks)
{
	unsigned int next = !banks->active;
	__u32 key = 0;
	int err;

	bank_begin(banks, next, begin_ticks);
	err = bpf_map_update_elem(banks->outer_fd, &key, &banks->bank[next].fd, BPF_ANY);
	if (!err)
		banks->active = next;
	return err;
}

static void drain_flush(struct drain *d)
{
	if (d->batched && !d->err)
		d->err = d->fn(d->context, d->batch, d->batched);
	for (size_t i = 0; i < d->batched; i++)
		memset((void *)(uintptr_t)d->batch[i], 0, sizeof(struct flow_slot));
	d->batched = 0;
}

static void drain_record(struct drain *d, const struct flow_slot *record)
{
	struct tally *flow = &d->counts->outcome[PACKET_FLOW];

	flow->packets += record->packets;
	flow->bytes += record->bytes;
	d->batch[d->batched++] = record;
	if (d->batched == DRAIN_BATCH)
		drain_flush(d);
}

/* Hands over the slots that the bitmap names, and clears the bitmap; how many there were. */
static uint32_t drain_slots(struct drain *d, struct section_header *section)
{
	uint8_t *base = (uint8_t *)section;
	uint64_t *bitmap = (uint64_t *)(base + d->geometry->bitmap_offset);
	const struct flow_slot *slots = (struct flow_slot *)(base + d->geometry->slots_offset);
	uint32_t used = 0;

	for (uint32_t word = 0; word < d->geometry->slots / 64; word++) {
		uint64_t bits = bitmap[word];

		if (!bits)
			continue;
		bitmap[word] = 0;
		for (; bits; bits &= bits - 1, used++)
			drain_record(d, &slots[word * 64 + (uint32_t)__builtin_ctzll(bits)]);
	}
	return used;
}

static void tally_sum(struct tally *sum, const struct tally *part)
{
	sum->packets += part->packets;
	sum->bytes += part->bytes;
}

static void drain_counters(struct drain *d, struct section_header *section)
{
	struct outcome_counts *counts = d->counts;

	tally_sum(&counts->outcome[PACKET_FILTERED], &section->filtered);
	tally_sum(&counts->outcome[PACKET_MALFORMED], &section->malformed);
	tally_sum(&counts->outcome[PACKET_UNATTRIBUTED], &section->unattributed);
	tally_sum(&counts->outcome[PACKET_UNATTRIBUTED], &section->contended);
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		counts->malformed_reason[i] += section->malformed_reason[i];
	for (unsigned int i = 0; i < SIZE_BUCKETS; i++)
		counts->size_histogram[i] += section->size_histogram[i];
	memset(section, 0, sizeof(*section));
}

static uint32_t drain_section(struct drain *d, struct section_header *section)
{
	const struct flow_slot *spill;
	uint32_t used = drain_slots(d, section);

	spill = (struct flow_slot *)((uint8_t *)section + d->geometry->spill_offset);
	for (uint32_t i = 0; i < section->spill_used; i++)
		drain_record(d, &spill[i]);
	drain_counters(d, section);
	return used;
}

int banks_drain(struct banks *banks, records_fn *fn, void *context, struct outcome_counts *counts)
{
	struct drain d = { .geometry = &banks->geometry, .counts = counts,
			   .fn = fn, .context = context };
	uint32_t most = 0;

	memset(counts, 0, sizeof(*counts));
	for (uint32_t i = 0; i < bank_sections(&banks->geometry); i++) {
		uint32_t used = drain_section(&d, bank_section(banks, !banks->active, i));

		if (used > most)
			most = used;
	}
	drain_flush(&d);
	banks->fill = (double)most / banks->geometry.slots;
	return d.err;
}

double banks_fill(const struct banks *banks)
{
	return banks->fill;
}
