/* SPDX-License-Identifier: BSD-2-Clause */
#include "block_window.h"

#include "biflow.h"
#include "block_flows.h"
#include "block_slide.h"
#include "span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the engine wakes a little before the grid's time, the pane is whole all the same. */
#define PANE_TOLERANCE_SHIFT 6

int block_window_init(struct engine *engine, struct window *window)
{
	const struct window_spec *spec = window->spec;
	uint64_t slide_ns = spec->kind == WINDOW_TUMBLING ? spec->length_ns : spec->slide_ns;
	uint64_t blocks = slide_ns ? spec->length_ns / slide_ns : 0;

	window->block_panes = slide_ns / engine->config.pane_ns;
	if (!window->block_panes || !blocks || blocks > UINT32_MAX)
		return -EINVAL;
	window->blocks = (uint32_t)blocks;
	window->spans = calloc(blocks, sizeof(*window->spans));
	window->block_evicted = calloc(blocks, sizeof(*window->block_evicted));
	engine->table.memory_bytes +=
		blocks * (sizeof(*window->spans) + sizeof(*window->block_evicted));
	return window->spans && window->block_evicted ? 0 : -ENOMEM;
}

static uint64_t block_end_ns(const struct engine *engine, const struct window *window)
{
	return grid_place_ns(engine, saturating_multiply(window->block + 1, window->block_panes));
}

bool window_block_has_ended(const struct engine *engine, const struct window *window)
{
	const struct pane_close *pane = &engine->pane;
	uint64_t tolerance_ns = engine->config.pane_ns >> PANE_TOLERANCE_SHIFT;

	if (engine->config.replay)
		return pane->place / window->block_panes >= window->block &&
		       pane->place % window->block_panes == window->block_panes - 1;
	return saturating_add(pane->times.end_ns, tolerance_ns) >= block_end_ns(engine, window);
}

bool window_pane_ends_block(const struct engine *engine, const struct window *window)
{
	const struct pane_close *pane = &engine->pane;

	if (pane->place % window->block_panes == window->block_panes - 1)
		return window_block_has_ended(engine, window);
	return !engine->config.replay && pane->times.end_ns >= block_end_ns(engine, window);
}

/* In a replay the grid is time itself; the window is cut to where the capture has packets. */
static void result_set_grid_times(const struct engine *engine, const struct window *window,
				  struct window_result *result)
{
	uint64_t end = (window->block + 1) * window->block_panes;
	uint64_t length = window->blocks * window->block_panes;
	uint64_t start = end > length ? end - length : 0;

	if (start < engine->first_place)
		start = engine->first_place;
	if (end > engine->pane.place + 1 && engine->is_finishing)
		end = engine->pane.place + 1;
	result->start_ns = start * engine->config.pane_ns;
	result->end_ns = end * engine->config.pane_ns;
	result->observed_ns = result->end_ns - result->start_ns;
	result->panes = (uint32_t)(end - start);
}

static bool instant_is_near(uint64_t a, uint64_t b, uint64_t tolerance_ns)
{
	return (a > b ? a - b : b - a) <= tolerance_ns;
}

bool window_ends_on_grid(const struct engine *engine, const struct window *window,
			 uint64_t end_ns)
{
	return instant_is_near(end_ns, block_end_ns(engine, window), engine->config.pane_ns / 2);
}

/*
 * Live, where panes may come late: whether what was observed is what the grid has. A window
 * whose begin or end is off by more than half a pane is cut (or longer, where the process was
 * stopped and one pane spans several windows).
 */
static bool window_is_on_grid(const struct engine *engine, const struct window *window,
			      const struct window_result *result)
{
	return window_ends_on_grid(engine, window, result->end_ns) &&
	       instant_is_near(result->start_ns, result->nominal_start_ns,
			       engine->config.pane_ns / 2);
}

/* Whether the grid's window with the open block as its last began before the grid's first pane. */
static bool window_began_before(const struct engine *engine, const struct window *window)
{
	uint64_t end = (window->block + 1) * window->block_panes;

	return end < engine->first_place + engine->first_is_cut +
		     window->blocks * window->block_panes;
}

/* The rows that the window had no memory for are missing from its flows. */
static void result_lose(struct window_result *result, const struct tally *held)
{
	const struct tally *flow = &result->counts.outcome[PACKET_FLOW];
	struct tally lost = {
		.packets = flow->packets - result->evicted.packets - held->packets,
		.bytes = flow->bytes - result->evicted.bytes - held->bytes,
	};

	counts_lose(&result->counts, &lost);
	result->total.packets = flow->packets;
	result->total.bytes = flow->bytes;
}

/* The oldest block that may have panes. */
static uint64_t window_first(const struct window *window)
{
	uint64_t oldest = window_oldest(window);

	return oldest > window->first_block ? oldest : window->first_block;
}

static struct span window_sum(const struct window *window)
{
	uint64_t first = window_first(window);
	struct span sum = { 0 };

	if (window->front_end > first)
		sum = *window_span(window, first);
	span_add(&sum, &window->back);
	span_add(&sum, window_span(window, window->block));
	return sum;
}

void block_window_result(const struct engine *engine, const struct window *window,
			 struct window_result *result)
{
	struct span span = window_sum(window);

	*result = (struct window_result){ .spec = window->spec, .window_number = window->number,
					  .is_aligned = engine_is_aligned(engine) };
	result_from_span(result, &span);
	result_set_evicted(result, &window->evicted);
	result->total.flows = window->flows + window->evicted.flows;
	/* Of a window that began before the clock did, a number that the offset makes right. */
	result->nominal_start_ns = block_end_ns(engine, window) - window->spec->length_ns;
	result->complete = !window_began_before(engine, window) &&
			   (!engine->is_finishing || window_block_has_ended(engine, window));
	if (engine->config.replay)
		result_set_grid_times(engine, window, result);
	else
		result->complete = result->complete && window_is_on_grid(engine, window, result);
}

/* is_last: the flows of a block of its own are given up as they are told. */
static int block_window_tell(struct engine *engine, struct window *window, bool is_last,
			     const struct window_listener *listener)
{
	struct flow_result *reverses = NULL;
	struct window_result result;
	struct listing listing;
	int err;

	block_window_result(engine, window, &result);
	err = listing_init(&listing, &engine->config, window->flows);
	if (err)
		return err;
	if (is_last && window->blocks == 1)
		block_flows_list_last(engine, window, &result, &listing);
	else
		block_flows_list(engine, window, &result, &listing);
	if (engine->lacked_memory)
		result_lose(&result, &listing.offered);
	err = result_order(engine, &result, &listing, &reverses);
	if (!err)
		err = result_emit_to(engine, &result, &listing, listener);
	listing_fini(&listing);
	free(reverses);
	return err;
}

static int block_window_emit(struct engine *engine, struct window *window)
{
	const struct window_listener listener = { engine->config.emit,
						  engine->config.emit_context };

	return block_window_tell(engine, window, true, &listener);
}

int block_window_peek(struct engine *engine, struct window *window,
		      const struct window_listener *listener)
{
	return block_window_tell(engine, window, false, listener);
}

/* Live, a window ends with each slide in which a pane began; in a replay, it must hold one. */
static bool should_emit(const struct engine *engine, const struct window *window)
{
	if (!engine->config.emit)
		return false;
	if (engine->config.replay)
		return window->panes_held;
	return window_span(window, window->block)->panes;
}

/* All closed blocks, the newest first, become sums of themselves and of those after them. */
static void spans_turn(struct window *window)
{
	for (uint64_t block = window->block; block-- > window_first(window);) {
		struct span sum = *window_span(window, block);

		span_add(&sum, window_span(window, block + 1));
		*window_span(window, block) = sum;
	}
	window->front_end = window->block + 1;
	window->back = (struct span){ 0 };
}

/* The open block, which is whole, joins those before; where the window is, its oldest goes. */
static void spans_rotate(struct window *window)
{
	uint64_t oldest = window_oldest(window), after;
	struct evicted *evicted = &window->block_evicted[oldest % window->blocks];

	span_add(&window->back, window_span(window, window->block));
	if (window->block + 1 < window->blocks || oldest < window->first_block)
		return;
	if (window->front_end <= oldest)
		spans_turn(window);
	after = oldest + 1 < window->front_end ? window_span(window, oldest + 1)->panes : 0;
	window->panes_held -= window_span(window, oldest)->panes - after;
	*window_span(window, oldest) = (struct span){ 0 };
	window->evicted.flows -= evicted->flows;
	window->evicted.own.packets -= evicted->own.packets;
	window->evicted.own.bytes -= evicted->own.bytes;
	*evicted = (struct evicted){ 0 };
}

/* Ends the open block, emits its window, and opens the next. */
static int block_close(struct engine *engine, struct window *window)
{
	int err = block_flows_push(engine, window), emit_err = 0, rotate_err;

	if (!window->is_stopped && should_emit(engine, window))
		emit_err = block_window_emit(engine, window);
	window->is_stopped |= emit_err != 0;
	rotate_err = block_flows_rotate(engine, window);
	err = err ? err : rotate_err;
	spans_rotate(window);
	window->block++;
	return emit_err ? emit_err : err;
}

int block_window_advance(struct engine *engine, struct window *window)
{
	uint64_t block = engine->pane.place / window->block_panes;
	int err = 0;

	if (!window->is_started)
		window->block = window->first_block = block;
	window->is_started = true;
	while (window->block < block && window->panes_held) {
		int close_err = block_close(engine, window);

		err = err ? err : close_err;
	}
	if (window->block < block)
		window->block = window->first_block = block;
	return err;
}

int block_window_fold(struct engine *engine, struct window *window)
{
	struct evicted evicted = { 0 };

	span_add(window_span(window, window->block), &engine->pane.span);
	window_take_evicted(window, engine, &evicted);
	window_evict_from(window, window->block, &evicted);
	window->panes_held++;
	engine->lacked_memory |= !engine->pane.is_numbered;
	return engine->pane.is_numbered ? block_flows_fold(engine, window) : -ENOMEM;
}

int block_window_close_pane(struct engine *engine, struct window *window)
{
	return window_pane_ends_block(engine, window) ? block_close(engine, window) : 0;
}

int block_window_finish(struct engine *engine, struct window *window)
{
	return window->panes_held && engine->config.emit ? block_window_emit(engine, window) : 0;
}

int block_window_cut(struct engine *engine, struct window *window)
{
	int err = block_window_finish(engine, window);

	rows_visit(engine, window, row_drop_all);
	memset(window->spans, 0, window->blocks * sizeof(*window->spans));
	memset(window->block_evicted, 0, window->blocks * sizeof(*window->block_evicted));
	window->back = (struct span){ 0 };
	window->evicted = (struct evicted){ 0 };
	window->front_end = 0;
	window->panes_held = 0;
	window->is_started = false;
	return err;
}
