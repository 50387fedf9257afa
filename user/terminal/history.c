/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../sinks/json.h"

/* Panes of silence after which a key's place may be given to another. */
#define SILENT_PANES 60

int histories_init(struct histories *histories)
{
	*histories = (struct histories){ .begun = 1 };
	histories->kept = calloc(HISTORY_KEYS_MAX, sizeof(*histories->kept));
	if (!histories->kept)
		return -ENOMEM;
	return key_map_reset(&histories->map, HISTORY_KEYS_MAX);
}

void histories_fini(struct histories *histories)
{
	free(histories->kept);
	key_map_fini(&histories->map);
	*histories = (struct histories){ 0 };
}

void histories_restart(struct histories *histories, uint64_t next)
{
	histories->count = 0;
	histories->begun = next;
	histories->overflowed = false;
	key_map_reset(&histories->map, HISTORY_KEYS_MAX);
}

static struct key_list keys_of(const struct histories *histories)
{
	return (struct key_list){ histories->kept, sizeof(*histories->kept) };
}

static void forget_silent(struct histories *histories, uint64_t number)
{
	size_t kept = 0;

	key_map_reset(&histories->map, HISTORY_KEYS_MAX);
	for (size_t i = 0; i < histories->count; i++) {
		struct history *history = &histories->kept[i];

		if (history->newest + SILENT_PANES < number)
			continue;
		if (kept != i)
			histories->kept[kept] = *history;
		key_map_add(&histories->map, key_hash(&history->key), (uint32_t)kept);
		kept++;
	}
	histories->count = kept;
}

void histories_begin_pane(struct histories *histories, uint64_t number)
{
	histories->number = number;
	if (histories->count == HISTORY_KEYS_MAX)
		forget_silent(histories, number);
	for (size_t i = 0; i < histories->count; i++)
		histories->kept[i].pane[number % HISTORY_PANES] = (struct tally){ 0 };
}

static struct history *histories_add(struct histories *histories, const struct flow_key *key,
				     uint32_t hash)
{
	struct history *history = &histories->kept[histories->count];

	if (histories->count == HISTORY_KEYS_MAX) {
		histories->overflowed = true;
		return NULL;
	}
	memset(history, 0, sizeof(*history));
	history->key = *key;
	history->since = histories->number;
	history->is_cut = histories->overflowed;
	key_map_add(&histories->map, hash, (uint32_t)histories->count++);
	return history;
}

void histories_count(struct histories *histories, const struct flow_key *key,
		     const struct tally *amount, bool may_add)
{
	const struct key_list list = keys_of(histories);
	uint32_t hash = key_hash(key);
	uint32_t found = key_map_find(&histories->map, &list, key, hash);
	struct history *history;
	struct tally *pane;

	if (found != KEY_MAP_NONE)
		history = &histories->kept[found];
	else
		history = may_add ? histories_add(histories, key, hash) : NULL;
	if (!history)
		return;
	pane = &history->pane[histories->number % HISTORY_PANES];
	pane->packets += amount->packets;
	pane->bytes += amount->bytes;
	history->newest = histories->number;
}

const struct history *histories_find(const struct histories *histories,
				     const struct flow_key *key)
{
	const struct key_list list = keys_of(histories);
	uint32_t found = key_map_find(&histories->map, &list, key, key_hash(key));

	return found == KEY_MAP_NONE ? NULL : &histories->kept[found];
}

struct rates history_rate(const struct history *history, const struct pane_clock *clock,
			  uint64_t number)
{
	const struct tally *pane = &history->pane[number % HISTORY_PANES];
	uint64_t length_ns = clock->length_ns[number % HISTORY_PANES];

	return (struct rates){ rate_per_second(pane->bytes, length_ns),
			       rate_per_second(pane->packets, length_ns) };
}

struct rates history_max(const struct history *history, const struct pane_clock *clock,
			 uint64_t length_ns)
{
	struct rates highest = { 0, 0 };
	uint64_t past_ns = 0;

	for (uint64_t i = 0; i < HISTORY_PANES && i < clock->number && past_ns < length_ns; i++) {
		uint64_t number = clock->number - i;
		struct rates rates;

		if (number < history->since)
			break;
		rates = history_rate(history, clock, number);
		if (rates.bytes > highest.bytes)
			highest.bytes = rates.bytes;
		if (rates.packets > highest.packets)
			highest.packets = rates.packets;
		past_ns += clock->length_ns[number % HISTORY_PANES];
	}
	return highest;
}
