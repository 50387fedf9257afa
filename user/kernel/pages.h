/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory straight from the kernel: zeroed, costing nothing until written, given back when freed.
 */
#ifndef WEIR_PAGES_H
#define WEIR_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE_BYTES      4096ul
#define HUGE_PAGE_BYTES (2ul << 20)

static inline size_t pages_round_up(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/*
 * NULL when memory has run out. Where all will soon be written, populating the pages at once is
 * cheaper than a fault for each.
 */
static inline void *pages_allocate(size_t bytes, bool is_populated)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (is_populated ? MAP_POPULATE : 0);
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

static inline void pages_free(void *pages, size_t bytes)
{
	if (pages)
		munmap(pages, pages_round_up(bytes));
}

/*
 * The same, beginning where a huge page may: kernels see to that only in some versions and for
 * some sizes.
 */
static inline void *pages_allocate_aligned(size_t bytes)
{
	size_t size = pages_round_up(bytes), head, tail;
	char *pages = pages_allocate(size + HUGE_PAGE_BYTES - PAGE_BYTES, false);

	if (!pages)
		return NULL;
	head = -(uintptr_t)pages & (HUGE_PAGE_BYTES - 1);
	tail = HUGE_PAGE_BYTES - PAGE_BYTES - head;
	if (head)
		munmap(pages, head);
	if (tail)
		munmap(pages + head + size, tail);
	return pages + head;
}

/* Saves TLB misses where memory is visited at random, all over. */
static inline void pages_prefer_huge(void *pages, size_t bytes)
{
	madvise(pages, pages_round_up(bytes), MADV_HUGEPAGE);
}

#endif
