/* SPDX-License-Identifier: BSD-2-Clause */
#include "packed_delta.h"

/*
 * Deltas: when a record is evicted, bytes and packets of what remains are differences, and the
 * rest changes only where the record was the first, the last or an extreme of it.
 */
#include "packed.h"

/* In the first byte, after the codes of bytes and packets as in packed_sum.h. */
#define HEAD_FIRST  0x10 /* another first */
#define HEAD_OTHERS 0x20 /* a byte follows: which others are new */

#define NEW_MIN     0x01
#define NEW_MAX     0x02
#define NEW_BYTES   0x04 /* another peak, */
#define NEW_PACKETS 0x08
#define NEW_NOTES   0x10
#define BYTES_SHIFT 5    /* which is so wide */
#define BYTES_CODE  0x60
#define PACKETS_4   0x80 /* four bytes instead of one */

/* A record, and the sum of those after it. */
struct delta {
	const struct aggregate *record;
	const struct aggregate *remains;
	uint32_t head;
	uint32_t others;
};

static uint32_t head_of(const struct aggregate *record)
{
	uint32_t packets_code = record->packets == 1 ? 0 : packets_code_of(record->packets);

	return bytes_code_of(record->bytes) | packets_code << PACKED_PACKETS_SHIFT;
}

/* What of the sum with the record is its own. */
static struct delta delta_of(const struct aggregate *record, const struct aggregate *remains,
				     const struct pane_ring *panes)
{
	struct delta gone = { record, remains, head_of(record), 0 };

	if (moment_is_before(panes, aggregate_first(record), aggregate_first(remains)))
		gone.head |= HEAD_FIRST;
	if (peak_exceeds(panes, aggregate_bytes_peak(record), aggregate_bytes_peak(remains)))
		gone.others |= NEW_BYTES | bytes_code_of(remains->bytes_peak) << BYTES_SHIFT;
	if (peak_exceeds(panes, aggregate_packets_peak(record), aggregate_packets_peak(remains)))
		gone.others |= NEW_PACKETS | (remains->packets_peak > 0xff ? PACKETS_4 : 0);
	gone.others |= (record->min_len < remains->min_len ? NEW_MIN : 0) |
		       (record->max_len > remains->max_len ? NEW_MAX : 0) |
		       (record->notes & ~remains->notes ? NEW_NOTES : 0);
	gone.head |= gone.others ? HEAD_OTHERS : 0;
	/* The clock of a capture was set back. */
	if (moment_is_before(panes, aggregate_last(remains), aggregate_last(record)))
		gone.head |= PACKED_WIDE;
	return gone;
}

static bool pane_fits(uint32_t pane, const struct pane_form *form)
{
	return !((pane - form->base) & ~pane_mask(form));
}

static bool delta_fits(const struct delta *gone, const struct pane_form *form)
{
	const struct aggregate *remains = gone->remains;

	if (gone->head & PACKED_WIDE || gone->record->bytes >= PACKED_BYTES_END ||
	    gone->record->packets >= PACKED_PACKETS_END)
		return false;
	if (gone->head & HEAD_FIRST && !pane_fits(remains->first_pane, form))
		return false;
	if (gone->others & NEW_BYTES && (!pane_fits(remains->bytes_pane, form) ||
					 remains->bytes_peak >= PACKED_BYTES_END))
		return false;
	return !(gone->others & NEW_PACKETS) || (pane_fits(remains->packets_pane, form) &&
						 remains->packets_peak < PACKED_PACKETS_END);
}

static uint8_t *delta_pack_wide(uint8_t *at, const struct delta *gone)
{
	*at++ = PACKED_WIDE;
	at = put_bytes(at, gone->record->bytes, 8);
	at = put_bytes(at, gone->record->packets, 8);
	memcpy(at, gone->remains, sizeof(*gone->remains));
	return at + sizeof(*gone->remains);
}

static uint8_t *pane_pack(uint8_t *at, uint32_t pane, const struct pane_form *form)
{
	return put_bytes(at, pane - form->base, (form->bits + 7) / 8);
}

static uint32_t new_bytes_width(uint32_t others)
{
	return bytes_width((others & BYTES_CODE) >> BYTES_SHIFT);
}

static uint8_t *others_pack(uint8_t *at, const struct delta *gone,
			    const struct pane_form *form)
{
	const struct aggregate *remains = gone->remains;

	*at++ = (uint8_t)gone->others;
	if (gone->others & NEW_MIN)
		at = put_bytes(at, remains->min_len, 2);
	if (gone->others & NEW_MAX)
		at = put_bytes(at, remains->max_len, 2);
	if (gone->others & NEW_BYTES) {
		at = put_bytes(at, remains->bytes_peak, new_bytes_width(gone->others));
		at = pane_pack(at, remains->bytes_pane, form);
	}
	if (gone->others & NEW_PACKETS) {
		at = put_bytes(at, remains->packets_peak, gone->others & PACKETS_4 ? 4 : 1);
		at = pane_pack(at, remains->packets_pane, form);
	}
	if (gone->others & NEW_NOTES)
		at = put_bytes(at, remains->notes, 2);
	return at;
}

static uint8_t *own_pack(uint8_t *at, const struct aggregate *record, uint32_t head)
{
	uint32_t packets_code = (head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;

	*at++ = (uint8_t)head;
	at = put_bytes(at, record->bytes, bytes_width(head & PACKED_BYTES_CODE));
	return put_bytes(at, record->packets, packets_width(packets_code));
}

static uint8_t *delta_pack(uint8_t *at, const struct delta *gone,
			       const struct pane_form *form)
{
	if (!delta_fits(gone, form))
		return delta_pack_wide(at, gone);
	at = own_pack(at, gone->record, gone->head);
	if (gone->head & HEAD_FIRST)
		at = pane_pack(put_bytes(at, gone->remains->first_ms, 2),
			       gone->remains->first_pane, form);
	return gone->others ? others_pack(at, gone, form) : at;
}

/* Nothing remains: its own bytes and packets are all there is. */
static uint8_t *delta_pack_last(uint8_t *at, const struct aggregate *record)
{
	static const struct aggregate nothing;
	const struct delta gone = { record, &nothing, 0, 0 };

	if (record->bytes >= PACKED_BYTES_END || record->packets >= PACKED_PACKETS_END)
		return delta_pack_wide(at, &gone);
	return own_pack(at, record, head_of(record));
}

static uint32_t pane_take(const uint8_t **at, const struct pane_form *form)
{
	return form->base + (uint32_t)take_bytes(at, (form->bits + 7) / 8);
}

static void others_take(const uint8_t **at, struct aggregate *remains,
			const struct pane_form *form)
{
	uint32_t others = *(*at)++;

	if (others & NEW_MIN)
		remains->min_len = (uint16_t)take_bytes(at, 2);
	if (others & NEW_MAX)
		remains->max_len = (uint16_t)take_bytes(at, 2);
	if (others & NEW_BYTES) {
		remains->bytes_peak = take_bytes(at, new_bytes_width(others));
		remains->bytes_pane = pane_take(at, form);
	}
	if (others & NEW_PACKETS) {
		remains->packets_peak = take_bytes(at, others & PACKETS_4 ? 4 : 1);
		remains->packets_pane = pane_take(at, form);
	}
	if (others & NEW_NOTES)
		remains->notes = take_bytes(at, 2);
}

static const uint8_t *delta_unpack_wide(const uint8_t *at, struct tally *own,
					    struct aggregate *remains)
{
	uint64_t little[2];

	memcpy(little, at, sizeof(little));
	own->bytes = le64toh(little[0]);
	own->packets = le64toh(little[1]);
	memcpy(remains, at + sizeof(little), sizeof(*remains));
	return at + sizeof(little) + sizeof(*remains);
}

/* remains is the sum with the record and becomes that without it, but for bytes and packets. */
static const uint8_t *delta_unpack(const uint8_t *at, const struct pane_form *form,
				       struct tally *own, struct aggregate *remains)
{
	uint32_t head = *at++, packets_code = (head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;

	if (head & PACKED_WIDE)
		return delta_unpack_wide(at, own, remains);
	own->bytes = take_bytes(&at, bytes_width(head & PACKED_BYTES_CODE));
	own->packets = packets_code ? take_bytes(&at, packets_width(packets_code)) : 1;
	if (head & HEAD_FIRST) {
		remains->first_ms = (uint16_t)take_bytes(&at, 2);
		remains->first_pane = pane_take(&at, form);
	}
	if (head & HEAD_OTHERS)
		others_take(&at, remains, form);
	return at;
}

const uint8_t *delta_skip(const uint8_t *at, const struct pane_form *form, struct tally *own)
{
	struct aggregate remains;

	return delta_unpack(at, form, own, &remains);
}

/* The same of the extra measures: *after is the sum after a record and becomes that with it. */
static uint8_t *extra_to_delta(uint8_t *to, const uint8_t **from, struct extra_sum *after)
{
	struct extra_sum record, delta;

	*from = extra_unpack(*from, &record);
	delta = extra_delta_of(&record, after);
	extra_sum_add(after, &record);
	return extra_pack(to, &delta);
}

static size_t row_to_deltas(struct packer *packer, const struct packed *records,
		       struct row_sums *after, const struct pane_form *form)
{
	const uint8_t *from = records->data;
	uint8_t *to = packer->room;

	FOR_EACH_BIT_OF(place, records->places, ROW_WORDS) {
		struct aggregate *remains = &after->sums[place], record;
		struct delta gone;

		if (!bit_is_set(after->places, place)) {
			from = sum_unpack(from, remains, &records->form);
			to = delta_pack_last(to, remains);
			if (packer->has_extras)
				after->extras[place] = (struct extra_sum){ 0 };
		} else {
			from = sum_unpack(from, &record, &records->form);
			gone = delta_of(&record, remains, &packer->panes);
			to = delta_pack(to, &gone, form);
			aggregate_merge(remains, &record, &packer->panes);
		}
		if (packer->has_extras)
			to = extra_to_delta(to, &from, &after->extras[place]);
	}
	for (uint32_t i = 0; i < ROW_WORDS; i++)
		after->places[i] |= records->places[i];
	return (size_t)(to - packer->room);
}

struct packed *packed_to_deltas(struct packer *packer, const struct packed *records,
			   struct row_sums *after)
{
	struct pane_form form = pane_form_of(records->form.base,
					     packer->panes.next - records->form.base);
	size_t size = row_to_deltas(packer, records, after, &form);
	struct packed *deltas = packed_allocate(packer, size);

	if (!deltas)
		return NULL;
	deltas->block = records->block;
	deltas->form = form;
	deltas->is_delta = true;
	memcpy(deltas->places, records->places, sizeof(deltas->places));
	memcpy(deltas->data, packer->room, size);
	return deltas;
}

void packed_evict_oldest(const struct packed *deltas, struct row_sums *row,
		  const struct packer *packer)
{
	const uint8_t *at = deltas->data;

	FOR_EACH_BIT_OF(place, deltas->places, ROW_WORDS) {
		struct aggregate *sum = &row->sums[place];
		uint64_t bytes = sum->bytes, packets = sum->packets;
		struct tally own;

		at = delta_unpack(at, &deltas->form, &own, sum);
		sum->bytes = bytes - own.bytes;
		sum->packets = packets - own.packets;
		if (packer->has_extras) {
			struct extra_sum delta;

			at = extra_unpack(at, &delta);
			extra_evict(&row->extras[place], &delta);
		}
		if (!sum->packets)
			bit_clear(row->places, place);
	}
}
