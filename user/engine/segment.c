/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include <errno.h>
#include <stdlib.h>

#include "../kernel/pages.h"
#include "flow_table.h"

#define SUMS_BYTES   (SEGMENT_FLOWS * sizeof(struct flow_sum))
#define EXTRAS_BYTES (SEGMENT_FLOWS * sizeof(struct extra_sum))
#define BESIDES_BYTES (SEGMENT_FLOWS * sizeof(struct key_beside))

static int part_init(struct flow_table *table, struct part *part, const struct part_layout *layout,
		     bool is_populated)
{
	bool has_extras = table->packer.has_extras;

	if (!layout->has_sums)
		return 0;
	part->sums = pages_allocate(SUMS_BYTES, is_populated);
	if (has_extras)
		part->extras = pages_allocate(EXTRAS_BYTES, is_populated);
	return part->sums && (part->extras || !has_extras) ? 0 : -ENOMEM;
}

static void row_fini(struct packer *packer, struct row *row)
{
	struct packed *next;

	packed_free(packer, row->open);
	packed_free(packer, row->back);
	packed_free(packer, row->front);
	for (struct packed *record = row->oldest; record; record = next) {
		next = record->next;
		packed_free(packer, record);
	}
}

static void part_fini(struct flow_table *table, struct part *part)
{
	pages_free(part->sums, SUMS_BYTES);
	pages_free(part->extras, EXTRAS_BYTES);
	for (uint32_t i = 0; i < SEGMENT_ROWS; i++)
		row_fini(&table->packer, &part->rows[i]);
}

void segment_destroy(struct flow_table *table, struct segment *segment)
{
	if (!segment)
		return;
	for (size_t i = 0; segment->parts && i < table->layout_count; i++)
		part_fini(table, &segment->parts[i]);
	free(segment->parts);
	pages_free(segment->extras, EXTRAS_BYTES);
	pages_free(segment->besides, BESIDES_BYTES);
	pages_free(segment, sizeof(*segment));
}

uint64_t segment_bytes(const struct flow_table *table)
{
	uint64_t extras_bytes = table->packer.has_extras ? EXTRAS_BYTES : 0;
	uint64_t bytes = sizeof(struct segment) + table->layout_count * sizeof(struct part) +
			 extras_bytes + (table->has_beside ? BESIDES_BYTES : 0);

	for (size_t i = 0; i < table->layout_count; i++)
		bytes += table->layouts[i].has_sums ? SUMS_BYTES + extras_bytes : 0;
	return bytes;
}

struct segment *segment_create(struct flow_table *table)
{
	bool is_populated = table->flow_count >= SEGMENT_FLOWS;
	struct segment *segment = pages_allocate(sizeof(*segment), is_populated);
	int err = 0;

	if (!segment)
		return NULL;
	if (table->packer.has_extras) {
		segment->extras = pages_allocate(EXTRAS_BYTES, is_populated);
		err = segment->extras ? 0 : -ENOMEM;
	}
	if (table->has_beside && !err) {
		segment->besides = pages_allocate(BESIDES_BYTES, is_populated);
		err = segment->besides ? 0 : -ENOMEM;
	}
	segment->parts = calloc(table->layout_count, sizeof(*segment->parts));
	for (size_t i = 0; segment->parts && !err && i < table->layout_count; i++)
		err = part_init(table, &segment->parts[i], &table->layouts[i], is_populated);
	if (err || !segment->parts) {
		segment_destroy(table, segment);
		return NULL;
	}
	return segment;
}
