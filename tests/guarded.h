/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that ends where a page begins that may not be read: a read too far ends the test. */
#ifndef WEIR_TESTS_GUARDED_H
#define WEIR_TESTS_GUARDED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded {
	uint8_t *memory;
	uint8_t *end;
	size_t size;
};

static inline struct guarded guarded_create(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct guarded g;

	size = (size + page - 1) / page * page;
	g.size = size + page;
	g.memory = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.memory == MAP_FAILED)
		abort();
	g.end = g.memory + size;
	if (mprotect(g.end, page, PROT_NONE))
		abort();
	return g;
}

static inline void guarded_destroy(struct guarded *g)
{
	munmap(g->memory, g->size);
}

/* The bytes, copied to the very end of what may be read. */
static inline const uint8_t *guarded_place(struct guarded *g, const void *bytes, size_t len)
{
	return memcpy(g->end - len, bytes, len);
}

#endif
