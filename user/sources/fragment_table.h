/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first fragments of the last two panes, for packets that reach user space: what fragment.h
 * does in the kernel.
 */
#ifndef WEIR_FRAGMENT_TABLE_H
#define WEIR_FRAGMENT_TABLE_H

#include <stdint.h>

#include "../../include/platform.h"
#include "../../include/fragment.h"

struct fragment_table;

/* NULL when memory ran out. */
struct fragment_table *fragment_table_create(const struct hash_seed *seed);
void fragment_table_destroy(struct fragment_table *table);

/*
 * Before the first packet of a pane: its number, which may rise by more than one; or the pane ends
 * and the next one begins. Nothing where there is no table.
 */
void fragment_table_begin_pane(struct fragment_table *table, uint64_t index);
void fragment_table_end_pane(struct fragment_table *table);

/*
 * Notes a first fragment, or gives a later one the ports of its first: inside of that tunnel, or 0.
 * True where another first one was forgotten too early.
 */
bool fragment_table_follow(struct fragment_table *table, struct packet *p, __u64 tunnel);

#endif
