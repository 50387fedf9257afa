/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bank being counted into, mapped a second time: what banks.h keeps to itself. Included
 * after cmocka.h.
 */
#ifndef WEIR_TESTS_BANK_MAP_H
#define WEIR_TESTS_BANK_MAP_H

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../user/kernel/banks.h"

struct bank_map {
	uint8_t *memory;
	size_t size;
	uint32_t section_size;
};

static inline struct bank_map bank_map_active(const struct banks *banks)
{
	const struct bank_geometry *g = banks_geometry(banks);
	struct bank_map map = { .size = bank_size_bytes(g), .section_size = g->section_size };
	__u32 key = 0, id = 0;
	int fd;

	assert_int_equal(bpf_map_lookup_elem(banks_outer_fd(banks), &key, &id), 0);
	fd = bpf_map_get_fd_by_id(id);
	assert_true(fd >= 0);
	map.memory = mmap(NULL, map.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map.memory, MAP_FAILED);
	close(fd);
	return map;
}

static inline void bank_map_close(struct bank_map *map)
{
	munmap(map->memory, map->size);
}

static inline struct section_header *bank_map_section(const struct bank_map *map, uint32_t index)
{
	return (struct section_header *)(map->memory + (size_t)index * map->section_size);
}

#endif
