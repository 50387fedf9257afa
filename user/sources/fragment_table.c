/* SPDX-License-Identifier: BSD-2-Clause */
#include "fragment_table.h"

#include <stdlib.h>

#include "../kernel/pages.h"

struct fragment_table {
	struct fragment_set *sets;
	struct fragment_seed seed;
	uint64_t index; /* of the pane; */
	uint32_t pane;  /* for fragment.h: by two on where the one before is not next to it */
};

struct fragment_table *fragment_table_create(const struct hash_seed *seed)
{
	struct fragment_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->sets = pages_allocate(FRAGMENT_SETS * sizeof(*table->sets), false);
	table->seed = fragment_seed_of(seed);
	table->pane = FRAGMENT_PANE_FIRST;
	if (table->sets)
		return table;
	free(table);
	return NULL;
}

void fragment_table_destroy(struct fragment_table *table)
{
	if (!table)
		return;
	pages_free(table->sets, FRAGMENT_SETS * sizeof(*table->sets));
	free(table);
}

void fragment_table_begin_pane(struct fragment_table *table, uint64_t index)
{
	if (!table || index == table->index)
		return;
	table->pane += index == table->index + 1 ? 1 : FRAGMENT_PANE_FIRST;
	table->index = index;
}

void fragment_table_end_pane(struct fragment_table *table)
{
	if (table)
		fragment_table_begin_pane(table, table->index + 1);
}

bool fragment_table_follow(struct fragment_table *table, struct packet *p, __u64 tunnel)
{
	__u64 tag = fragment_tag(p, tunnel, &table->seed);

	return fragment_follow(&table->sets[fragment_set_of(tag)], tag, p, table->pane);
}
