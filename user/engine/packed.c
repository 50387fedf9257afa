/* SPDX-License-Identifier: BSD-2-Clause */
#include "packed.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* Blocks of few sizes, so that what one frees serves the next; the C library keeps a word. */
#define ROOM_STEP 64u
#define ROOM_WORD sizeof(size_t)

static size_t room_for(size_t size)
{
	size_t bytes = offsetof(struct packed, data) + size + PACKED_SLACK + ROOM_WORD;

	return (bytes + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
}

struct packed *packed_allocate(struct packer *packer, size_t size)
{
	size_t room = room_for(size);
	struct packed *packed = malloc(room - ROOM_WORD);

	if (!packed)
		return NULL;
	packed->next = NULL;
	packed->room = (uint32_t)room;
	packed->size = (uint16_t)size;
	packer->memory_bytes += room;
	if (packer->memory_bytes > packer->recent_peak)
		packer->recent_peak = packer->memory_bytes;
	return packed;
}

void packer_trim(struct packer *packer)
{
	if (packer->recent_peak > packer->heap_bytes)
		packer->heap_bytes = packer->recent_peak;
	if (packer->recent_peak < packer->heap_bytes / 2) {
		packer->heap_bytes = packer->recent_peak;
#ifdef __GLIBC__
		malloc_trim(0);
#endif
	}
	packer->recent_peak = packer->memory_bytes;
}

void packed_free(struct packer *packer, struct packed *packed)
{
	if (!packed)
		return;
	packer->memory_bytes -= packed->room;
	free(packed);
}

static size_t row_pack(struct packer *packer, const struct row_sums *row,
		       const struct pane_form *form)
{
	uint8_t *at = packer->room;

	FOR_EACH_BIT_OF(place, row->places, ROW_WORDS) {
		at = sum_pack(at, &row->sums[place], form);
		if (packer->has_extras)
			at = extra_pack(at, &row->extras[place]);
	}
	return (size_t)(at - packer->room);
}

int packed_store(struct packer *packer, struct packed **at, const struct row_sums *row,
		 struct pane_form form)
{
	struct packed *packed = *at;
	size_t size;

	if (row_is_empty(row->places)) {
		packed_free(packer, packed);
		*at = NULL;
		return 0;
	}
	size = row_pack(packer, row, &form);
	if (!packed || packed->room != room_for(size)) {
		packed = packed_allocate(packer, size);
		if (!packed)
			return -ENOMEM;
		packed_free(packer, *at);
		*at = packed;
	}
	packed->size = (uint16_t)size;
	packed->form = form;
	packed->is_delta = false;
	memcpy(packed->places, row->places, sizeof(packed->places));
	memcpy(packed->data, packer->room, size);
	return 0;
}

static const uint8_t *extra_add_to(const uint8_t *at, struct extra_sum *sum, bool adds)
{
	struct extra_sum more;

	if (!adds)
		return extra_unpack(at, sum);
	at = extra_unpack(at, &more);
	extra_sum_add(sum, &more);
	return at;
}

void packed_add_to(const struct packed *packed, struct row_sums *row,
		   const struct packer *packer)
{
	struct pane_form form;
	const uint8_t *at;

	if (!packed)
		return;
	form = packed->form;
	at = packed->data;
	FOR_EACH_BIT_OF(place, packed->places, ROW_WORDS) {
		bool adds = bit_is_set(row->places, place);
		struct aggregate sum;

		at = sum_unpack(at, adds ? &sum : &row->sums[place], &form);
		if (adds)
			aggregate_merge(&row->sums[place], &sum, &packer->panes);
		if (packer->has_extras)
			at = extra_add_to(at, &row->extras[place], adds);
	}
	for (uint32_t i = 0; i < ROW_WORDS; i++)
		row->places[i] |= packed->places[i];
}

void packed_fit(struct packer *packer, struct packed **at)
{
	size_t room = room_for((*at)->size);
	struct packed *packed;

	if (room == (*at)->room)
		return;
	packed = realloc(*at, room - ROOM_WORD);
	if (!packed)
		return;
	packer->memory_bytes -= packed->room - room;
	packed->room = (uint32_t)room;
	*at = packed;
}
