/* SPDX-License-Identifier: BSD-2-Clause */
#include "span.h"

#include "listing.h"
#include "window.h"

static void health_add(struct window_health *health, const struct window_health *more)
{
	health->dropped_packets += more->dropped_packets;
	health->late_packets += more->late_packets;
	health->connections_missed += more->connections_missed;
	if (more->collect_latency_ns > health->collect_latency_ns)
		health->collect_latency_ns = more->collect_latency_ns;
	if (more->merge_latency_ns > health->merge_latency_ns)
		health->merge_latency_ns = more->merge_latency_ns;
	health->records += more->records;
	health->merge_ns += more->merge_ns;
}

void counts_lose(struct outcome_counts *counts, const struct tally *lost)
{
	counts->outcome[PACKET_FLOW].packets -= lost->packets;
	counts->outcome[PACKET_FLOW].bytes -= lost->bytes;
	counts->outcome[PACKET_UNATTRIBUTED].packets += lost->packets;
	counts->outcome[PACKET_UNATTRIBUTED].bytes += lost->bytes;
}

void span_add(struct span *span, const struct span *part)
{
	if (!part->panes)
		return;
	if (!span->panes) {
		*span = *part;
		return;
	}
	flow_sum_add(&span->flows, &part->flows);
	direction_sums_add(&span->directions, &part->directions);
	span->end_ns = part->end_ns;
	span->observed_ns += part->observed_ns;
	span->panes += part->panes;
	outcome_counts_add(&span->counts, &part->counts);
	health_add(&span->health, &part->health);
}

void window_take_evicted(struct window *window, const struct engine *engine,
			 struct evicted *evicted)
{
	evicted_add(evicted, window->open_evicted_flows, &engine->open_evicted);
	window->open_evicted_flows = 0;
}

struct flow_sum pane_sum(const struct pane_close *pane, const struct segment *segment,
			 uint32_t place)
{
	const struct flow_slot *slot = &segment->slots[place];
	const struct tally own = segment_tally(segment, place);

#define COUNT_OF_PANE(name) \
	.name = own.name, .name##_max = (double)own.name / pane->times.seconds,
#define INSTANT_OF_PANE(name, merge) .name##_ns = pane_instant(&pane->times, slot->name##_ms),
#define SAME_OF_PANE(name, merge)    .name = slot->name,
	return (struct flow_sum){
		FLOW_COUNTS(COUNT_OF_PANE)
		FLOW_INSTANTS(INSTANT_OF_PANE)
		FLOW_LENGTHS(SAME_OF_PANE)
		FLOW_BITS(SAME_OF_PANE)
	};
}

void result_set_evicted(struct window_result *result, const struct evicted *evicted)
{
	result->evicted_flows = evicted->flows;
	result->evicted = evicted->own;
}

void result_from_span(struct window_result *result, const struct span *span)
{
	result->start_ns = span->begin_ns;
	result->end_ns = span->end_ns;
	result->observed_ns = span->observed_ns;
	result->panes = span->panes;
	result->counts = span->counts;
	result->health = span->health;
	result->total = (struct window_total){ .sum = span->flows,
						 .directions = span->directions };
}

int result_emit_to(const struct engine *engine, struct window_result *result,
		   struct listing *listing, const struct window_listener *listener)
{
	result->flows = listing->flows;
	result->extras = listing->extras;
	result->extra_sets = engine->config.extra_sets;
	result->has_beside = engine->table.has_beside;
	result->is_aligned = engine_is_aligned(engine);
	result->flow_count = listing->count;
	result->flows_omitted = result->total.flows - listing->count;
	return listener->emit(listener->context, result);
}

int result_emit(const struct engine *engine, struct window_result *result,
		struct listing *listing)
{
	const struct window_listener listener = { engine->config.emit,
						  engine->config.emit_context };

	return result_emit_to(engine, result, listing, &listener);
}
