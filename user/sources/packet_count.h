/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a packet of a packet table is read, then counted: in line, for each way to count is a
 * function of its own (packet_table.c).
 */
#ifndef WEIR_PACKET_COUNT_H
#define WEIR_PACKET_COUNT_H

#include "../../include/follow.h"
#include "../../include/group.h"
#include "packet_parse.h"
#include "packet_table.h"
#include "fragment_table.h"

struct packet_table {
	struct packet_table_config config;
	struct bank_geometry geometry;
	struct section_header *section;
	struct group_masks masks;
	bool reduced;
	uint32_t room;     /* so many packets at least fit before the table is too full */
	uint64_t records;  /* of this pane, merged already */
	struct tally flow; /* their sum */
	struct link_outcomes *links; /* of this pane; NULL: not asked for */
	bool links_are_told;       /* they are those of the pane before */
	uint64_t merge_ns;
	struct fragment_table *fragments; /* NULL: later ones have no ports */
	struct connection_table connections; /* of all panes; NULL in it: not asked for */
	__u64 connections_missed; /* of this pane */
};

/* A packet between parsing and accounting; one that is not of a flow has no key. */
struct parsed_packet {
	struct flow_key key;
	uint32_t hash;
	FLOW_NOTES;
	uint32_t ip_bytes;
	uint8_t outcome;   /* enum packet_outcome: flow, filtered or malformed */
	uint8_t malformed; /* enum malformed_reason */
};

/* A way to count, as a function of its own: constants. */
struct counting_way {
	bool has_extra, has_tunnels, may_have_fragments, has_tcp;
};

/* What counting a packet reads of the table, copied for a batch so that it stays in registers. */
struct counting {
	const struct packet_table *table;
	struct section_header *section;
	struct bank_geometry geometry;
	const struct hash_seed *seed;
	const struct group_masks *masks; /* NULL: whole keys */
	const struct connection_table *connections;
	bool has_extra;
	bool has_tcp;
	bool has_ip_bytes;
	bool has_tunnels;
	struct fragment_table *fragments;
};

static __always_inline struct counting table_counting(const struct packet_table *table,
						      struct counting_way way)
{
	return (struct counting){
		.table = table,
		.section = table->section,
		.geometry = table->geometry,
		.seed = &table->config.seed,
		.masks = table->reduced ? &table->masks : NULL,
		.connections = &table->connections,
		.has_extra = way.has_extra,
		.has_tcp = way.has_tcp,
		.has_ip_bytes = way.has_extra && table->config.taker.has_ip_bytes,
		.has_tunnels = way.has_tunnels,
		.fragments = way.may_have_fragments ? table->fragments : NULL,
	};
}

/* Before its key is reduced. */
static __always_inline void packet_read_segment(const struct counting *counting,
						const struct capture_packet *packet,
						const struct packet *p, const struct inward *in,
						const struct flow_key *key,
						struct segment *segment)
{
	const struct packet_size size = packet_size_single(packet->len);

	packet_segment(packet, in, segment);
	segment_complete(segment, p, &size);
	if (counting->masks)
		segment->name = connection_name(key->words, key->inner_vlan, key->tunnel,
						counting->seed);
}

/* Parses a packet, and has the slot of its flow brought from memory meanwhile. */
static __always_inline void packet_read(const struct counting *counting,
					const struct capture_packet *packet,
					const struct packet_place *place,
					struct parsed_packet *parsed, struct segment *segment)
{
	struct packet p = { .wants_ip_len = counting->has_ip_bytes,
			    .fragment = !!counting->fragments * PACKET_FRAGMENT_ASKED };
	struct inward in = { 0 };
	bool notes = counting->has_tunnels || counting->has_tcp;
	int malformed = packet_parse(packet, &p, notes ? &in : NULL, counting->has_tunnels);

	if (unlikely(malformed)) {
		parsed->outcome = PACKET_MALFORMED;
		parsed->malformed = (uint8_t)(malformed - 1);
		return;
	}
	if (counting->fragments && unlikely(packet_is_fragment(&p))) {
		struct packet copy = p; /* else p would not stay in registers */

		counting->section->fragments_lost +=
			fragment_table_follow(counting->fragments, &copy, in.tunnel);
		p = copy;
	}
	if (place->link || place->is_out || place->is_told) {
		struct flow_link link = flow_link_of(place->link);

		p.flags |= link.flags | place->is_out * FLOW_OUT;
		p.vlan |= link.vlan | place->is_told * FLOW_DIRECTION_TOLD;
		p.inner_vlan |= link.inner_vlan;
	}
	packet_key(&p, &parsed->key);
	parsed->key.tunnel = in.tunnel;
	if (counting->has_tcp && p.tcp_flags)
		packet_read_segment(counting, packet, &p, &in, &parsed->key, segment);
	if (counting->masks)
		flow_key_reduce(&parsed->key, counting->masks);
	parsed->hash = flow_hash(&parsed->key, counting->seed);
	if (counting->has_tunnels)
		parsed->hash = hash_with_tunnel(parsed->hash, parsed->key.tunnel, counting->seed);
	__builtin_prefetch(section_slot(counting->section, &counting->geometry, parsed->hash,
					counting->has_extra), 1);
	parsed->notes = packet_notes(&p);
	if (counting->has_ip_bytes) {
		const struct packet_size size = packet_size_single(packet->len);

		parsed->ip_bytes = ip_bytes_of_packet(&size, p.ip_len, p.link_len);
	}
	parsed->outcome = PACKET_FLOW;
}

/* Counts a packet that is not of a flow. */
static __noinline void packet_account_rest(const struct packet_table *table,
					   const struct parsed_packet *parsed, uint32_t len,
					   const struct packet_place *place)
{
	const struct packet_size size = packet_size_single(len);
	const struct tallied tallied = { table->section, &table->geometry,
					 link_tally_index(place->link, place->is_out) };

	if (parsed->outcome == PACKET_FILTERED)
		account_filtered(&tallied, &size);
	else
		account_malformed(&tallied, &size, parsed->malformed);
}

/* Counts a packet, then follows the segment that it may be. */
static __always_inline void packet_account_segment(const struct counting *counting,
						   struct accounted *accounted,
						   const struct segment *segment)
{
	struct flow_record *record;

	record = (struct flow_record *)account_segment(counting->section, &counting->geometry,
						       accounted);
	if (!record || !accounted->tcp_flags)
		return;
	segment_add_extra(segment, accounted->size, &record->extra);
	if (!segment->name && connection_follow(counting->connections, record, segment))
		return;
	connection_place(counting->connections, record, segment);
	connection_follow(counting->connections, record, segment);
}

static __always_inline void packet_account(const struct counting *counting,
					   const struct parsed_packet *parsed, uint32_t len,
					   const struct packet_place *place,
					   const struct segment *segment)
{
	struct packet_size size = packet_size_single(len);
	struct accounted accounted = {
		.key = &parsed->key,
		.size = &size,
		.hash = parsed->hash,
		.now_ms = place->now_ms,
		.notes = parsed->notes,
	};

	if (unlikely(parsed->outcome != PACKET_FLOW)) {
		packet_account_rest(counting->table, parsed, len, place);
		return;
	}
	if (counting->has_extra) {
		accounted.has_extra = true;
		accounted.has_ip_bytes = counting->has_ip_bytes;
		accounted.ip_bytes = counting->has_ip_bytes ? parsed->ip_bytes : 0;
		accounted.has_tunnels = counting->has_tunnels;
	}
	if (counting->has_tcp)
		packet_account_segment(counting, &accounted, segment);
	else
		account_flow(counting->section, &counting->geometry, &accounted);
}

#endif
