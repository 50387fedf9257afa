/* SPDX-License-Identifier: BSD-2-Clause */
#include "banks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../system/machine.h"

#define BANK_COUNT 2

struct bank {
	int fd;
	uint8_t *memory; /* mapped: bank_sections() sections */
};

struct banks {
	struct bank_geometry geometry;
	struct bank bank[BANK_COUNT];
	int outer_fd;
	unsigned int active;
	uint64_t sequence;         /* of the pane being counted */
	struct bank_counts counts; /* of the last one read */
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

static int counts_open(struct banks *banks)
{
	banks->counts.links = calloc(2 * (size_t)banks->geometry.links,
				     sizeof(*banks->counts.links));
	return banks->counts.links ? 0 : -ENOMEM;
}

int banks_create(const struct bank_shape *of_one_cpu, struct banks **result)
{
	struct bank_shape shape = *of_one_cpu;
	int err = machine_cpus(&shape.cpus);
	struct banks *banks;

	*result = NULL;
	if (err)
		return err;
	banks = calloc(1, sizeof(*banks));
	if (!banks)
		return -ENOMEM;
	banks->geometry = bank_geometry_make(&shape);
	banks->outer_fd = banks->bank[0].fd = banks->bank[1].fd = -1;
	for (int i = 0; i < BANK_COUNT && !err; i++)
		err = bank_open(&banks->bank[i], &banks->geometry);
	if (!err)
		err = outer_open(banks);
	if (!err)
		err = counts_open(banks);
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
	free(banks->counts.links);
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

static struct bank_view banks_view(const struct banks *banks, unsigned int bank)
{
	return (struct bank_view){ &banks->geometry, banks->bank[bank].memory };
}

void banks_begin(struct banks *banks, uint64_t begin_ticks)
{
	const struct bank_view view = banks_view(banks, banks->active);

	bank_stamp(&view, begin_ticks, ++banks->sequence);
}

int banks_flip(struct banks *banks, uint64_t begin_ticks)
{
	const struct bank_view next = banks_view(banks, !banks->active);
	__u32 key = 0;
	int err;

	bank_stamp(&next, begin_ticks, banks->sequence + 1);
	err = bpf_map_update_elem(banks->outer_fd, &key, &banks->bank[!banks->active].fd, BPF_ANY);
	if (err)
		return err;
	banks->active = !banks->active;
	banks->sequence++;
	return 0;
}

int banks_read(struct banks *banks, records_fn *fn, void *context, struct outcome_counts *counts)
{
	const struct bank_view view = banks_view(banks, !banks->active);
	int err = bank_read(&view, fn, context, &banks->counts);

	*counts = banks->counts.total;
	return err;
}

void banks_clear(struct banks *banks)
{
	const struct bank_view view = banks_view(banks, !banks->active);

	bank_clear(&view);
}

int banks_drain(struct banks *banks, records_fn *fn, void *context, struct outcome_counts *counts)
{
	int err = banks_read(banks, fn, context, counts);

	banks_clear(banks);
	return err;
}

const struct link_outcomes *banks_link_outcomes(const struct banks *banks)
{
	return banks->counts.links;
}

double banks_fill(const struct banks *banks)
{
	return banks->counts.fill;
}
