/* SPDX-License-Identifier: BSD-2-Clause */
#include "session_window.h"

/*
 * Session windows: a flow's session ends once the gap has passed since its last packet. It is
 * emitted with the pane in which that moment lies. Both halves of a conversation are in one
 * session, which begins with the first packet of either and ends with the last one.
 */
#include <errno.h>
#include <stdlib.h>

#include "biflow.h"
#include "conversation.h"
#include "flow_find.h"
#include "listing.h"
#include "slot_key.h"
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

/* The sessions that begin and end as one: of a flow, or of both halves of a conversation. */
struct halves {
	struct flow_place at[HALF_COUNT]; /* segment NULL: there is none */
};

static struct flow_sum *open_of(const struct window *window, const struct flow_place *at)
{
	return &at->segment->parts[window->number].sums[at->place];
}

static struct halves halves_of(const struct engine *engine, struct segment *segment,
			       uint32_t place)
{
	struct halves halves = { .at = { { segment, place }, { NULL, 0 } } };
	struct flow_key other;

	if (!engine->config.biflow)
		return halves;
	other = segment_key(segment, place);
	other.flags ^= FLOW_OUT;
	halves.at[1] = flow_table_find(&engine->table, &other);
	return halves;
}

/* When the session began and ended so far; packets 0 where none is open. */
static struct flow_sum halves_open(const struct window *window, const struct halves *halves)
{
	struct flow_sum both = { 0 };

	for (int half = 0; half < HALF_COUNT; half++) {
		if (halves->at[half].segment)
			flow_sum_add(&both, open_of(window, &halves->at[half]));
	}
	return both;
}

static int half_end(struct engine *engine, struct window *window, const struct flow_place *at,
		    const struct flow_sum *both)
{
	const struct part *part = &at->segment->parts[window->number];
	struct flow_sum *open = open_of(window, at);
	struct ended *ended;
	int err = ended_reserve(engine, window);

	if (err)
		return err;
	ended = &window->ended[window->ended_count++];
	ended->flow = flow_result_make(at->segment, at->place, open);
	ended->flow.start_ns = both->first_ns;
	ended->flow.end_ns = both->last_ns;
	if (part->extras)
		ended->extra = part->extras[at->place];
	ended->place = ended_place(engine, saturating_add(both->last_ns, window->spec->gap_ns));
	open->packets = 0;
	bit_set(at->segment->removable, at->place);
	window->flows--;
	return 0;
}

static int session_end(struct engine *engine, struct window *window, const struct halves *halves)
{
	struct flow_sum both = halves_open(window, halves);
	int err = 0;

	for (int half = 0; half < HALF_COUNT; half++) {
		const struct flow_place *at = &halves->at[half];

		if (at->segment && open_of(window, at)->packets &&
		    half_end(engine, window, at, &both))
			err = -ENOMEM;
	}
	return err;
}

/* Ends the sessions of a segment whose gap has passed at until_ns. */
static int segment_end_sessions(struct engine *engine, struct window *window,
				struct segment *segment, uint64_t until_ns)
{
	const struct flow_sum *open = segment->parts[window->number].sums;
	uint64_t gap_ns = window->spec->gap_ns;
	int err = 0;

	FOR_EACH_BIT(place, segment->live) {
		struct halves halves;

		if (!open[place].packets || saturating_add(open[place].last_ns, gap_ns) > until_ns)
			continue;
		halves = halves_of(engine, segment, place);
		if (saturating_add(halves_open(window, &halves).last_ns, gap_ns) > until_ns)
			continue;
		if (session_end(engine, window, &halves))
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

/* The key of half a conversation tells no direction. */
static void total_add(struct window_total *total, const struct flow_result *flow, bool is_half)
{
	struct direction_count count = { 0 };

	flow_sum_add(&total->sum, &flow->sum);
	total->flows++;
	if (is_half)
		return;
	direction_count_add(&count, flow->key.flags, flow->key.vlan, flow->packets, flow->bytes);
	direction_sums_count(&total->directions, &count);
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
	struct flow_result *reverses = NULL;
	struct listing listing;
	int err = listing_init(&listing, &engine->config, count);

	if (err)
		return err;
	result_set_pane(engine, window, count ? ended->place : engine->pane.place, &result);
	listing.own_lengths = true;
	listing.least_length_ns = result.observed_ns;
	for (size_t i = 0; i < count; i++) {
		total_add(&result.total, &ended[i].flow, engine->config.biflow);
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
	err = result_order(engine, &result, &listing, &reverses);
	if (!err)
		err = result_emit(engine, &result, &listing);
	listing_fini(&listing);
	free(reverses);
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

/* When the first packet of the pane was, of either half. */
static uint64_t pane_first_ns(const struct engine *engine, const struct halves *halves)
{
	uint64_t first_ns = UINT64_MAX;

	for (int half = 0; half < HALF_COUNT; half++) {
		const struct flow_place *at = &halves->at[half];
		struct flow_sum sum;

		if (!at->segment || !bit_is_set(at->segment->touched, at->place))
			continue;
		sum = pane_sum(&engine->pane, at->segment, at->place);
		MERGE_LEAST(first_ns, sum.first_ns);
	}
	return first_ns;
}

/* Where the other half was folded before, the session already has this pane, and goes on. */
static int session_end_before_pane(struct engine *engine, struct window *window,
				   struct segment *segment, uint32_t place)
{
	const struct halves halves = halves_of(engine, segment, place);
	struct flow_sum open = halves_open(window, &halves);

	if (!open.packets || pane_first_ns(engine, &halves) <
			     saturating_add(open.last_ns, window->spec->gap_ns))
		return 0;
	return session_end(engine, window, &halves);
}

static int segment_fold(struct engine *engine, struct window *window, struct segment *segment)
{
	const struct part *part = &segment->parts[window->number];
	struct flow_sum *open = part->sums;
	int err = 0;

	FOR_EACH_BIT(place, segment->touched) {
		struct flow_sum sum = pane_sum(&engine->pane, segment, place);

		if (session_end_before_pane(engine, window, segment, place))
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
