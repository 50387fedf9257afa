/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../pages.h"
#include "flow_table.h"

#define SUMS_BYTES (SEGMENT_FLOWS * sizeof(struct flow_sum))

void sums_clear(struct flow_sum *sums)
{
	if (madvise(sums, SUMS_BYTES, MADV_DONTNEED))
		memset(sums, 0, SUMS_BYTES);
}

static int part_init(struct part *part, const struct part_layout *layout, bool is_populated)
{
	if (layout->has_open) {
		part->open = pages_allocate(SUMS_BYTES, is_populated);
		if (!part->open)
			return -ENOMEM;
	}
	if (!layout->has_stacks)
		return 0;
	part->back = pages_allocate(SUMS_BYTES, false);
	part->front = pages_allocate(SUMS_BYTES, false);
	part->runs = calloc(layout->runs, sizeof(*part->runs));
	return part->back && part->front && part->runs ? 0 : -ENOMEM;
}

static void part_fini(struct flow_table *table, struct part *part,
		      const struct part_layout *layout)
{
	for (uint32_t i = 0; part->runs && i < layout->runs; i++)
		run_free(table, &part->runs[i]);
	free(part->runs);
	pages_free(part->open, SUMS_BYTES);
	pages_free(part->back, SUMS_BYTES);
	pages_free(part->front, SUMS_BYTES);
}

void segment_destroy(struct flow_table *table, struct segment *segment)
{
	if (!segment)
		return;
	for (size_t i = 0; segment->parts && i < table->layout_count; i++)
		part_fini(table, &segment->parts[i], &table->layouts[i]);
	free(segment->parts);
	pages_free(segment, sizeof(*segment));
}

uint64_t segment_bytes(const struct flow_table *table)
{
	uint64_t bytes = sizeof(struct segment) + table->layout_count * sizeof(struct part);

	for (size_t i = 0; i < table->layout_count; i++) {
		const struct part_layout *layout = &table->layouts[i];

		bytes += (layout->has_open + 2u * layout->has_stacks) * SUMS_BYTES;
		bytes += layout->runs * sizeof(struct run);
	}
	return bytes;
}

struct segment *segment_create(struct flow_table *table)
{
	bool is_populated = table->flow_count >= SEGMENT_FLOWS;
	struct segment *segment = pages_allocate(sizeof(*segment), is_populated);
	int err = 0;

	if (!segment)
		return NULL;
	segment->parts = calloc(table->layout_count, sizeof(*segment->parts));
	for (size_t i = 0; segment->parts && !err && i < table->layout_count; i++)
		err = part_init(&segment->parts[i], &table->layouts[i], is_populated);
	if (err || !segment->parts) {
		segment_destroy(table, segment);
		return NULL;
	}
	return segment;
}

int run_allocate(struct flow_table *table, struct run *run, uint32_t count)
{
	run->records = malloc(count * sizeof(*run->records));
	if (!run->records)
		return -ENOMEM;
	run->count = count;
	table->memory_bytes += count * sizeof(*run->records);
	return 0;
}

void run_free(struct flow_table *table, struct run *run)
{
	table->memory_bytes -= run->count * sizeof(*run->records);
	free(run->records);
	*run = (struct run){ 0 };
}
