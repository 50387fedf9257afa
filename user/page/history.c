/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/seed.h"
#include "../outputs/direction_told.h"
#include "sieve.h"

struct history *history_create(void)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	/* Without the kernel's random bytes keys may collide, no sum is wrong. */
	if (hash_seed_make(&history->seed))
		memset(&history->seed, 0x5a, sizeof(history->seed));
	for (size_t i = 0; i < DIMENSION_COUNT; i++)
		heavy_init(&history->heavy[i], &history->seed, HEAVY_KEYS_MAX);
	return history;
}

void history_destroy(struct history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < DIMENSION_COUNT; i++)
		heavy_fini(&history->heavy[i]);
	for (size_t i = 0; i < history->step_count; i++)
		step_fini(&history->steps[i]);
	shared_result_destroy(history->newest);
	shared_context_release(history->strings);
	free(history);
}

struct history *history_copy(const struct history *from)
{
	struct history *to = malloc(sizeof(*to));
	int err = 0;

	if (!to)
		return NULL;
	*to = *from;
	to->newest = NULL;
	to->strings = NULL;
	to->step_count = 0;
	for (size_t i = 0; i < DIMENSION_COUNT; i++)
		heavy_init(&to->heavy[i], &from->seed, from->heavy[i].most);
	for (size_t i = 0; i < DIMENSION_COUNT && !err; i++)
		err = heavy_copy(&from->heavy[i], &to->heavy[i]);
	for (; to->step_count < from->step_count && !err; to->step_count += !err)
		err = step_copy(&from->steps[to->step_count], &to->steps[to->step_count]);
	if (!err)
		return to;
	history_destroy(to);
	return NULL;
}

/* Without its flows, which are added up elsewhere. */
static int take_newest(struct history *history, const struct document_context *context,
		       const struct window_result *result)
{
	struct window_result bare = *result;
	struct shared_result *newest;

	bare.flows = bare.reverses = NULL;
	bare.extras = NULL;
	bare.flow_count = 0;
	newest = shared_result_create(context, &bare, &history->strings);
	if (!newest)
		return -ENOMEM;
	shared_result_destroy(history->newest);
	history->newest = newest;
	return 0;
}

/* The extra measures of both ways. */
static void add_extras(struct history *history, struct step *step,
		       const struct window_result *result, const struct flow_result *flow)
{
	const struct flow_result *reverse = flow_reverse(result, flow);
	const struct flow_result *ways[] = { flow, reverse };

	for (size_t i = 0; i < 2 && result->extras; i++) {
		if (!ways[i])
			continue;
		extra_sum_add(&step->extras, &result->extras[ways[i]->extra]);
		extra_sum_add(&history->extras, &result->extras[ways[i]->extra]);
	}
}

static void add_keys(struct history *history, const struct flow_view *view)
{
	struct dimension_part parts[HEAVY_WAYS];

	for (unsigned int d = 0; d < DIMENSION_COUNT; d++) {
		size_t count;

		if (!(history->told & 1u << d))
			continue;
		count = dimension_parts(d, view, parts);
		for (size_t i = 0; i < count; i++)
			heavy_add(&history->heavy[d], &parts[i].key, &parts[i].amount);
	}
}

static void add_row(struct history *history, struct step *step, const struct flow_view *view)
{
	const struct flow_result *reverse = flow_reverse(view->result, view->flow);

	history->listed.packets += view->flow->packets + (reverse ? reverse->packets : 0);
	history->listed.bytes += view->flow->bytes + (reverse ? reverse->bytes : 0);
	add_extras(history, step, view->result, view->flow);
}

static void add_rows(struct history *history, struct step *step,
		     const struct document_context *context, const struct window_result *result)
{
	bool is_large = result->flow_count >= SIEVE_ROWS_MIN;
	bool is_sieved = is_large && sieve_add_rows(history->heavy, history->told, context, result);

	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_view view = { context, result, &result->flows[i] };

		add_row(history, step, &view);
		if (!is_sieved)
			add_keys(history, &view);
	}
	for (size_t d = 0; d < DIMENSION_COUNT; d++) {
		step_list_take(&step->lists[d], &history->heavy[d]);
		if (is_sieved)
			sieve_end_step(&history->heavy[d]);
		heavy_next_step(&history->heavy[d]);
	}
}

static void add_sums(struct history *history, const struct document_context *context,
		     const struct window_result *result)
{
	history->windows++;
	history->cut_windows += !result->complete;
	flow_sum_add(&history->total, &result->total.sum);
	direction_sums_add(&history->directions, &result->total.directions);
	for (int way = 0; way < DIRECTION_SUM_COUNT && result->total.packets; way++)
		history->lacks_direction[way] |= !direction_is_told(context, result, way);
	outcome_counts_add(&history->counts, &result->counts);
	history->extra_sets |= result->extra_sets;
	history->late_packets += result->health.late_packets;
	history->dropped_packets += result->health.dropped_packets;
	history->omitted_rows += result->flows_omitted;
	history->evicted_flows += result->evicted_flows;
	tally_merge(&history->evicted, &result->evicted);
	if (result->health.collect_latency_ns > history->collect_latency_ns)
		history->collect_latency_ns = result->health.collect_latency_ns;
}

int history_add(struct history *history, const struct document_context *context,
		const struct window_result *result)
{
	struct step *step;
	int err = take_newest(history, context, result);

	if (err)
		return err;
	if (history->step_count == STEPS_MAX)
		history->step_count = steps_thin(history->steps, history->step_count);
	history->told |= dimensions_told(context);
	history->away_ns += result->away_ns;
	if (!result->away_ns || !history->window_ns)
		history->window_ns = result->spec->length_ns;
	step = &history->steps[history->step_count++];
	*step = (struct step){
		.start_ns = result->start_ns + (uint64_t)context->clock_offset_ns,
		.end_ns = result->end_ns + (uint64_t)context->clock_offset_ns,
		.windows = 1,
		.flows_max = result->total.flows,
		.total = result->total.sum,
		.directions = result->total.directions,
	};
	add_rows(history, step, context, result);
	add_sums(history, context, result);
	return 0;
}

struct tally history_missing(const struct history *history)
{
	const struct window_result *newest = &history->newest->result;
	const struct tally *had = &history->counts.outcome[PACKET_FLOW];
	struct tally run = { 0 };

	for (size_t i = 0; i < newest->run_count; i++)
		tally_merge(&run, &newest->run[i].outcome[PACKET_FLOW]);
	return (struct tally){ run.packets > had->packets ? run.packets - had->packets : 0,
			       run.bytes > had->bytes ? run.bytes - had->bytes : 0 };
}
