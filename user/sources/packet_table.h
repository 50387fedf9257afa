/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pane's table for packets that reach user space: a section of a bank in memory, counted
 * into by the same accounting step as in the kernel. Where its spill area fills, the records go
 * to their taker at once, so that no packet is left unattributed.
 */
#ifndef WEIR_PACKET_TABLE_H
#define WEIR_PACKET_TABLE_H

#include "../../include/hash.h"
#include "../engine/group.h"
#include "../engine/pane.h"
#include "capture.h"
#include "packet_filter.h"
#include "record_taker.h"

/* Packets counted in one go: enough for their slots to arrive from memory meanwhile. */
#define PACKET_BATCH 32

struct packet_table_config {
	struct record_taker taker;
	const struct group_by *group; /* NULL: whole keys */
	struct packet_filter *filter; /* NULL: none */
	struct hash_seed seed;
	uint32_t slots;               /* a power of two, at least 64 */
	uint32_t links;               /* so many are told apart in link_outcomes; 0: none */
};

struct packet_table;

/* The config is copied, what it points to must outlive the table. NULL when memory ran out. */
struct packet_table *packet_table_create(const struct packet_table_config *config);
void packet_table_destroy(struct packet_table *table);

/* What is the same for some packets of a batch, or differs for each. */
struct packet_place {
	uint16_t now_ms;   /* since the pane began: slot_time_of_ms */
	uint16_t link;     /* its number */
	bool is_out;
	bool is_told;      /* of a capture file that tells directions */
};

/* Counts at most PACKET_BATCH packets, each at its place. 0 or negative errno. */
int packet_table_count(struct packet_table *table, const struct capture_packet *packets,
		       const struct packet_place *places, size_t count);

/*
 * Before the first packet of a pane: its number on the grid of panes. Without this a pane is the
 * one after that which has ended.
 */
void packet_table_begin_pane(struct packet_table *table, uint64_t index);

/*
 * Ends the pane: its records go to the taker, its counts (link_outcomes stay the
 * table's), records and merge_ns go to *pane, whose other fields are left alone, and the table is
 * empty.
 */
void packet_table_end_pane(struct packet_table *table, struct pane *pane);

#endif
