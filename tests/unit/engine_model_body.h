/* SPDX-License-Identifier: BSD-2-Clause */
/* The bodies of engine_model.h: a unit test is one file and those it includes. */
#ifndef WEIR_TEST_ENGINE_MODEL_BODY_H
#define WEIR_TEST_ENGINE_MODEL_BODY_H

#include "engine_model.h"

/* Some panes of a model. */
struct scope {
	const struct model *model;
	bool has[MODEL_PANES_MAX];
};

struct flow_key model_key(unsigned int flow)
{
	struct flow_key key = { .ip_proto = 6, .flags = FLOW_IP };

	/* Keys that differ in one field only, each time another one. */
	key.src[3] = flow % 4;
	key.dst_port = (__be16)(flow / 4 % 3);
	key.inner_vlan = (__u16)(flow / 12);
	return key;
}

/* ---- sums over the packets of a scope ---- */

static void packet_count_in(const struct model *model, const struct model_packet *packet,
			    struct flow_result *flow)
{
	const struct pane *pane = &model->panes[packet->pane].pane;
	uint64_t at_ns = pane->begin_ns + slot_time_ms(packet->ms) * 1000000ull;

	if (!flow->packets || at_ns < flow->first_ns)
		flow->first_ns = at_ns;
	if (!flow->packets || at_ns > flow->last_ns)
		flow->last_ns = at_ns;
	if (!flow->packets || packet->len < flow->min_len)
		flow->min_len = packet->len;
	if (packet->len > flow->max_len)
		flow->max_len = packet->len;
	flow->bytes += packet->bytes;
	flow->packets += packet->packets;
	flow->notes |= packet->notes;
}

/* The packets of one flow, or of all where flow is MODEL_FLOWS, in one pane. */
static struct flow_result flow_in_pane(const struct model *model, unsigned int flow,
				       unsigned int pane)
{
	struct flow_result sum = { 0 };

	for (size_t i = 0; i < model->packet_count; i++) {
		const struct model_packet *packet = &model->packets[i];

		if (packet->pane == pane && (flow == MODEL_FLOWS || packet->flow == flow))
			packet_count_in(model, packet, &sum);
	}
	sum.bytes_max = (double)sum.bytes / model->panes[pane].seconds;
	sum.packets_max = (double)sum.packets / model->panes[pane].seconds;
	return sum;
}

static double greater(double a, double b)
{
	return a > b ? a : b;
}

static struct flow_result flow_in_scope(const struct scope *scope, unsigned int flow)
{
	const struct model *model = scope->model;
	struct flow_result sum = { 0 };

	for (size_t i = 0; i < model->packet_count; i++) {
		const struct model_packet *packet = &model->packets[i];

		if (scope->has[packet->pane] && (flow == MODEL_FLOWS || packet->flow == flow))
			packet_count_in(model, packet, &sum);
	}
	for (unsigned int pane = 0; sum.packets && pane < model->pane_count; pane++) {
		struct flow_result part = { 0 };

		if (scope->has[pane])
			part = flow_in_pane(model, flow, pane);
		sum.bytes_max = greater(sum.bytes_max, part.bytes_max);
		sum.packets_max = greater(sum.packets_max, part.packets_max);
	}
	if (flow < MODEL_FLOWS)
		sum.key = model_key(flow);
	return sum;
}

/* The extra measures of all the flow's packets in a scope. */
static struct extra_sum extra_in_scope(const struct scope *scope, unsigned int flow)
{
	const struct model *model = scope->model;
	struct extra_sum sum = { 0 };

	for (size_t i = 0; i < model->packet_count; i++) {
		const struct model_packet *packet = &model->packets[i];

		if (!scope->has[packet->pane] || packet->flow != flow)
			continue;
#define MODEL_EXTRA(name, kind, merge, set, before, after) \
		MERGE_##merge(sum.name, EXTRA_OF_##kind(packet->extra.name));
		EXTRA_SUMMED(MODEL_EXTRA)
	}
	return sum;
}

static uint64_t extra_value(const struct extra_sum *sum, unsigned int measure)
{
#define MODEL_EXTRA_VALUE(name, kind, merge, set, before, after) \
	if (measure == EXTRA_##name)                             \
		return EXTRA_TOLD_##kind(sum, name);
	EXTRA_MEASURES(MODEL_EXTRA_VALUE)
	fail();
	return 0;
}

static bool pane_has_packet(const struct model *model, unsigned int pane)
{
	const struct outcome_counts *counts = &model->panes[pane].pane.counts;

	for (size_t i = 0; i < model->packet_count; i++) {
		if (model->packets[i].pane == pane)
			return true;
	}
	return counts->outcome[PACKET_MALFORMED].packets;
}

/* The panes that the engine must heed: in a replay, those without a packet are nothing. */
static struct scope scope_all(const struct model *model)
{
	struct scope scope = { .model = model };

	for (unsigned int i = 0; i < model->pane_count; i++)
		scope.has[i] = !model->replay || pane_has_packet(model, i);
	return scope;
}

static uint64_t latency_worst(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void pane_tell(const struct pane *pane, struct window_result *result)
{
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		result->counts.outcome[i].packets += pane->counts.outcome[i].packets;
		result->counts.outcome[i].bytes += pane->counts.outcome[i].bytes;
	}
	for (int i = 0; i < MALFORMED_REASON_COUNT; i++)
		result->counts.malformed_reason[i] += pane->counts.malformed_reason[i];
	for (unsigned int i = 0; i < SIZE_BUCKETS; i++)
		result->counts.size_histogram[i] += pane->counts.size_histogram[i];
	result->health.dropped_packets += pane->dropped_packets;
	result->health.late_packets += pane->late_packets;
	result->health.records += pane->records;
	result->health.merge_ns += pane->merge_ns;
	result->health.collect_latency_ns = latency_worst(result->health.collect_latency_ns,
							  pane->collect_latency_ns);
	result->health.merge_latency_ns = latency_worst(result->health.merge_latency_ns,
							pane->merge_ns);
}

/* ---- the list of flows ---- */

static double rank_value(const struct model *model, const struct flow_result *flow,
			 uint64_t pane_ns)
{
	uint64_t length_ns = flow->end_ns - flow->start_ns;

	if (model->sort == SORT_MAX)
		return flow->bytes_max;
	return (double)flow->bytes / (double)(length_ns > pane_ns ? length_ns : pane_ns);
}

static bool listed_before(const struct told *told, const struct model *model, unsigned int a,
			  unsigned int b)
{
	const struct flow_result *x = &told->flows[a], *y = &told->flows[b];
	bool is_session = told->result.spec->kind == WINDOW_SESSION;
	double rank_x = rank_value(model, x, told->result.observed_ns);
	double rank_y = rank_value(model, y, told->result.observed_ns);
	uint64_t extra_x = 0, extra_y = 0;

	if (model->sort >= SORT_EXTRA) {
		extra_x = extra_value(&told->extras[x->extra], model->sort - SORT_EXTRA);
		extra_y = extra_value(&told->extras[y->extra], model->sort - SORT_EXTRA);
	}
	if (extra_x != extra_y)
		return extra_x > extra_y;
	if (model->sort == SORT_PACKETS && x->packets != y->packets)
		return x->packets > y->packets;
	if ((model->sort == SORT_BYTES || (model->sort == SORT_AVERAGE && !is_session)) &&
	    x->bytes != y->bytes)
		return x->bytes > y->bytes;
	if ((model->sort == SORT_MAX || (model->sort == SORT_AVERAGE && is_session)) &&
	    rank_x != rank_y)
		return rank_x > rank_y;
	if (memcmp(&x->key, &y->key, sizeof(x->key)))
		return memcmp(&x->key, &y->key, sizeof(x->key)) < 0;
	return x->start_ns < y->start_ns;
}

/* Puts the flows in order and cuts them to the top. */
static void told_list(const struct model *model, struct told *told)
{
	struct window_result *result = &told->result;

	for (unsigned int i = 1; i < result->flow_count; i++) {
		for (unsigned int j = i; j > 0 && listed_before(told, model, j, j - 1); j--) {
			struct flow_result swap = told->flows[j];

			told->flows[j] = told->flows[j - 1];
			told->flows[j - 1] = swap;
		}
	}
	if (model->top && model->top < result->flow_count)
		result->flow_count = model->top;
	result->flows_omitted = result->total.flows - result->flow_count;
}

static void told_total(struct window_result *result, const struct flow_result *sum)
{
	result->total.bytes = sum->bytes;
	result->total.packets = sum->packets;
	result->total.bytes_max = sum->bytes_max;
	result->total.packets_max = sum->packets_max;
	result->total.min_len = sum->min_len;
	result->total.max_len = sum->max_len;
	result->total.marks = sum->marks;
	result->counts.outcome[PACKET_FLOW] = (struct tally){ sum->packets, sum->bytes };
}

/* ---- tumbling and sliding ---- */

struct expectation {
	const struct model *model;
	const struct window_spec *spec;
	struct telling *expected;
	struct scope all;
	unsigned int first, last; /* of the panes in all */
	uint64_t slide, length;   /* in panes; a landmark window is longer than any run */
	bool is_landmark;
};

static uint64_t place_ns(const struct model *model, uint64_t place)
{
	const struct model_pane *first = &model->panes[0];

	if (model->replay)
		return place * MODEL_PANE_NS;
	return first->pane.begin_ns - first->pane.since_place_ns +
	       (place - first->place) * MODEL_PANE_NS;
}

/* The window that ends with the block: false where it has no pane. */
static bool block_scope(const struct expectation *e, uint64_t block, struct scope *scope)
{
	uint64_t end = (block + 1) * e->slide;
	bool has = false;

	*scope = (struct scope){ .model = e->model };
	for (unsigned int i = 0; i < e->model->pane_count; i++) {
		uint64_t place = e->model->panes[i].place;

		scope->has[i] = e->all.has[i] && place < end && place + e->length >= end;
		has |= scope->has[i];
	}
	return has;
}

static void block_times_live(const struct scope *scope, struct window_result *result)
{
	for (unsigned int i = 0; i < scope->model->pane_count; i++) {
		const struct pane *pane = &scope->model->panes[i].pane;

		if (!scope->has[i])
			continue;
		if (!result->panes)
			result->start_ns = pane->begin_ns;
		result->panes++;
		result->end_ns = pane->end_ns;
	}
	result->observed_ns = result->end_ns - result->start_ns;
}

static void block_times_replay(const struct expectation *e, uint64_t block,
			       struct window_result *result)
{
	uint64_t end = (block + 1) * e->slide, start = end > e->length ? end - e->length : 0;
	uint64_t first = e->model->panes[e->first].place;
	uint64_t last = e->model->panes[e->last].place;

	start = start < first ? first : start;
	end = end > last + 1 ? last + 1 : end;
	result->start_ns = start * MODEL_PANE_NS;
	result->end_ns = end * MODEL_PANE_NS;
	result->observed_ns = result->end_ns - result->start_ns;
	result->panes = (uint32_t)(end - start);
}

static bool is_near(uint64_t a, uint64_t b)
{
	return llabs((long long)(a - b)) <= (long long)MODEL_PANE_NS / 2;
}

/* Live, whether the window begins and ends where the grid has it, to half a pane. */
static bool block_is_on_grid(const struct expectation *e, uint64_t block,
			     const struct window_result *result)
{
	uint64_t end_ns = place_ns(e->model, (block + 1) * e->slide);

	return e->model->replay || (is_near(result->end_ns, end_ns) &&
				    (e->is_landmark ||
				     is_near(result->start_ns, end_ns - e->spec->length_ns)));
}

static void block_expect(const struct expectation *e, uint64_t block, bool is_ended)
{
	struct told *told = &e->expected->told[e->expected->count];
	struct window_result *result = &told->result;
	struct flow_result sum;
	struct scope scope;

	if (!block_scope(e, block, &scope))
		return;
	assert_true(++e->expected->count <= MODEL_RESULTS_MAX);
	*result = (struct window_result){ .spec = e->spec };
	if (e->model->replay)
		block_times_replay(e, block, result);
	else
		block_times_live(&scope, result);
	result->complete = is_ended && block_is_on_grid(e, block, result) &&
			   (e->is_landmark ||
			    (block + 1) * e->slide >= e->length +
				e->model->panes[e->first].place +
				(e->model->panes[e->first].pane.since_place_ns != 0));
	if (!e->is_landmark)
		result->nominal_start_ns = place_ns(e->model, (block + 1) * e->slide) -
					   e->spec->length_ns;
	for (unsigned int i = 0; i < e->model->pane_count; i++) {
		if (scope.has[i])
			pane_tell(&e->model->panes[i].pane, result);
	}
	sum = flow_in_scope(&scope, MODEL_FLOWS);
	told_total(result, &sum);
	for (unsigned int flow = 0; flow < MODEL_FLOWS; flow++) {
		sum = flow_in_scope(&scope, flow);
		sum.start_ns = result->start_ns;
		sum.end_ns = result->end_ns;
		sum.extra = result->flow_count;
		told->extras[sum.extra] = extra_in_scope(&scope, flow);
		if (sum.packets)
			told->flows[result->flow_count++] = sum;
	}
	result->total.flows = result->flow_count;
	told_list(e->model, told);
}

/* Each slide in which a pane began, then the window that would have come next. */
static void blocks_expect_live(const struct expectation *e)
{
	const struct model_pane *last = &e->model->panes[e->last];
	uint64_t end_ns = last->pane.end_ns, tolerance_ns = MODEL_PANE_NS / 64, block = 0;
	bool is_ended;

	for (unsigned int i = e->first; i < e->last; i++) {
		block = e->model->panes[i].place / e->slide;
		if (block != e->model->panes[i + 1].place / e->slide)
			block_expect(e, block, true);
	}
	block = last->place / e->slide;
	is_ended = end_ns >= place_ns(e->model, (block + 1) * e->slide);
	if (last->place % e->slide == e->slide - 1)
		is_ended = end_ns + tolerance_ns >= place_ns(e->model, (block + 1) * e->slide);
	if (is_ended)
		block_expect(e, block++, true);
	if (is_ended && e->is_landmark)
		return;
	block_expect(e, block,
		     end_ns + tolerance_ns >= place_ns(e->model, (block + 1) * e->slide));
}

/* Each window that holds a packet, then the one that would have come next. */
static void blocks_expect_replay(const struct expectation *e)
{
	uint64_t next = 0, last = e->model->panes[e->last].place;
	uint64_t reach = e->is_landmark ? 1 : e->length / e->slide;

	for (unsigned int i = e->first; i <= e->last; i++) {
		uint64_t own = e->model->panes[i].place / e->slide;

		for (uint64_t block = own; e->all.has[i] && block < own + reach;
		     block++) {
			if (block < next || (block + 1) * e->slide > last + 1)
				continue;
			block_expect(e, block, true);
			next = block + 1;
		}
	}
	if (!e->is_landmark || next <= last / e->slide)
		block_expect(e, (last + 1) / e->slide, false);
}

#include "engine_model_sessions.h"

void model_expect(const struct model *model, size_t window, struct telling *expected)
{
	struct expectation e = { .model = model, .spec = &model->specs[window],
				 .expected = expected, .all = scope_all(model) };
	bool has_any = false;

	for (unsigned int i = 0; i < model->pane_count; i++) {
		if (!e.all.has[i])
			continue;
		e.first = has_any ? e.first : i;
		e.last = i;
		has_any = true;
	}
	if (!has_any)
		return;
	e.slide = e.spec->slide_ns / MODEL_PANE_NS;
	e.length = e.spec->length_ns / MODEL_PANE_NS;
	e.is_landmark = e.spec->kind == WINDOW_LANDMARK;
	if (e.is_landmark)
		e.length = UINT64_MAX / 2;
	if (e.spec->kind == WINDOW_SESSION)
		sessions_expect(&e);
	else if (model->replay)
		blocks_expect_replay(&e);
	else
		blocks_expect_live(&e);
}

#endif
