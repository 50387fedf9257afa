/* SPDX-License-Identifier: BSD-2-Clause */
#include "began.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/hash.h"
#include "../base/seed.h"
#include "slot_key.h"

#define CAPACITY_LEAST 1024
#define CAPACITY_MOST  (1u << 19) /* 28 MB */

/* Conversations at rest for so many panes, an hour where these are of a second, are forgotten. */
#define PANES_KEPT 3600

struct entry {
	struct flow_key key;     /* as conversation_orient has it; all 0: none */
	uint64_t is_turned : 1;  /* dst of the key began */
	uint64_t pane      : 63; /* that it was last seen in */
};

struct began {
	struct hash_seed seed;
	struct entry *entries;
	uint32_t capacity, count;
	uint64_t pane;
	bool is_full; /* of what was seen in this pane */
};

static const struct flow_key no_key;

struct began *began_create(void)
{
	struct began *began = calloc(1, sizeof(*began));
	int err = began ? hash_seed_make(&began->seed) : -ENOMEM;

	if (!err)
		return began;
	free(began);
	errno = -err;
	return NULL;
}

void began_destroy(struct began *began)
{
	if (!began)
		return;
	free(began->entries);
	free(began);
}

static bool is_empty(const struct entry *entry)
{
	return !memcmp(&entry->key, &no_key, sizeof(no_key));
}

static struct entry *entry_find(const struct began *began, const struct flow_key *key)
{
	uint32_t mask = began->capacity - 1, at = flow_hash(key, &began->seed) & mask;

	while (!is_empty(&began->entries[at]) &&
	       memcmp(&began->entries[at].key, key, sizeof(*key)))
		at = (at + 1) & mask;
	return &began->entries[at];
}

static uint32_t count_since(const struct began *began, uint64_t panes)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < began->capacity; i++)
		count += !is_empty(&began->entries[i]) &&
			 began->entries[i].pane + panes >= began->pane;
	return count;
}

/* Into a table of that capacity, those that were seen in the last panes. */
static bool rebuild(struct began *began, uint32_t capacity, uint64_t panes)
{
	struct began newer = { .seed = began->seed, .capacity = capacity, .pane = began->pane };

	newer.entries = calloc(capacity, sizeof(*newer.entries));
	if (!newer.entries)
		return false;
	for (uint32_t i = 0; i < began->capacity; i++) {
		const struct entry *entry = &began->entries[i];

		if (is_empty(entry) || entry->pane + panes < began->pane)
			continue;
		*entry_find(&newer, &entry->key) = *entry;
		newer.count++;
	}
	free(began->entries);
	*began = newer;
	return true;
}

/* Room for one more: those at rest go first, then the table grows, then who rested longest goes. */
static bool make_room(struct began *began)
{
	uint64_t panes = PANES_KEPT;
	uint32_t capacity = began->capacity ? began->capacity : CAPACITY_LEAST, kept;

	if (began->count < began->capacity / 2)
		return true;
	/* Else each packet of a flood would look through all of them. */
	if (began->is_full)
		return false;
	kept = count_since(began, panes);
	while (kept >= capacity / 4 && capacity < CAPACITY_MOST)
		capacity *= 2;
	for (; kept >= capacity / 2 && panes; kept = count_since(began, panes))
		panes /= 2;
	began->is_full = kept >= capacity / 2;
	return !began->is_full && rebuild(began, capacity, panes);
}

static bool has_handshake(const struct flow_slot *record)
{
	return record->marks & (FLOW_SYN | FLOW_SYN_ACK);
}

bool began_is_idle(const struct began *began, const struct flow_slot *record)
{
	if (record->ip_proto != IPPROTO_TCP || !(record->flags & FLOW_IP) ||
	    record->flags & FLOW_NO_PORTS)
		return true;
	return !began->count && !has_handshake(record);
}

/* What a handshake says stands against what the key says of who began or who was called. */
static void learn(struct began *began, const struct flow_key *key, bool is_turned)
{
	bool contradicts = is_turned || conversation_service(key, 0) != key->dst_port;
	struct entry *entry;

	if (!began->count && !contradicts)
		return;
	if (contradicts && !make_room(began))
		return;
	entry = entry_find(began, key);
	if (is_empty(entry)) {
		if (!contradicts)
			return;
		*entry = (struct entry){ .key = *key };
		began->count++;
	}
	entry->is_turned = is_turned;
	/* One that began otherwise this time is left to be forgotten. */
	entry->pane = contradicts ? began->pane + 1 : 0;
}

void began_mark(struct began *began, struct flow_slot *record)
{
	struct flow_key key = flow_slot_key(record);
	struct entry *entry;
	bool sender_began;
	enum half half;

	if (began_is_idle(began, record))
		return;
	half = conversation_orient(&key, 0);
	key.flags &= (__u8)~FLOW_OUT;
	if (has_handshake(record)) {
		sender_began = record->marks & FLOW_SYN;
		learn(began, &key, sender_began != (half == HALF_FORWARD));
		return;
	}
	entry = entry_find(began, &key);
	if (is_empty(entry) || !entry->pane)
		return;
	entry->pane = began->pane + 1;
	sender_began = (half == HALF_FORWARD) != entry->is_turned;
	record->marks |= sender_began ? FLOW_SYN : FLOW_SYN_ACK;
}

void began_end_pane(struct began *began)
{
	began->pane++;
	began->is_full = false;
}
