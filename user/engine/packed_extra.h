/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extra measures packed: bits that say which are not 0, then these, seven bits a byte, the last
 * byte without its highest bit.
 */
#ifndef WEIR_PACKED_EXTRA_H
#define WEIR_PACKED_EXTRA_H

#include "flow_sum.h"

#define EXTRA_BITS_BYTES   ((EXTRA_SUMMED_COUNT + 7) / 8)
#define EXTRA_VALUE_MOST   10
#define EXTRA_PACKED_MOST  (EXTRA_BITS_BYTES + EXTRA_SUMMED_COUNT * EXTRA_VALUE_MOST)

static inline uint8_t *put_extra_value(uint8_t *at, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

static inline uint64_t take_extra_value(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static inline bool extra_bit(const uint8_t *bits, unsigned int measure)
{
	return bits[measure / 8] >> measure % 8 & 1;
}

static inline uint8_t *extra_pack(uint8_t *at, const struct extra_sum *sum)
{
	uint8_t *bits = at;

	for (int i = 0; i < EXTRA_BITS_BYTES; i++)
		*at++ = 0;
#define EXTRA_PACK(name, kind, merge, set, before, after)                              \
	if (sum->name) {                                                               \
		bits[EXTRA_##name / 8] |= (uint8_t)(1u << EXTRA_##name % 8);           \
		at = put_extra_value(at, sum->name);                                   \
	}
	EXTRA_SUMMED(EXTRA_PACK)
	return at;
}

static inline const uint8_t *extra_unpack(const uint8_t *at, struct extra_sum *sum)
{
	const uint8_t *bits = at;

	at += EXTRA_BITS_BYTES;
#define EXTRA_UNPACK(name, kind, merge, set, before, after) \
	sum->name = extra_bit(bits, EXTRA_##name) ? take_extra_value(&at) : 0;
	EXTRA_SUMMED(EXTRA_UNPACK)
	return at;
}

/*
 * What there must be so that the sum with a record becomes that without it: of what is added up
 * the record's own, of the rest what remains.
 */
#define EXTRA_DELTA_SUM       record
#define EXTRA_DELTA_MOST      remains
#define EXTRA_DELTA_BITS      remains
#define EXTRA_DELTA_LEAST_SET remains

static inline struct extra_sum extra_delta_of(const struct extra_sum *record,
					      const struct extra_sum *remains)
{
	(void)remains; /* where all are added up */
#define EXTRA_DELTA(name, kind, merge, set, before, after) .name = EXTRA_DELTA_##merge->name,
	return (struct extra_sum){ EXTRA_SUMMED(EXTRA_DELTA) };
}

#define EXTRA_LESS_SUM(to, delta)       ((to) -= (delta))
#define EXTRA_LESS_MOST(to, delta)      ((to) = (delta))
#define EXTRA_LESS_BITS(to, delta)      ((to) = (delta))
#define EXTRA_LESS_LEAST_SET(to, delta) ((to) = (delta))

static inline void extra_evict(struct extra_sum *sum, const struct extra_sum *delta)
{
#define EXTRA_LESS(name, kind, merge, set, before, after) \
	EXTRA_LESS_##merge(sum->name, delta->name);
	EXTRA_SUMMED(EXTRA_LESS)
}

#endif
