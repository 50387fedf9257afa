/* SPDX-License-Identifier: BSD-2-Clause */
#include "session_window.h"

/*
 * Session windows: a flow's session ends once the gap has passed since its last packet. It is
 * emitted with the pane in which that moment lies.
 */
#include <errno.h>
#include <stdlib.h>

#include "listing.h"
#include "listing_sort.h"
#include "span.h"
#include "window.h"

struct ended {
	struct flow_result flow;
	struct extra_sum extra;
	uint64_t place; /* of the pane in which the session ended */
};

int session_window_init(struct engine *engine, struct window *window)
{
	(void)engine;
	window->layout->has_sums = true;
	return window->spec->gap_ns ? 0 : -EINVAL;
}

static int ended_reserve(struct engine *engine, struct window *window)
{
	size_t capacity = window->ended_capacity ? window->ended_capacity * 2 : 64;
	struct ended *ended;

	if (window->ended_count < window->ended_capacity)
		return 0;
	ended = realloc(window->ended, capacity * sizeof(*ended));
	if (!ended)
		return -ENOMEM;
	engine->table.memory_bytes += (capacity - window->ended_capacity) * sizeof(*ended);
	window->ended = ended;
	window->ended_capacity = capacity;
	return 0;
}

static void ended_free(struct engine *engine, struct window *window)
{
	engine->table.memory_bytes -= window->ended_capacity * sizeof(*window->ended);
	free(window->ended);
	window->ended = NULL;
	window->ended_count = window->ended_capacity = 0;
}

/* Live, the session ended in the pane at hand; a replay's panes are the grid, skipped or not. */
static uint64_t ended_place(const struct engine *engine, uint64_t end_ns)
{
	if (!engine->config.replay || engine->is_finishing)
		return engine->pane.place;
	return (end_ns - 1) / engine->config.pane_ns;
}

static int session_end(struct engine *engine, struct window *window, struct segment *segment,
		       uint32_t place)
{
	const struct part *part = &segment->parts[window->number];
	struct flow_sum *open = &part->sums[place];
	struct ended *ended;
	int err = ended_reserve(engine, window);

	if (err)
		return err;
	ended = &window->ended[window->ended_count++];
	ended->flow = flow_result_make(&segment->slots[place], open);
	ended->flow.start_ns = open->first_ns;
	ended->flow.end_ns = open->last_ns;
	if (part->extras)
		ended->extra = part->extras[place];
	ended->place = ended_place(engine, saturating_add(open->last_ns, window->spec->gap_ns));
	open->packets = 0;
	bit_set(segment->removable, place);
	window->flows--;
	return 0;
}

/* Ends the sessions of a segment whose gap has passed at until_ns. */
static int segment_end_sessions(struct engine *engine, struct window *window,
				struct segment *segment, uint64_t until_ns)
{
	const struct flow_sum *open = segment->parts[window->number].sums;
	uint64_t gap_ns = window->spec->gap_ns;
	int err = 0;

	FOR_EACH_BIT(place, segment->live) {
		if (!open[place].packets || saturating_add(open[place].last_ns, gap_ns) > until_ns)
			continue;
		if (session_end(engine, window, segment, place))
			err = -ENOMEM;
	}
	return err;
}

static int sessions_end(struct engine *engine, struct window *window, uint64_t until_ns)
{
	struct flow_table *table = &engine->table;
	int err = 0;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (!table->segments[i])
			continue;
		if (segment_end_sessions(engine, window, table->segments[i], until_ns))
			err = -ENOMEM;
	}
	return err;
}

static int ended_compare(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static void total_add(struct window_total *total, const struct flow_result *flow)
{
	struct direction_count count = { 0 };

	flow_sum_add(&total->sum, &flow->sum);
	direction_count_add(&count, flow->key.flags, flow->key.vlan, flow->packets, flow->bytes);
	direction_sums_count(&total->directions, &count);
	total->flows++;
}

/* The times and counts of the pane; one without packets in a replay is known by its place. */
static void result_set_pane(struct engine *engine, struct window *window, uint64_t place,
			    struct window_result *result)
{
	const struct pane_close *pane = &engine->pane;
	uint64_t pane_ns = engine->config.pane_ns;

	if (place == pane->place && !window->is_pane_emitted) {
		result_from_span(result, &pane->span);
		window->is_pane_emitted = true;
	} else if (place == pane->place) {
		result->start_ns = pane->times.begin_ns;
		result->end_ns = pane->times.end_ns;
	} else {
		result->start_ns = place * pane_ns;
		result->end_ns = result->start_ns + pane_ns;
	}
	result->panes = 1;
	result->observed_ns = result->end_ns - result->start_ns;
	if (result->observed_ns < pane_ns)
		result->observed_ns = pane_ns;
	result->total = (struct window_total){ 0 };
}

/* Tells of the sessions that ended in one pane. */
static int sessions_emit(struct engine *engine, struct window *window, const struct ended *ended,
			 size_t count)
{
	struct window_result result = { .spec = window->spec, .window_number = window->number };
	struct listing listing;
	int err = listing_init(&listing, &engine->config, count);

	if (err)
		return err;
	result_set_pane(engine, window, count ? ended->place : engine->pane.place, &result);
	listing.own_lengths = true;
	listing.least_length_ns = result.observed_ns;
	for (size_t i = 0; i < count; i++) {
		total_add(&result.total, &ended[i].flow);
		listing_offer(&listing, &ended[i].flow, &ended[i].extra);
	}
	result_set_evicted(&result, &window->evicted);
	window->evicted = (struct evicted){ 0 };
	result.total.flows += result.evicted_flows;
	result.total.packets += result.evicted.packets;
	result.total.bytes += result.evicted.bytes;
	result.counts.outcome[PACKET_FLOW] = (struct tally){ result.total.packets,
							     result.total.bytes };
	result.complete = !engine->is_finishing;
	err = listing_sort(&listing);
	if (!err)
		err = result_emit(engine, &result, &listing);
	listing_fini(&listing);
	return err;
}

static int ended_emit(struct engine *engine, struct window *window)
{
	size_t count = window->ended_count;
	int err = 0;

	if (engine->config.replay && count)
		qsort(window->ended, count, sizeof(*window->ended), ended_compare);
	for (size_t i = 0, next; i < count && !window->is_stopped; i = next) {
		for (next = i + 1; next < count; next++) {
			if (window->ended[next].place != window->ended[i].place)
				break;
		}
		err = sessions_emit(engine, window, window->ended + i, next - i);
		window->is_stopped = err != 0;
	}
	ended_free(engine, window);
	return err;
}

/* Panes that a replay skipped: sessions may have ended in them. */
int session_window_advance(struct engine *engine, struct window *window)
{
	int err = 0, emit_err;

	window->is_pane_emitted = false;
	if (!engine->config.replay || !window->flows)
		return 0;
	err = sessions_end(engine, window, engine->pane.times.begin_ns);
	emit_err = ended_emit(engine, window);
	return emit_err ? emit_err : err;
}

static void session_add_extra(const struct segment *segment, const struct part *part,
			      uint32_t place)
{
	if (part->sums[place].packets)
		extra_sum_add(&part->extras[place], &segment->extras[place]);
	else
		part->extras[place] = segment->extras[place];
}

static int segment_fold(struct engine *engine, struct window *window, struct segment *segment)
{
	const struct part *part = &segment->parts[window->number];
	struct flow_sum *open = part->sums;
	uint64_t gap_ns = window->spec->gap_ns;
	int err = 0;

	FOR_EACH_BIT(place, segment->touched) {
		struct flow_sum sum = pane_sum(&engine->pane, segment, place);

		if (open[place].packets &&
		    sum.first_ns >= saturating_add(open[place].last_ns, gap_ns) &&
		    session_end(engine, window, segment, place))
			err = -ENOMEM;
		window->flows += !open[place].packets;
		if (part->extras)
			session_add_extra(segment, part, place);
		flow_sum_add(&open[place], &sum);
	}
	return err;
}

int session_window_fold(struct engine *engine, struct window *window)
{
	struct flow_table *table = &engine->table;
	int err = 0;

	window_take_evicted(window, engine, &window->evicted);
	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (table->segments[i] && segment_fold(engine, window, table->segments[i]))
			err = -ENOMEM;
	}
	return err;
}

int session_window_close_pane(struct engine *engine, struct window *window)
{
	int err = sessions_end(engine, window, engine->pane.times.end_ns);
	int emit_err = ended_emit(engine, window);

	return emit_err ? emit_err : err;
}

int session_window_finish(struct engine *engine, struct window *window)
{
	int err = sessions_end(engine, window, UINT64_MAX), emit_err;

	if (window->ended_count || !window->evicted.flows)
		emit_err = ended_emit(engine, window);
	else
		emit_err = sessions_emit(engine, window, NULL, 0);
	return emit_err ? emit_err : err;
}

/* Instants before and after are not those of one clock: no session goes on. */
int session_window_cut(struct engine *engine, struct window *window)
{
	int err = sessions_end(engine, window, UINT64_MAX), emit_err = ended_emit(engine, window);

	return emit_err ? emit_err : err;
}

static void segment_evict(struct window *window, struct segment *segment)
{
	struct flow_sum *sessions = segment->parts[window->number].sums;

	FOR_EACH_BIT(place, segment->removable) {
		if (!sessions[place].packets)
			continue;
		evicted_add(&window->evicted, 1,
			    &(struct tally){ sessions[place].packets, sessions[place].bytes });
		window->flows--;
		sessions[place].packets = 0;
	}
}

void session_window_evict(struct engine *engine, struct window *window)
{
	struct flow_table *table = &engine->table;

	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (table->segments[i])
			segment_evict(window, table->segments[i]);
	}
}
