/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An aggregate in as few bytes as it needs: a byte that says which follow, then bytes, packets
 * (none where it is one), sizes, TCP flags and marks, times, panes, peaks. What does not fit is
 * kept as it is.
 */
#ifndef WEIR_PACKED_SUM_H
#define WEIR_PACKED_SUM_H

#include <endian.h>
#include <string.h>

#include "../../include/platform.h"
#include "aggregate.h"

/* The bytes of a packed sum are those of these measures. */
#define MEASURE_COUNTED(...) +1
_Static_assert(0 FLOW_COUNTS(MEASURE_COUNTED) == 2 && 0 FLOW_INSTANTS(MEASURE_COUNTED) == 2 &&
	       0 FLOW_LENGTHS(MEASURE_COUNTED) == 2 && 0 FLOW_BITS(MEASURE_COUNTED) == 1,
	       "another measure needs a place in packed sums and deltas");

#define PACKED_BYTES_CODE    0x03 /* 1, 2, 3 or 5 bytes */
#define PACKED_PACKETS_CODE  0x0c /* 0: one packet; else 1, 2 or 4 bytes */
#define PACKED_PACKETS_SHIFT 2
#define PACKED_LENS_DIFFER   0x10
#define PACKED_HAS_NOTES     0x20
#define PACKED_MANY_PANES    0x40
#define PACKED_WIDE          0x80

#define PACKED_BYTES_END     (1ull << 40)
#define PACKED_PACKETS_END   (1ull << 32)

#define NOTES_USUAL 0x7f
#define NOTES_MORE  0x80

/* Writing and reading may reach so many bytes past the end. */
#define PACKED_SLACK 8

/* How panes are written: the bits of a number counted from base, 0 where it is always base. */
struct pane_form {
	uint32_t base;
	uint32_t bits; /* 0, 4, 8 or 16 */
};

static inline struct pane_form pane_form_of(uint32_t base, uint64_t count)
{
	return (struct pane_form){ base, count <= 1 ? 0 : count <= 16 ? 4 : count <= 256 ? 8 : 16 };
}

static inline uint32_t pane_mask(const struct pane_form *form)
{
	return (1u << form->bits) - 1;
}

static inline uint8_t *put_bytes(uint8_t *at, uint64_t value, uint32_t width)
{
	uint64_t little = htole64(value);

	memcpy(at, &little, sizeof(little));
	return at + width;
}

static const uint64_t byte_masks[] = { 0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff,
				       0xffffffffffff };

/* Of at most six. */
static inline uint64_t take_bytes(const uint8_t **at, uint32_t width)
{
	uint64_t little;

	memcpy(&little, *at, sizeof(little));
	*at += width;
	return le64toh(little) & byte_masks[width];
}

/* Nothing for none. In the first byte are the TCP flags but CWR, and whether more follow. */
static inline uint8_t *put_notes(uint8_t *at, uint64_t notes)
{
	uint64_t more = notes & ~(uint64_t)NOTES_USUAL;

	return put_bytes(at, (notes & NOTES_USUAL) | (more ? NOTES_MORE | more << 1 : 0),
			 (notes != 0) + (more != 0) * 2u);
}

static inline uint64_t take_notes(const uint8_t **at)
{
	uint64_t first = take_bytes(at, 1);

	return first & NOTES_MORE ? (first & NOTES_USUAL) | take_bytes(at, 2) << 7 : first;
}

static inline uint32_t bytes_code_of(uint64_t bytes)
{
	return (bytes > 0xff) + (bytes > 0xffff) + (bytes > 0xffffff);
}

static inline uint32_t bytes_width(uint32_t code)
{
	return code + 1 + (code == 3);
}

static inline uint32_t packets_code_of(uint64_t packets)
{
	return 1u + (packets > 0xff) + (packets > 0xffff);
}

static inline uint32_t packets_width(uint32_t code)
{
	return code + (code == 3);
}

static inline bool aggregate_is_of_one_pane(const struct aggregate *sum)
{
	return sum->bytes_peak == sum->bytes && sum->packets_peak == sum->packets &&
	       sum->bytes_pane == sum->first_pane && sum->packets_pane == sum->first_pane &&
	       sum->last_pane == sum->first_pane;
}

static inline bool aggregate_is_one_packet(const struct aggregate *sum)
{
	return sum->packets == 1 && sum->min_len == sum->max_len && sum->bytes == sum->min_len &&
	       sum->first_ms == sum->last_ms;
}

static inline bool aggregate_fits(const struct aggregate *sum, const struct pane_form *form)
{
	uint32_t farthest = (sum->first_pane - form->base) | (sum->last_pane - form->base) |
			    (sum->bytes_pane - form->base) | (sum->packets_pane - form->base);

	return sum->bytes < PACKED_BYTES_END && sum->packets < PACKED_PACKETS_END &&
	       !(farthest & ~pane_mask(form)) && sum->bytes_peak <= sum->bytes &&
	       sum->packets_peak <= sum->packets;
}

static __always_inline uint8_t *sum_pack_many_panes(uint8_t *at, const struct aggregate *sum,
						    uint32_t head, const struct pane_form *form)
{
	uint64_t panes = (uint64_t)(sum->first_pane - form->base) |
			 (uint64_t)(sum->last_pane - form->base) << form->bits |
			 (uint64_t)(sum->bytes_pane - form->base) << 2 * form->bits |
			 (uint64_t)(sum->packets_pane - form->base) << 3 * form->bits;

	at = put_bytes(at, panes, form->bits / 2);
	at = put_bytes(at, sum->bytes_peak, bytes_width(head & PACKED_BYTES_CODE));
	return put_bytes(at, sum->packets_peak,
			 packets_width((head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT));
}

static inline uint8_t *sum_pack_wide(uint8_t *at, const struct aggregate *sum)
{
	*at++ = PACKED_WIDE;
	memcpy(at, sum, sizeof(*sum));
	return at + sizeof(*sum);
}

static inline uint32_t sum_head(const struct aggregate *sum)
{
	bool is_one_pane = aggregate_is_of_one_pane(sum);
	bool is_one = is_one_pane && aggregate_is_one_packet(sum);
	uint32_t packets_code = is_one ? 0 : packets_code_of(sum->packets);

	return bytes_code_of(sum->bytes) | packets_code << PACKED_PACKETS_SHIFT |
	       (sum->min_len != sum->max_len ? PACKED_LENS_DIFFER : 0) |
	       (sum->notes ? PACKED_HAS_NOTES : 0) | (is_one_pane ? 0 : PACKED_MANY_PANES);
}

/* Packs a sum that is not of nothing; returns where the next one begins. */
static __always_inline uint8_t *sum_pack(uint8_t *at, const struct aggregate *sum,
					 const struct pane_form *form)
{
	uint32_t head = sum_head(sum), first = head | (uint32_t)sum->first_ms << 8;
	uint32_t packets_code = (head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;
	uint64_t sizes = sum->last_ms | (uint64_t)sum->min_len << 16 |
			 (uint64_t)sum->max_len << 32;

	if (!aggregate_fits(sum, form))
		return sum_pack_wide(at, sum);
	at = put_bytes(at, first, 3);
	at = put_bytes(at, sum->bytes, bytes_width(head & PACKED_BYTES_CODE));
	if (packets_code) {
		at = put_bytes(at, sizes, head & PACKED_LENS_DIFFER ? 6 : 4);
		at = put_bytes(at, sum->packets, packets_width(packets_code));
	}
	at = put_notes(at, sum->notes);
	if (head & PACKED_MANY_PANES)
		return sum_pack_many_panes(at, sum, head, form);
	return put_bytes(at, sum->first_pane - form->base, (form->bits + 7) / 8);
}

static __always_inline void sum_unpack_panes(const uint8_t **at, struct aggregate *sum,
					     uint32_t head, const struct pane_form *form)
{
	uint32_t packets_code = (head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;
	uint64_t panes;

	if (!(head & PACKED_MANY_PANES)) {
		sum->first_pane = form->base + (uint32_t)take_bytes(at, (form->bits + 7) / 8);
		sum->last_pane = sum->bytes_pane = sum->packets_pane = sum->first_pane;
		sum->bytes_peak = sum->bytes;
		sum->packets_peak = sum->packets;
		return;
	}
	memcpy(&panes, *at, sizeof(panes));
	panes = le64toh(panes);
	*at += form->bits / 2;
	sum->first_pane = form->base + ((uint32_t)panes & pane_mask(form));
	sum->last_pane = form->base + ((uint32_t)(panes >> form->bits) & pane_mask(form));
	sum->bytes_pane = form->base + ((uint32_t)(panes >> 2 * form->bits) & pane_mask(form));
	sum->packets_pane = form->base + ((uint32_t)(panes >> 3 * form->bits) & pane_mask(form));
	sum->bytes_peak = take_bytes(at, bytes_width(head & PACKED_BYTES_CODE));
	sum->packets_peak = take_bytes(at, packets_width(packets_code));
}

/* Last packet, sizes and packets of a sum that is of more than one. */
static __always_inline void sum_unpack_packets(const uint8_t **at, struct aggregate *sum,
					       uint32_t head)
{
	uint32_t packets_code = (head & PACKED_PACKETS_CODE) >> PACKED_PACKETS_SHIFT;
	uint64_t sizes = take_bytes(at, head & PACKED_LENS_DIFFER ? 6 : 4);

	sum->last_ms = (uint16_t)sizes;
	sum->min_len = (uint16_t)(sizes >> 16);
	sum->max_len = (uint16_t)(head & PACKED_LENS_DIFFER ? sizes >> 32 : sizes >> 16);
	sum->packets = take_bytes(at, packets_width(packets_code));
}

/* The sum that was packed; returns where the next one begins. */
static __always_inline const uint8_t *sum_unpack(const uint8_t *at, struct aggregate *sum,
						 const struct pane_form *form)
{
	uint32_t first = (uint32_t)take_bytes(&at, 3), head = first & 0xff;

	if (head & PACKED_WIDE) {
		at -= 2;
		memcpy(sum, at, sizeof(*sum));
		return at + sizeof(*sum);
	}
	sum->first_ms = (uint16_t)(first >> 8);
	sum->bytes = take_bytes(&at, bytes_width(head & PACKED_BYTES_CODE));
	if (head & PACKED_PACKETS_CODE) {
		sum_unpack_packets(&at, sum, head);
	} else {
		sum->packets = 1;
		sum->last_ms = sum->first_ms;
		sum->min_len = sum->max_len = (uint16_t)sum->bytes;
	}
	sum->notes = head & PACKED_HAS_NOTES ? take_notes(&at) : 0;
	sum_unpack_panes(&at, sum, head, form);
	return at;
}

#endif
