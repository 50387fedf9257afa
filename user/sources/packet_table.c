/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/connection.h"
#include "../../include/group.h"
#include "../base/clock.h"
#include "../kernel/pages.h"
#include "fragment_table.h"
#include "packet_count.h"
#include "packet_table.h"

#define MERGE_BATCH 512

/* Slots in use where nearly every packet is a flow of its own: as many as a core's cache holds. */
#define FLOOD_SLOTS 8192u

/* Above this load flows push one another out; once near it, the table is emptied. */
static uint32_t table_load_max(const struct packet_table *table)
{
	return table->geometry.slots / 4 * 3;
}

/* What packet_table_count is given. */
struct packet_batch {
	const struct capture_packet *packets;
	const struct packet_place *places;
	size_t count;
};

static size_t connections_size(const struct packet_table *table)
{
	return (size_t)table->connections.sets * CONNECTION_WAYS * sizeof(struct connection);
}

/* As many as the table has slots. False: there is no memory. */
static bool connections_create(struct packet_table *table)
{
	table->connections = (struct connection_table){
		.sets = connection_sets(table->config.slots),
		.missed_ticks = CONNECTION_MISSED_MS,
		.missed = &table->connections_missed,
		.seed = &table->config.seed,
	};
	if (!table->config.taker.has_tcp)
		return true;
	table->connections.connections = pages_allocate_aligned(connections_size(table));
	return table->connections.connections;
}

struct packet_table *packet_table_create(const struct packet_table_config *config)
{
	struct packet_table *table = calloc(1, sizeof(*table));
	const struct bank_shape shape = { .slots_per_cpu = config->slots, .cpus = 1,
					  .links = config->links,
					  .has_extra = config->taker.has_extra };

	if (!table)
		return NULL;
	table->config = *config;
	table->reduced = config->group && group_by_reduces(config->group, config->taker.has_tunnels);
	if (table->reduced)
		group_masks_make(config->group, &table->masks);
	table->geometry.sections_per_cpu = 1;
	table->geometry.cpus = 1;
	bank_geometry_lay_out(&table->geometry, &shape);
	table->section = pages_allocate_aligned(table->geometry.section_size);
	if (config->links)
		table->links = calloc(2 * (size_t)table->geometry.links, sizeof(*table->links));
	if (config->taker.has_fragments)
		table->fragments = fragment_table_create(&config->seed);
	if (!connections_create(table) || !table->section || (config->links && !table->links) ||
	    (config->taker.has_fragments && !table->fragments)) {
		packet_table_destroy(table);
		return NULL;
	}
	table->room = table_load_max(table);
	pages_prefer_huge(table->section, table->geometry.section_size);
	return table;
}

void packet_table_destroy(struct packet_table *table)
{
	if (!table)
		return;
	pages_free(table->section, table->geometry.section_size);
	fragment_table_destroy(table->fragments);
	if (table->connections.connections)
		pages_free(table->connections.connections, connections_size(table));
	free(table->links);
	free(table);
}

/* What slots remember of connections is nobody's owner. */
static void records_forget(struct flow_slot *const *records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		slot_extra(records[i])->connection = 0;
}

static void table_merge(struct packet_table *table, struct flow_slot *const *records, size_t count)
{
	uint64_t begin_ns = clock_monotonic_ns();

	if (table->connections.connections)
		records_forget(records, count);
	table->config.taker.take(table->config.taker.context,
				 (const struct flow_slot *const *)records, count);
	table->merge_ns += clock_monotonic_ns() - begin_ns;
	table->records += count;
	for (size_t i = 0; i < count; i++) {
		table->flow.packets += records[i]->packets;
		table->flow.bytes += records[i]->bytes;
	}
}

static void table_merge_spill(struct packet_table *table)
{
	void *spill = (char *)table->section + table->geometry.spill_offset;
	struct flow_slot *records[MERGE_BATCH];
	uint32_t used = table->section->spill_used;

	for (uint32_t i = 0; i < used;) {
		uint32_t count = 0;

		while (count < MERGE_BATCH && i < used)
			records[count++] = record_at(spill, i++, table->config.taker.has_extra);
		table_merge(table, records, count);
	}
	table->section->spill_used = 0;
}

/* Merges and empties the slots in use. */
static void table_merge_slots(struct packet_table *table)
{
	uint64_t *bitmap = (void *)((char *)table->section + table->geometry.bitmap_offset);
	void *slots = (char *)table->section + table->geometry.slots_offset;
	const bool has_extra = table->config.taker.has_extra;
	struct flow_slot *records[MERGE_BATCH + 64];
	size_t count = 0;

	for (uint32_t word = 0; word < table->geometry.slots / 64; word++) {
		for (uint64_t bits = bitmap[word]; bits; bits &= bits - 1) {
			records[count] = record_at(
				slots, 64 * word + (uint32_t)__builtin_ctzll(bits), has_extra);
			__builtin_prefetch(records[count++], 1);
		}
		if (count && (count >= MERGE_BATCH || word + 1 == table->geometry.slots / 64)) {
			table_merge(table, records, count);
			while (count)
				records[--count]->packets = 0;
		}
		bitmap[word] = 0;
	}
}

static uint32_t table_slots_used(const struct packet_table *table)
{
	const uint64_t *bitmap = (const void *)((const char *)table->section +
						table->geometry.bitmap_offset);
	uint32_t used = 0;

	for (uint32_t word = 0; word < table->geometry.slots / 64; word++)
		used += (uint32_t)__builtin_popcountll(bitmap[word]);
	return used;
}

/*
 * Empties the table because it is full. A large one pays where flows come again before that; in
 * a flood they do not, and fewer slots are nearer.
 */
static void table_drain(struct packet_table *table)
{
	uint64_t records = table->records, packets = table->flow.packets;
	uint32_t slots = table->config.slots;

	table_merge_slots(table);
	records = table->records - records;
	packets = table->flow.packets - packets;
	if (packets < records + records / 8 && slots > FLOOD_SLOTS)
		slots = FLOOD_SLOTS;
	table->geometry.slots = slots;
	table->room = table_load_max(table);
}

/*
 * Keeps the table so empty that a flow is found at once. Counting the slots in use is put off
 * until as many packets came as there were slots free: until then they cannot have filled up.
 */
static void table_make_room(struct packet_table *table, uint32_t packets)
{
	uint32_t used, max = table_load_max(table);

	if (likely(table->room >= packets)) {
		table->room -= packets;
		return;
	}
	used = table_slots_used(table);
	if (used > max - max / 8)
		table_drain(table);
	else
		table->room = max - used;
}

/* Filters and parses packets; returns how many, fewer than count where *err says why. */
static __always_inline size_t batch_read(const struct packet_table *table,
					 const struct packet_batch *batch,
					 struct parsed_packet *parsed, struct segment *segments,
					 int *err, const struct counting *counting)
{
	struct packet_filter *filter = table->config.filter;

	for (size_t i = 0; i < batch->count; i++) {
		const struct capture_packet *packet = &batch->packets[i];
		int pass = 1;

		/* Of a link type that is not known, nothing can be asked. */
		if (filter && packet->link)
			pass = packet_filter_match(filter, packet);
		if (pass > 0) {
			packet_read(counting, packet, &batch->places[i], &parsed[i],
				    segments ? &segments[i] : NULL);
		} else if (pass == 0) {
			parsed[i].outcome = PACKET_FILTERED;
		} else {
			*err = pass;
			return i;
		}
	}
	return batch->count;
}

static __always_inline void batch_account(const struct packet_batch *batch,
					  const struct parsed_packet *parsed,
					  const struct segment *segments,
					  const struct counting *counting)
{
	for (size_t i = 0; i < batch->count; i++)
		packet_account(counting, &parsed[i], batch->packets[i].len, &batch->places[i],
			       segments ? &segments[i] : NULL);
}

/* Adds the packets of flows to what is counted of their links. */
static void batch_account_links(struct packet_batch batch, const struct parsed_packet *parsed,
				struct link_outcomes *links)
{
	for (size_t i = 0; i < batch.count; i++) {
		const struct packet_place *place = &batch.places[i];

		if (parsed[i].outcome == PACKET_FLOW)
			tally_add(&links[link_tally_index(place->link, place->is_out)]
					   .outcome[PACKET_FLOW], 1, batch.packets[i].len);
	}
}

/* At the first packet of a pane the counts of the one before are not needed any more. */
static void links_begin_pane(struct packet_table *table)
{
	if (table->links && table->links_are_told)
		memset(table->links, 0, 2 * table->geometry.links * sizeof(*table->links));
	table->links_are_told = false;
}

/* segments: room for them, where what TCP tells is asked for; or NULL. */
static __always_inline int batch_count(struct packet_table *table, struct packet_batch batch,
				       struct counting_way way, struct segment *segments)
{
	struct parsed_packet parsed[PACKET_BATCH];
	struct counting counting;
	int err = 0;

	links_begin_pane(table);
	/* Each packet spills one record at most. */
	if (unlikely(table->section->spill_used + PACKET_BATCH > table->geometry.spill_slots))
		table_merge_spill(table);
	table_make_room(table, (uint32_t)batch.count);
	/* Not earlier: a table that was full may have fewer slots now. */
	counting = table_counting(table, way);
	batch.count = batch_read(table, &batch, parsed, segments, &err, &counting);
	batch_account(&batch, parsed, segments, &counting);
	if (table->links)
		batch_account_links(batch, parsed, table->links);
	return err;
}

/* Each way by itself: together in one function they take the registers from the plain one. */
static __noinline int batch_count_plain(struct packet_table *table, struct packet_batch batch)
{
	return batch_count(table, batch, (struct counting_way){ 0 }, NULL);
}

static __noinline int batch_count_extra(struct packet_table *table, struct packet_batch batch)
{
	return batch_count(table, batch, (struct counting_way){ true, false, true, false }, NULL);
}

static __noinline int batch_count_tcp(struct packet_table *table, struct packet_batch batch)
{
	struct segment segments[PACKET_BATCH];

	return batch_count(table, batch, (struct counting_way){ true, false, true, true },
			   segments);
}

static __noinline int batch_count_tcp_tunnels(struct packet_table *table,
					      struct packet_batch batch)
{
	struct segment segments[PACKET_BATCH];

	return batch_count(table, batch, (struct counting_way){ true, true, true, true },
			   segments);
}

static __noinline int batch_count_tunnels(struct packet_table *table, struct packet_batch batch)
{
	return batch_count(table, batch, (struct counting_way){ true, true, true, false },
			   NULL);
}

static __noinline int batch_count_fragments(struct packet_table *table, struct packet_batch batch)
{
	return batch_count(table, batch, (struct counting_way){ false, false, true, false },
			   NULL);
}

int packet_table_count(struct packet_table *table, const struct capture_packet *packets,
		       const struct packet_place *places, size_t count)
{
	const struct packet_batch batch = { packets, places, count };

	if (table->config.taker.has_tcp)
		return table->config.taker.has_tunnels ? batch_count_tcp_tunnels(table, batch) :
							 batch_count_tcp(table, batch);
	if (table->config.taker.has_tunnels)
		return batch_count_tunnels(table, batch);
	if (table->config.taker.has_extra)
		return batch_count_extra(table, batch);
	return table->fragments ? batch_count_fragments(table, batch) :
				  batch_count_plain(table, batch);
}

/* Adds what is tallied of a link and direction. */
static void tally_take(struct link_outcomes *counts, const struct link_tally *tally)
{
	const struct link_outcomes own = {
		.outcome = { [PACKET_FILTERED] = tally->filtered,
			     [PACKET_MALFORMED] = tally->malformed,
			     [PACKET_UNATTRIBUTED] = tally->unattributed },
	};

	link_outcomes_add(counts, &own);
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		counts->malformed_reason[i] += tally->malformed_reason[i];
}

/* The tallies of the pane, by link where they are asked for, and their sum. */
static struct link_outcomes tallies_take(struct packet_table *table)
{
	struct link_tally *tallies = (void *)((char *)table->section +
					      table->geometry.tallies_offset);
	struct link_outcomes sum = { .outcome = { [PACKET_FLOW] = table->flow } };

	for (uint32_t i = 0; i < 2 * table->geometry.links; i++) {
		tally_take(&sum, &tallies[i]);
		if (table->links)
			tally_take(&table->links[i], &tallies[i]);
	}
	memset(tallies, 0, 2 * table->geometry.links * sizeof(*tallies));
	return sum;
}

void packet_table_begin_pane(struct packet_table *table, uint64_t index)
{
	fragment_table_begin_pane(table->fragments, index);
}

void packet_table_end_pane(struct packet_table *table, struct pane *pane)
{
	struct section_header *header = table->section;
	struct link_outcomes sum;

	table_merge_spill(table);
	table_merge_slots(table);
	links_begin_pane(table);
	sum = tallies_take(table);
	memcpy(pane->counts.outcome, sum.outcome, sizeof(sum.outcome));
	memcpy(pane->counts.malformed_reason, sum.malformed_reason, sizeof(sum.malformed_reason));
	memcpy(pane->counts.size_histogram, header->size_histogram,
	       sizeof(header->size_histogram));
	pane->counts.fragments_lost = header->fragments_lost;
	memset(header, 0, sizeof(*header));
	pane->link_outcomes = table->links;
	pane->link_outcomes_count = table->links ? 2 * (size_t)table->geometry.links : 0;
	table->links_are_told = true;
	pane->records = table->records;
	pane->merge_ns = table->merge_ns;
	pane->connections_missed = table->connections_missed;
	table->connections_missed = 0;
	table->flow = (struct tally){ 0 };
	table->records = 0;
	table->merge_ns = 0;
	table->room = table_load_max(table);
	fragment_table_end_pane(table->fragments);
}
