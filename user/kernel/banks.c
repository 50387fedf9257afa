/* SPDX-License-Identifier: BSD-2-Clause */
#include "banks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
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
	const char *directory;     /* where they are pinned, while they are opened from there */
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

void banks_begin(struct banks *banks, const struct bank_begin *begin)
{
	const struct bank_view view = banks_view(banks, banks->active);

	bank_stamp(&view, begin, ++banks->sequence);
}

int banks_flip(struct banks *banks, const struct bank_begin *begin)
{
	const struct bank_view next = banks_view(banks, !banks->active);
	__u32 key = 0;
	int err;

	bank_stamp(&next, begin, banks->sequence + 1);
	err = bpf_map_update_elem(banks->outer_fd, &key, &banks->bank[!banks->active].fd, BPF_ANY);
	if (err)
		return err;
	banks->active = !banks->active;
	banks->sequence++;
	return 0;
}

static int banks_read_one(struct banks *banks, unsigned int bank, records_fn *fn, void *context,
			  struct outcome_counts *counts)
{
	const struct bank_view view = banks_view(banks, bank);
	int err = bank_read(&view, fn, context, &banks->counts);

	*counts = banks->counts.total;
	return err;
}

int banks_read(struct banks *banks, records_fn *fn, void *context, struct outcome_counts *counts)
{
	return banks_read_one(banks, !banks->active, fn, context, counts);
}

int banks_read_active(struct banks *banks, records_fn *fn, void *context,
		      struct outcome_counts *counts)
{
	return banks_read_one(banks, banks->active, fn, context, counts);
}

uint64_t banks_sequence(const struct banks *banks, bool is_active)
{
	const struct bank_view view = banks_view(banks, banks->active ^ !is_active);

	return bank_sequence(&view);
}

struct bank_begin banks_began(const struct banks *banks, bool is_active)
{
	const struct bank_view view = banks_view(banks, banks->active ^ !is_active);

	return bank_began(&view);
}

int banks_settle(struct banks *banks)
{
	__u32 key = 0;

	return bpf_map_update_elem(banks->outer_fd, &key, &banks->bank[banks->active].fd, BPF_ANY);
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

/* Names in a BPF file system have no dots. */
static const char *const bank_names[BANK_COUNT] = { "bank0", "bank1" };
static const char outer_name[] = "banks";

static int pin_one(const char *directory, const char *name, int fd)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return bpf_obj_pin(fd, path);
}

int banks_pin(const struct banks *banks, const char *directory)
{
	int err = pin_one(directory, outer_name, banks->outer_fd);

	for (int i = 0; i < BANK_COUNT && !err; i++)
		err = pin_one(directory, bank_names[i], banks->bank[i].fd);
	return err;
}

void banks_unpin(const char *directory)
{
	const char *const names[] = { outer_name, bank_names[0], bank_names[1] };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
}

/* A descriptor of what is pinned under the name, and what it is. Negative errno. */
static int open_pinned(const char *directory, const char *name, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);
	char path[PATH_MAX];
	int fd, err;

	memset(info, 0, sizeof(*info));
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, info, &len);
	if (err)
		close(fd);
	return err ? err : fd;
}

static int bank_open_pinned(struct banks *banks, int number, uint32_t active_id)
{
	const struct bank_geometry *g = &banks->geometry;
	struct bank *bank = &banks->bank[number];
	struct bpf_map_info info;
	void *memory;

	bank->fd = open_pinned(banks->directory, bank_names[number], &info);
	if (bank->fd < 0)
		return bank->fd;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != g->section_size ||
	    info.max_entries != bank_sections(g))
		return -EINVAL;
	if (info.id == active_id)
		banks->active = (unsigned int)number;
	memory = mmap(NULL, bank_size_bytes(g), PROT_READ | PROT_WRITE, MAP_SHARED, bank->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	bank->memory = memory;
	return 0;
}

static int pinned_open(struct banks *banks)
{
	struct bpf_map_info info;
	uint32_t active_id;
	__u32 key = 0;
	int err;

	banks->outer_fd = open_pinned(banks->directory, outer_name, &info);
	if (banks->outer_fd < 0)
		return banks->outer_fd;
	err = bpf_map_lookup_elem(banks->outer_fd, &key, &active_id);
	banks->active = BANK_COUNT;
	for (int i = 0; i < BANK_COUNT && !err; i++)
		err = bank_open_pinned(banks, i, active_id);
	if (!err && banks->active == BANK_COUNT)
		err = -EINVAL;
	if (!err)
		err = counts_open(banks);
	return err ? err : banks_settle(banks);
}

int banks_open_pinned(const char *directory, const struct bank_geometry *geometry,
		      struct banks **result)
{
	struct banks *banks = calloc(1, sizeof(*banks));
	int err;

	*result = NULL;
	if (!banks)
		return -ENOMEM;
	banks->geometry = *geometry;
	banks->directory = directory;
	banks->outer_fd = banks->bank[0].fd = banks->bank[1].fd = -1;
	err = pinned_open(banks);
	if (err) {
		banks_destroy(banks);
		return err;
	}
	banks->sequence = banks_sequence(banks, true);
	*result = banks;
	return 0;
}
