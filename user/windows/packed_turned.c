/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turned records: when one leaves, bytes and packets of what remains are differences, and the
 * rest changes only where the record was the first, the last or an extreme of it.
 */
#include <stdlib.h>

#include "packed.h"

/* In the first byte, after the codes of bytes and packets as in packed_sum.h. */
#define HEAD_FIRST  0x10 /* another first */
#define HEAD_OTHERS 0x20 /* a byte follows: which others are new */

#define NEW_MIN     0x01
#define NEW_MAX     0x02
#define NEW_BYTES   0x04 /* another peak, */
#define NEW_PACKETS 0x08
#define NEW_FLAGS   0x10
#define BYTES_SHIFT 5    /* which is so wide */
#define BYTES_CODE  0x60
#define PACKETS_4   0x80 /* four bytes instead of one */

/* What the records of a turned row are packed from and to. */
struct departure {
	uint64_t bytes;        /* the record's own */
	uint64_t packets;
	uint32_t head;
	uint32_t others;
	struct carried remains; /* the fields that are told; bytes and packets are differences */
};

static struct departure departure_of(const struct carried *record, const struct carried *with,
				     const struct carried *without)
{
	struct departure gone = { .bytes = record->bytes, .packets = record->packets,
				  .remains = *without };

	gone.head = bytes_code_of(record->bytes) |
		    packets_code_of(record->packets) << PACKED_PACKETS_SHIFT;
	if (record->packets == 1)
		gone.head &= ~(uint32_t)PACKED_PACKETS_CODE;
	if (!without->packets)
		return gone;
	if (with->first_pane != without->first_pane || with->first_ms != without->first_ms)
		gone.head |= HEAD_FIRST;
	if (with->bytes_pane != without->bytes_pane)
		gone.others |= NEW_BYTES | bytes_code_of(without->bytes_peak) << BYTES_SHIFT;
	if (with->packets_pane != without->packets_pane)
		gone.others |= NEW_PACKETS | (without->packets_peak > 0xff ? PACKETS_4 : 0);
	gone.others |= (with->min_len != without->min_len ? NEW_MIN : 0) |
		       (with->max_len != without->max_len ? NEW_MAX : 0) |
		       (with->tcp_flags != without->tcp_flags ? NEW_FLAGS : 0);
	gone.head |= gone.others ? HEAD_OTHERS : 0;
	/* The clock of a capture was set back. */
	if (with->last_pane != without->last_pane || with->last_ms != without->last_ms)
		gone.head |= PACKED_WIDE;
	return gone;
}

static bool departure_fits(const struct departure *gone, const struct pane_form *form)
{
	const struct carried *remains = &gone->remains;

	if (gone->head & PACKED_WIDE || gone->bytes >= PACKED_BYTES_END ||
	    gone->packets >= PACKED_PACKETS_END)
		return false;
	if (gone->head & HEAD_FIRST && (remains->first_pane - form->base) & ~pane_mask(form))
		return false;
	if (gone->others & NEW_BYTES && ((remains->bytes_pane - form->base) & ~pane_mask(form) ||
					 remains->bytes_peak >= PACKED_BYTES_END))
		return false;
	return !(gone->others & NEW_PACKETS) ||
	       !((remains->packets_pane - form->base) & ~pane_mask(form) ||
		 remains->packets_peak >= PACKED_PACKETS_END);
}

static uint8_t *departure_pack_wide(uint8_t *at, const struct departure *gone)
{
	*at++ = PACKED_WIDE;
	at = put_bytes(at, gone->bytes, 8);
	at = put_bytes(at, gone->packets, 8);
	memcpy(at, &gone->remains, sizeof(gone->remains));
	return at + sizeof(gone->remains);
}

static uint8_t *pane_pack(uint8_t *at, uint32_t pane, const struct pane_form *form)
{
	return put_bytes(at, pane - form->base, (form->bits + 7) / 8);
}

static uint32_t new_bytes_width(uint32_t others)
{
	return bytes_width((others & BYTES_CODE) >> BYTES_SHIFT);
}

static uint8_t *others_pack(uint8_t *at, const struct departure *gone,
			    const struct pane_form *form)
{
	const struct carried *remains = &gone->remains;

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
	if (gone->others & NEW_FLAGS)
		*at++ = remains->tcp_flags;
	return at;
}

static uint8_t *departure_pack(uint8_t *at, const struct departure *gone,
			       const struct pane_form *form)
{
	uint32_t packets_code = (gone->head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;

	if (!departure_fits(gone, form))
		return departure_pack_wide(at, gone);
	*at++ = (uint8_t)gone->head;
	at = put_bytes(at, gone->bytes, bytes_width(gone->head & PACKED_BYTES_CODE));
	at = put_bytes(at, gone->packets, packets_width(packets_code));
	if (gone->head & HEAD_FIRST)
		at = pane_pack(put_bytes(at, gone->remains.first_ms, 2),
			       gone->remains.first_pane, form);
	return gone->others ? others_pack(at, gone, form) : at;
}

static uint32_t pane_take(const uint8_t **at, const struct pane_form *form)
{
	return form->base + (uint32_t)take_bytes(at, (form->bits + 7) / 8);
}

static void others_take(const uint8_t **at, struct departure *gone, const struct pane_form *form)
{
	struct carried *remains = &gone->remains;

	gone->others = *(*at)++;
	if (gone->others & NEW_MIN)
		remains->min_len = (uint16_t)take_bytes(at, 2);
	if (gone->others & NEW_MAX)
		remains->max_len = (uint16_t)take_bytes(at, 2);
	if (gone->others & NEW_BYTES) {
		remains->bytes_peak = take_bytes(at, new_bytes_width(gone->others));
		remains->bytes_pane = pane_take(at, form);
	}
	if (gone->others & NEW_PACKETS) {
		remains->packets_peak = take_bytes(at, gone->others & PACKETS_4 ? 4 : 1);
		remains->packets_pane = pane_take(at, form);
	}
	if (gone->others & NEW_FLAGS)
		remains->tcp_flags = *(*at)++;
}

/* remains is the sum with the record, and becomes that without it, but for bytes and packets. */
static const uint8_t *departure_unpack(const uint8_t *at, struct departure *gone,
				       const struct pane_form *form)
{
	uint32_t packets_code;

	gone->head = *at++;
	if (gone->head & PACKED_WIDE) {
		memcpy(&gone->bytes, at, sizeof(gone->bytes));
		memcpy(&gone->packets, at + 8, sizeof(gone->packets));
		gone->bytes = le64toh(gone->bytes);
		gone->packets = le64toh(gone->packets);
		memcpy(&gone->remains, at + 16, sizeof(gone->remains));
		return at + 16 + sizeof(gone->remains);
	}
	packets_code = (gone->head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;
	gone->bytes = take_bytes(&at, bytes_width(gone->head & PACKED_BYTES_CODE));
	gone->packets = packets_code ? take_bytes(&at, packets_width(packets_code)) : 1;
	if (gone->head & HEAD_FIRST) {
		gone->remains.first_ms = (uint16_t)take_bytes(&at, 2);
		gone->remains.first_pane = pane_take(&at, form);
	}
	if (gone->head & HEAD_OTHERS)
		others_take(&at, gone, form);
	return at;
}

const uint8_t *turned_skip(const uint8_t *at, const struct pane_form *form, struct tally *own)
{
	struct departure gone;

	at = departure_unpack(at, &gone, form);
	*own = (struct tally){ .packets = gone.packets, .bytes = gone.bytes };
	return at;
}

static size_t row_turn(struct packer *packer, const struct packed *records,
		       struct row_sums *after, const struct pane_form *form)
{
	const uint8_t *from = records->data;
	uint8_t *to = packer->room;

	FOR_EACH_BIT_OF(place, records->places, ROW_WORDS) {
		struct carried record, without = { 0 };
		struct departure gone;

		from = sum_unpack(from, &record, &records->form);
		if (bit_is_set(after->places, place))
			without = after->sums[place];
		row_sums_add(after, place, &record, &packer->panes);
		gone = departure_of(&record, &after->sums[place], &without);
		to = departure_pack(to, &gone, form);
	}
	return (size_t)(to - packer->room);
}

struct packed *packed_turn(struct packer *packer, const struct packed *records,
			   struct row_sums *after)
{
	struct pane_form form = pane_form_of(records->form.base,
					     packer->panes.next - records->form.base);
	size_t size = row_turn(packer, records, after, &form);
	struct packed *turned = packed_allocate(packer, size);

	if (!turned)
		return NULL;
	turned->block = records->block;
	turned->form = form;
	turned->is_turned = true;
	memcpy(turned->places, records->places, sizeof(turned->places));
	memcpy(turned->data, packer->room, size);
	return turned;
}

void packed_leave(const struct packed *turned, struct row_sums *row)
{
	const uint8_t *at = turned->data;

	FOR_EACH_BIT_OF(place, turned->places, ROW_WORDS) {
		struct carried *sum = &row->sums[place];
		uint64_t bytes = sum->bytes, packets = sum->packets;
		struct departure gone;

		gone.remains = *sum;
		at = departure_unpack(at, &gone, &turned->form);
		*sum = gone.remains;
		sum->bytes = bytes - gone.bytes;
		sum->packets = packets - gone.packets;
		if (!sum->packets)
			bit_clear(row->places, place);
	}
}
