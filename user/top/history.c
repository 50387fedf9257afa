/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <stdlib.h>

#include "../base/rate.h"

struct rates history_rate(const struct history *history, const struct pane_clock *clock,
			  uint64_t number)
{
	const struct tally *pane = &history->pane[number % HISTORY_PANES];
	uint64_t length_ns = clock->length_ns[number % HISTORY_PANES];

	if (!number || number < history->since || number > clock->number ||
	    number + HISTORY_PANES <= clock->number)
		return (struct rates){ 0, 0 };
	return (struct rates){ rate_per_second(pane->bytes, length_ns),
			       rate_per_second(pane->packets, length_ns) };
}

bool pane_is_within(const struct pane_clock *clock, uint64_t number,
		    const struct window_result *window)
{
	uint64_t begin_ns = clock->begin_ns[number % HISTORY_PANES];

	return begin_ns >= window->start_ns && begin_ns < window->end_ns;
}

struct rates history_max(const struct history *history, const struct pane_clock *clock,
			 const struct window_result *window)
{
	struct rates highest = { 0, 0 };

	for (uint64_t i = 0; i < HISTORY_PANES && i < clock->number; i++) {
		uint64_t number = clock->number - i;
		struct rates rates = history_rate(history, clock, number);

		if (!pane_is_within(clock, number, window))
			continue;
		if (rates.bytes > highest.bytes)
			highest.bytes = rates.bytes;
		if (rates.packets > highest.packets)
			highest.packets = rates.packets;
	}
	return highest;
}

struct pane_flows *pane_flows_create(const struct window_result *result, uint64_t number)
{
	size_t count = result->flow_count;
	struct pane_flows *pane = malloc(sizeof(*pane) + count * sizeof(pane->flows[0]));

	if (!pane)
		return NULL;
	pane->holders = 1;
	pane->number = number;
	pane->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct flow_result *flow = &result->flows[i];

		pane->flows[i] = (struct pane_flow){ flow->key, { flow->packets, flow->bytes } };
	}
	return pane;
}

struct pane_flows *pane_flows_hold(struct pane_flows *pane)
{
	pane->holders++;
	return pane;
}

void pane_flows_release(struct pane_flows *pane)
{
	if (pane && --pane->holders == 0)
		free(pane);
}
