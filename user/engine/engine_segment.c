/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "../kernel/pages.h"
#include "flow_table.h"

#define SUMS_BYTES (SEGMENT_FLOWS * sizeof(struct flow_sum))

static int part_init(struct part *part, const struct part_layout *layout, bool is_populated)
{
	if (!layout->has_sessions)
		return 0;
	part->sessions = pages_allocate(SUMS_BYTES, is_populated);
	return part->sessions ? 0 : -ENOMEM;
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
	pages_free(part->sessions, SUMS_BYTES);
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
	pages_free(segment, sizeof(*segment));
}

uint64_t segment_bytes(const struct flow_table *table)
{
	uint64_t bytes = sizeof(struct segment) + table->layout_count * sizeof(struct part);

	for (size_t i = 0; i < table->layout_count; i++)
		bytes += table->layouts[i].has_sessions ? SUMS_BYTES : 0;
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
