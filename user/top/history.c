/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "../base/rate.h"
#include "../engine/slot_key.h"

static bool is_known(const struct history *history, const struct pane_clock *clock,
		     uint64_t number)
{
	return number && number >= history->since && number <= clock->number &&
	       number + HISTORY_PANES > clock->number;
}

struct rates history_average(const struct history *history, const struct pane_clock *clock,
			     uint64_t number, uint64_t count)
{
	struct tally sum = { 0 };
	uint64_t length_ns = 0;

	for (uint64_t end = number + count; number < end; number++) {
		const struct tally *pane = &history->pane[number % HISTORY_PANES];

		if (!is_known(history, clock, number))
			continue;
		sum.packets += pane->packets;
		sum.bytes += pane->bytes;
		length_ns += clock->length_ns[number % HISTORY_PANES];
	}
	return (struct rates){ rate_per_second(sum.bytes, length_ns),
			       rate_per_second(sum.packets, length_ns) };
}

struct rates history_rate(const struct history *history, const struct pane_clock *clock,
			  uint64_t number)
{
	return history_average(history, clock, number, 1);
}

static uint64_t parts_of(uint64_t count, uint64_t most)
{
	return count / most + 1;
}

/* What a record can hold of a count. */
#define EXTRA_MOST(name) ((1ull << 8 * sizeof(((struct flow_extra *)0)->name)) - 1)

/* A slot has fewer bits for packets than a result, and for what TCP tells of some of them. */
static size_t slots_of(const struct window_result *result, const struct flow_result *flow)
{
	uint64_t slots = (flow->packets + UINT32_MAX - 1) / UINT32_MAX;

	if (result->extra_sets) {
		const struct extra_sum *sum = &result->extras[flow->extra];

#define EXTRA_PARTS_COUNT(name)                                                         \
	if (parts_of(sum->name, EXTRA_MOST(name)) > slots)                              \
		slots = parts_of(sum->name, EXTRA_MOST(name));
#define EXTRA_PARTS_TIME(name)
#define EXTRA_PARTS_MEAN(name)
#define EXTRA_PARTS(name, kind, merge, set, before, after) EXTRA_PARTS_##kind(name)
		EXTRA_MEASURES(EXTRA_PARTS)
	}
	return (size_t)slots;
}

static uint16_t ms_since(uint64_t instant_ns, uint64_t begin_ns)
{
	uint64_t ms = instant_ns > begin_ns ? (instant_ns - begin_ns) / 1000000 : 0;

	return slot_time_of_ms(ms);
}

/* All bytes go with the first slot, whose packets are what the others leave. */
static struct flow_slot *put_flow(struct flow_slot *out, const struct flow_result *flow,
				  uint64_t begin_ns, uint64_t slots)
{
	uint64_t more = slots - 1, each = flow->packets / slots;
	struct flow_slot slot = {
		.bytes = flow->bytes,
		.packets = (uint32_t)(flow->packets - more * each),
		.first_ms = ms_since(flow->first_ns, begin_ns),
		.last_ms = ms_since(flow->last_ns, begin_ns),
		.min_len = flow->min_len,
		.max_len = flow->max_len,
		.notes = flow->notes,
	};

	flow_slot_set_key(&slot, &flow->key);
	*out++ = slot;
	for (; more; more--) {
		slot.bytes = 0;
		slot.packets = (uint32_t)each;
		*out++ = slot;
	}
	return out;
}

/*
 * As a record has them: of counts as much as it holds, of the rest all; that is gone from sum then.
 */
static void put_part(struct flow_extra *out, struct extra_sum *sum)
{
#define EXTRA_TAKE_COUNT(name) \
	out->name = sum->name < EXTRA_MOST(name) ? sum->name : EXTRA_MOST(name); \
	sum->name -= out->name;
#define EXTRA_TAKE_TIME(name)  \
	out->name = sum->name ? slot_rtt_of_ns(sum->name) : 0; \
	sum->name = 0;
#define EXTRA_TAKE_MEAN(name)  \
	out->name = sum->name; \
	sum->name = 0;
#define EXTRA_TAKE(name, kind, merge, set, before, after) EXTRA_TAKE_##kind(name)
	EXTRA_MEASURES(EXTRA_TAKE)
}

static void put_extras(struct flow_extra *out, const struct window_result *result)
{
	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_result *flow = &result->flows[i];
		struct extra_sum left = { 0 };

		if (result->extra_sets)
			left = result->extras[flow->extra];
		for (size_t slots = slots_of(result, flow); slots; slots--, out++) {
			put_part(out, &left);
			extra_set_beside(out, &flow->key);
		}
	}
}

struct flow_key pane_flow_key(const struct pane_flows *pane, size_t flow)
{
	struct flow_key key = flow_slot_key(&pane->flows[flow]);

	if (pane->extras) {
		const struct key_beside beside = extra_beside(&pane->extras[flow]);

		flow_key_set_beside(&key, &beside);
	}
	return key;
}

struct pane_flows *pane_flows_create(const struct window_result *result)
{
	struct flow_slot *out;
	struct pane_flows *pane;
	size_t count = 0;

	for (size_t i = 0; i < result->flow_count; i++)
		count += slots_of(result, &result->flows[i]);
	pane = aligned_alloc(_Alignof(struct pane_flows),
			     sizeof(*pane) + count * sizeof(pane->flows[0]));
	if (!pane)
		return NULL;
	memset(pane, 0, sizeof(*pane));
	pane->holders = 1;
	pane->count = count;
	out = pane->flows;
	for (size_t i = 0; i < result->flow_count; i++)
		out = put_flow(out, &result->flows[i], result->start_ns,
			       slots_of(result, &result->flows[i]));
	if (!result->extra_sets && !result->has_beside)
		return pane;
	pane->extras = calloc(count + 1, sizeof(*pane->extras));
	if (!pane->extras) {
		pane_flows_release(pane);
		return NULL;
	}
	put_extras(pane->extras, result);
	return pane;
}

struct pane_flows *pane_flows_hold(struct pane_flows *pane)
{
	pane->holders++;
	return pane;
}

void pane_flows_release(struct pane_flows *pane)
{
	if (!pane || --pane->holders)
		return;
	free(pane->extras);
	free(pane);
}
