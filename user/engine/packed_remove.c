/* SPDX-License-Identifier: BSD-2-Clause */
#include "packed_remove.h"

#include <string.h>

#include "packed_delta.h"

static bool rows_overlap(const uint64_t *a, const uint64_t *b)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < ROW_WORDS; i++)
		any |= a[i] & b[i];
	return any;
}

static const uint8_t *record_skip(const struct packer *packer, const struct packed *packed,
				  const uint8_t *at, struct tally *own)
{
	struct extra_sum extra;
	struct aggregate sum;

	if (packed->is_delta) {
		at = delta_skip(at, &packed->form, own);
	} else {
		at = sum_unpack(at, &sum, &packed->form);
		*own = (struct tally){ .packets = sum.packets, .bytes = sum.bytes };
	}
	return packer->has_extras ? extra_unpack(at, &extra) : at;
}

struct tally packed_remove(struct packer *packer, struct packed **at, const uint64_t *places)
{
	struct packed *packed = *at;
	struct tally removed = { 0 }, own;
	const uint8_t *from = packed->data;
	uint8_t *to = packed->data;

	if (!rows_overlap(packed->places, places))
		return removed;
	FOR_EACH_BIT_OF(place, packed->places, ROW_WORDS) {
		const uint8_t *next = record_skip(packer, packed, from, &own);

		if (bit_is_set(places, place)) {
			bit_clear(packed->places, place);
			removed.packets += own.packets;
			removed.bytes += own.bytes;
		} else {
			memmove(to, from, (size_t)(next - from));
			to += next - from;
		}
		from = next;
	}
	packed->size = (uint16_t)(to - packed->data);
	if (row_is_empty(packed->places)) {
		*at = packed->next;
		packed_free(packer, packed);
	} else {
		packed_fit(packer, at);
	}
	return removed;
}
