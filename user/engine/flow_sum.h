/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one flow, or all flows together, had over some panes. Sums of neighbouring runs of panes
 * add up to the sum of both; packets 0 is the sum of nothing.
 */
#ifndef WEIR_FLOW_SUM_H
#define WEIR_FLOW_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/flow.h"

#define SUM_AS_COUNT(name)          uint64_t name;
#define SUM_AS_RATE(name)           double name##_max; /* a second, where it was highest */
#define SUM_AS_INSTANT(name, merge) uint64_t name##_ns;
#define SUM_AS_LENGTH(name, merge)  uint16_t name;

#define FLOW_SUM_FIELDS               \
	FLOW_COUNTS(SUM_AS_COUNT)     \
	FLOW_COUNTS(SUM_AS_RATE)      \
	FLOW_INSTANTS(SUM_AS_INSTANT) \
	FLOW_LENGTHS(SUM_AS_LENGTH)   \
	FLOW_NOTES;

struct flow_sum {
	FLOW_SUM_FIELDS
	__u16 zero;
};

_Static_assert(sizeof(struct flow_sum) == 56, "no bytes but those named");

/* A sum whose fields are members of the struct that has it, too. */
#define FLOW_SUM_MEMBER                 \
	union {                         \
		struct flow_sum sum;    \
		struct {                \
			FLOW_SUM_FIELDS \
		};                      \
	}

static inline void flow_sum_add(struct flow_sum *sum, const struct flow_sum *more)
{
	if (!sum->packets) {
		*sum = *more;
		return;
	}
	if (!more->packets)
		return;
#define SUM_MERGE(name, merge)         MERGE_##merge(sum->name, more->name);
#define SUM_MERGE_COUNT(name)          SUM_MERGE(name, SUM) SUM_MERGE(name##_max, MOST)
#define SUM_MERGE_INSTANT(name, merge) SUM_MERGE(name##_ns, merge)
	FLOW_COUNTS(SUM_MERGE_COUNT)
	FLOW_INSTANTS(SUM_MERGE_INSTANT)
	FLOW_LENGTHS(SUM_MERGE)
	FLOW_BITS(SUM_MERGE)
}

/* The extra measures of a flow over some panes, where they are asked for. */
#define EXTRA_AS_SUM(name, kind, merge, set, before, after) uint64_t name;
struct extra_sum {
	EXTRA_SUMMED(EXTRA_AS_SUM)
};

/* What a record of two lines holds. */
static inline struct extra_sum extra_of_record(const struct flow_slot *record)
{
	const struct flow_extra *extra = &((const struct flow_record *)record)->extra;

#define EXTRA_OF_COUNT(value) (value)
#define EXTRA_OF_TIME(value)  slot_rtt_ns(value)
#define EXTRA_OF_MEAN(value)  (value)
#define EXTRA_OF(name, kind, merge, set, before, after) .name = EXTRA_OF_##kind(extra->name),
	return (struct extra_sum){ EXTRA_SUMMED(EXTRA_OF) };
}

/* What is told of a measure: of a mean the sum is kept. 0 of a TIME or MEAN: there was none. */
#define EXTRA_TOLD_COUNT(sum, name) ((sum)->name)
#define EXTRA_TOLD_TIME(sum, name)  ((sum)->name)
#define EXTRA_TOLD_MEAN(sum, name)  ((sum)->rtt_samples ? (sum)->name / (sum)->rtt_samples : 0)

#define EXTRA_IS_TOLD_COUNT(value) true
#define EXTRA_IS_TOLD_TIME(value)  ((value) != 0)
#define EXTRA_IS_TOLD_MEAN(value)  ((value) != 0)

#define EXTRA_TOLD(name, kind, merge, set, before, after) \
	[EXTRA_##name] = EXTRA_TOLD_##kind(sum, name),

static inline uint64_t extra_told(const struct extra_sum *sum, unsigned int measure)
{
	const uint64_t values[EXTRA_COUNT] = { EXTRA_MEASURES(EXTRA_TOLD) };

	return values[measure];
}

/* Those that are times: told as such, and as nothing where there was none. */
#define EXTRA_IS_TIME_COUNT 0u
#define EXTRA_IS_TIME_TIME  1u
#define EXTRA_IS_TIME_MEAN  1u
#define EXTRA_TIME_BIT(name, kind, merge, set, before, after) \
	| EXTRA_IS_TIME_##kind << EXTRA_##name

static inline bool extra_is_time(unsigned int measure)
{
	return (0u EXTRA_MEASURES(EXTRA_TIME_BIT)) >> measure & 1;
}

static inline void extra_sum_add(struct extra_sum *sum, const struct extra_sum *more)
{
#define EXTRA_MERGE(name, kind, merge, set, before, after) MERGE_##merge(sum->name, more->name);
	EXTRA_SUMMED(EXTRA_MERGE)
}

#endif
