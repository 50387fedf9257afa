/* SPDX-License-Identifier: BSD-2-Clause */
#include "landmark_window.h"

/*
 * Landmark windows: all since the start of the run, emitted at multiples of their slide. No
 * pane is evicted, so that a flow is one sum in instants and rates, whatever the number of panes.
 */
#include <errno.h>
#include <stdlib.h>

#include "biflow.h"
#include "block_window.h"
#include "listing.h"
#include "span.h"
#include "window.h"

int landmark_window_init(struct engine *engine, struct window *window)
{
	window->layout->has_sums = true;
	window->blocks = 1;
	window->block_panes = window->spec->slide_ns / engine->config.pane_ns;
	if (!window->block_panes)
		return -EINVAL;
	window->spans = calloc(1, sizeof(*window->spans));
	engine->table.memory_bytes += sizeof(*window->spans);
	return window->spans ? 0 : -ENOMEM;
}

/* In a replay the window is cut to the first and last pane that hold a packet. */
static void result_set_grid_times(const struct engine *engine, const struct window *window,
				  struct window_result *result)
{
	uint64_t pane_ns = engine->config.pane_ns;
	uint64_t end = (window->block + 1) * window->block_panes;

	if (engine->is_finishing && end > engine->pane.place + 1)
		end = engine->pane.place + 1;
	result->start_ns = engine->first_place * pane_ns;
	result->end_ns = end * pane_ns;
	result->observed_ns = result->end_ns - result->start_ns;
	result->panes = (uint32_t)(end - engine->first_place);
}

static void segment_list(const struct segment *segment, const struct window_result *result,
			 struct listing *listing)
{
	const struct part *part = &segment->parts[result->window_number];

	FOR_EACH_BIT(place, segment->live) {
		struct offer offer = { &segment->slots[place], &part->sums[place],
				       part->extras ? &part->extras[place] : NULL };
		struct flow_result flow;

		if (!offer.sum->packets)
			continue;
		if (listing_rejects(listing, &offer))
			continue;
		flow = flow_result_make(segment, place, offer.sum);
		flow.start_ns = result->start_ns;
		flow.end_ns = result->end_ns;
		listing_offer(listing, &flow, offer.extra);
	}
}

void landmark_window_result(const struct engine *engine, const struct window *window,
			    struct window_result *result)
{
	*result = (struct window_result){ .spec = window->spec, .window_number = window->number };
	result_from_span(result, window->spans);
	result_set_evicted(result, &window->evicted);
	result->total.flows = window->flows + window->evicted.flows;
	result->complete = !engine->is_finishing || window_block_has_ended(engine, window);
	if (engine->config.replay)
		result_set_grid_times(engine, window, result);
	else if (!window_ends_on_grid(engine, window, result->end_ns))
		result->complete = false;
}

int landmark_window_peek(struct engine *engine, struct window *window,
			 const struct window_listener *listener)
{
	const struct flow_table *table = &engine->table;
	struct flow_result *reverses;
	struct window_result result;
	struct listing listing;
	int err;

	landmark_window_result(engine, window, &result);
	err = listing_init(&listing, &engine->config, window->flows);
	if (err)
		return err;
	for (uint32_t i = 0; i < table->segment_count; i++) {
		if (table->segments[i])
			segment_list(table->segments[i], &result, &listing);
	}
	err = result_order(engine, &result, &listing, &reverses);
	if (!err)
		err = result_emit_to(engine, &result, &listing, listener);
	listing_fini(&listing);
	free(reverses);
	return err;
}

static int landmark_window_emit(struct engine *engine, struct window *window)
{
	const struct window_listener listener = { engine->config.emit,
						  engine->config.emit_context };
	int err;

	window->panes_held = 0;
	if (!engine->config.emit || window->is_stopped)
		return 0;
	err = landmark_window_peek(engine, window, &listener);
	window->is_stopped |= err != 0;
	return err;
}

/* Here panes_held are those since the last result. */
int landmark_window_advance(struct engine *engine, struct window *window)
{
	uint64_t block = engine->pane.place / window->block_panes;
	int err = 0;

	if (window->is_started && window->block < block && window->panes_held)
		err = landmark_window_emit(engine, window);
	if (!window->is_started || window->block < block)
		window->block = block;
	window->is_started = true;
	return err;
}

static void flow_add(const struct segment *segment, struct part *part, uint32_t place,
		     const struct flow_sum *pane)
{
	if (part->extras && part->sums[place].packets)
		extra_sum_add(&part->extras[place], &segment->extras[place]);
	else if (part->extras)
		part->extras[place] = segment->extras[place];
	flow_sum_add(&part->sums[place], pane);
}

int landmark_window_fold(struct engine *engine, struct window *window)
{
	struct flow_table *table = &engine->table;

	span_add(window->spans, &engine->pane.span);
	window_take_evicted(window, engine, &window->evicted);
	window->panes_held++;
	for (uint32_t i = 0; i < table->segment_count; i++) {
		struct segment *segment = table->segments[i];
		struct part *part = segment ? &segment->parts[window->number] : NULL;

		if (!segment)
			continue;
		FOR_EACH_BIT(place, segment->touched) {
			struct flow_sum sum = pane_sum(&engine->pane, segment, place);

			window->flows += !part->sums[place].packets;
			flow_add(segment, part, place, &sum);
		}
	}
	return 0;
}

int landmark_window_close_pane(struct engine *engine, struct window *window)
{
	int err;

	if (!window_pane_ends_block(engine, window))
		return 0;
	err = landmark_window_emit(engine, window);
	window->block++;
	return err;
}

int landmark_window_finish(struct engine *engine, struct window *window)
{
	return window->panes_held ? landmark_window_emit(engine, window) : 0;
}

/* It goes on over the end of a grid; only where its results come is found again. */
int landmark_window_cut(struct engine *engine, struct window *window)
{
	(void)engine;
	window->is_started = false;
	return 0;
}

void landmark_window_evict(struct engine *engine, struct window *window)
{
	for (uint32_t i = 0; i < engine->table.segment_count; i++) {
		struct segment *segment = engine->table.segments[i];
		struct flow_sum *sums = segment ? segment->parts[window->number].sums : NULL;

		if (!segment)
			continue;
		FOR_EACH_BIT(place, segment->removable) {
			if (!sums[place].packets)
				continue;
			evicted_add(&window->evicted, 1,
				    &(struct tally){ sums[place].packets, sums[place].bytes });
			window->flows--;
			sums[place].packets = 0;
		}
	}
}
