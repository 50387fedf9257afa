/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random streams: every window's result equals the one computed from the list of packets.
 */
#include "engine_model_body.h"

#include "../../include/account.h"

#include <stdio.h>

#define CASES_A_SEED 1500

static const uint64_t seeds[] = { 1, 20261122, 0x9e3779b97f4a7c15ull };

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return random_next(state) % limit;
}

static bool random_one_in(uint64_t *state, uint64_t n)
{
	return random_below(state, n) == 0;
}

/* ---- a random case ---- */

static void windows_random(struct model *model, uint64_t *state)
{
	model->window_count = 1 + random_below(state, MODEL_WINDOWS);
	for (size_t i = 0; i < model->window_count; i++) {
		struct window_spec *spec = &model->specs[i];
		uint64_t slide = 1 + random_below(state, 3);

		*spec = (struct window_spec){ .kind = (enum window_kind)random_below(state, 4) };
		if (spec->kind == WINDOW_SESSION) {
			spec->gap_ns = (1 + random_below(state, 6)) * MODEL_PANE_NS;
			continue;
		}
		if (spec->kind != WINDOW_SLIDING)
			slide = 1 + random_below(state, 7);
		spec->slide_ns = slide * MODEL_PANE_NS;
		spec->length_ns = spec->kind == WINDOW_LANDMARK ? 0 : spec->slide_ns;
		if (spec->kind == WINDOW_SLIDING)
			spec->length_ns *= 1 + random_below(state, 9);
	}
}

static void pane_counts_random(struct pane *pane, uint64_t *state)
{
	struct outcome_counts *counts = &pane->counts;

	pane->late_packets = random_below(state, 3);
	pane->dropped_packets = random_below(state, 3);
	pane->collect_latency_ns = random_below(state, 1000);
	pane->merge_ns = random_below(state, 1000);
	pane->records = random_below(state, 1000);
	if (!random_one_in(state, 3))
		return;
	counts->outcome[PACKET_MALFORMED].packets = random_below(state, 5);
	counts->outcome[PACKET_MALFORMED].bytes = random_below(state, 5000);
	counts->malformed_reason[random_below(state, MALFORMED_REASON_COUNT)] = 3;
	counts->size_histogram[random_below(state, SIZE_BUCKETS)] = random_below(state, 9);
}

/* Indexes that skip: in a live run the pane before was long, in a replay there was nothing. */
static uint64_t skip_random(uint64_t *state)
{
	if (!random_one_in(state, 5))
		return 1;
	return random_one_in(state, 6) ? 1 + random_below(state, 1u << 27) :
					 1 + random_below(state, 14);
}

static void pane_times_random(struct model *model, struct model_pane *p, uint64_t *state)
{
	struct pane *pane = &p->pane;
	uint64_t jitter_ns = model->replay ? 0 : random_below(state, MODEL_PANE_NS / 3);

	if (model->replay) {
		pane->end_ns = pane->begin_ns + MODEL_PANE_NS;
		p->seconds = 1.0;
		return;
	}
	/* The next pane begins when its place on the grid has come, or somewhat later. */
	pane->end_ns = place_ns(model, p->place + skip_random(state)) + jitter_ns;
	if (p == &model->panes[model->pane_count - 1] && random_one_in(state, 2))
		pane->end_ns = pane->begin_ns + random_below(state, MODEL_PANE_NS);
	p->seconds = (double)(pane->end_ns - pane->begin_ns) / 1e9;
	p->seconds = p->seconds < 1.0 ? 1.0 : p->seconds;
}

static void panes_random(struct model *model, uint64_t *state)
{
	uint64_t base = random_below(state, 1u << 31), begin_ns = base * MODEL_PANE_NS;
	uint64_t first = model->replay ? base : random_below(state, 3), index = first;

	model->pane_count = 1 + random_below(state, MODEL_PANES_MAX);
	for (size_t i = 0; i < model->pane_count; i++) {
		struct model_pane *p = &model->panes[i];

		*p = (struct model_pane){ .pane = { .index = index, .begin_ns = begin_ns } };
		p->place = index;
		if (!model->replay && !i && random_one_in(state, 2))
			p->pane.since_place_ns = random_below(state, MODEL_PANE_NS);
		pane_times_random(model, p, state);
		pane_counts_random(&p->pane, state);
		begin_ns = p->pane.end_ns;
		if (model->replay) {
			index += skip_random(state);
			begin_ns = index * MODEL_PANE_NS;
		} else {
			index = first + (begin_ns - place_ns(model, first)) / MODEL_PANE_NS;
		}
	}
}

static uint16_t ms_random(const struct pane *pane, uint64_t *state)
{
	uint64_t length_ms = (pane->end_ns - pane->begin_ns) / 1000000;
	uint64_t ms = random_below(state, random_one_in(state, 4) ? 2 : 1000);

	return (uint16_t)(ms < length_ms ? ms : length_ms < 0xffff ? length_ms : 0xffff);
}

static void packets_random(struct model *model, uint64_t *state)
{
	uint64_t flows = 1 + random_below(state, MODEL_FLOWS);
	bool is_huge = random_one_in(state, 4);

	model->packet_count = random_below(state, MODEL_PACKETS_MAX);
	for (size_t i = 0; i < model->packet_count; i++) {
		struct model_packet *packet = &model->packets[i];

		packet->pane = (unsigned int)random_below(state, model->pane_count);
		packet->flow = (unsigned int)random_below(state, flows);
		packet->ms = ms_random(&model->panes[packet->pane].pane, state);
		packet->len = (uint16_t)(60 + random_below(state, random_one_in(state, 2) ?
								    3 : 65476));
		packet->notes = (uint16_t)(random_next(state) & random_next(state) &
					   random_next(state) & random_next(state));
		packet->bytes = is_huge ? random_next(state) >> 3 : packet->len;
		packet->packets = is_huge ? (uint32_t)(random_next(state) >> 34) | 1 : 1;
#define PACKET_EXTRA(name, kind, merge, set, before, after) \
		packet->extra.name = (typeof(packet->extra.name))(random_next(state) >>     \
							   random_below(state, 64));
		EXTRA_SUMMED(PACKET_EXTRA)
	}
}

static void model_random(struct model *model, uint64_t *state)
{
	*model = (struct model){ .replay = random_one_in(state, 2) };
	model->has_extras = random_one_in(state, 2);
	model->sort = (unsigned int)random_below(state, SORT_EXTRA +
						 (model->has_extras ? EXTRA_COUNT : 0));
	/* How many flows rows have is told by another engine: test_flow_count.c. */
	if (model->sort == SORT_FLOWS)
		model->sort = SORT_BYTES;
	model->top = random_below(state, 2) * (1 + random_below(state, 6));
	windows_random(model, state);
	panes_random(model, state);
	packets_random(model, state);
}

/* ---- the engine's part ---- */

static int told_keep(void *context, const struct window_result *result)
{
	struct telling *telling = (struct telling *)context + result->window_number;
	struct told *told = &telling->told[telling->count++];

	assert_true(telling->count <= MODEL_RESULTS_MAX);
	assert_true(result->flow_count <= MODEL_LISTED_MAX);
	told->result = *result;
	memcpy(told->flows, result->flows, result->flow_count * sizeof(told->flows[0]));
	for (size_t i = 0; result->extras && i < result->flow_count; i++)
		told->extras[told->flows[i].extra] = result->extras[result->flows[i].extra];
	return 0;
}

/* A record of one packet, which two CPUs at most may have counted with others of its pane. */
static struct flow_record packet_record(const struct model_packet *packet)
{
	struct flow_key key = model_key(packet->flow);
	struct flow_slot slot = { 0 };

	memcpy(&slot, &key, FLOW_KEY_FULL_WORDS * sizeof(slot.words[0]));
	slot.inner_vlan = key.inner_vlan;
	slot.bytes = packet->bytes;
	slot.packets = packet->packets;
	slot.min_len = slot.max_len = packet->len;
	slot.first_ms = slot.last_ms = packet->ms;
	slot.notes = packet->notes;
	return (struct flow_record){ slot, packet->extra };
}

/* In one call each, or several of a pane in one call. */
static void pane_merge(struct engine *engine, const struct model *model, unsigned int number)
{
	static const size_t batch_sizes[] = { 1, 7, MODEL_PACKETS_MAX };
	size_t batch_size = batch_sizes[number % 3], count = 0;
	struct flow_record own[MODEL_PACKETS_MAX];
	const struct flow_slot *records[MODEL_PACKETS_MAX];

	for (size_t i = 0; i < model->packet_count; i++) {
		if (model->packets[i].pane != number)
			continue;
		own[count] = packet_record(&model->packets[i]);
		records[count] = &own[count].slot;
		count++;
	}
	for (size_t i = 0; i < count; i += batch_size) {
		size_t left = count - i;

		assert_int_equal(engine_merge(engine, records + i,
					      left < batch_size ? left : batch_size), 0);
	}
}

static void model_run(const struct model *model, struct telling *tellings)
{
	struct engine_config config = {
		.windows = model->specs, .window_count = model->window_count,
		.pane_ns = MODEL_PANE_NS, .replay = model->replay,
		.extra_sets = model->has_extras, .sort = (enum sort_field)model->sort,
		.top = model->top, .emit = told_keep, .emit_context = tellings,
	};
	struct engine *engine = engine_create(&config);

	assert_non_null(engine);
	for (unsigned int i = 0; i < model->pane_count; i++) {
		pane_merge(engine, model, i);
		assert_int_equal(engine_end_pane(engine, &model->panes[i].pane), 0);
	}
	assert_int_equal(engine_finish(engine), 0);
	assert_int_equal(engine_finish(engine), 0);
	engine_destroy(engine);
}

/* ---- comparing ---- */

#define SAME(a, b, field)                                                                    \
	(memcmp(&(a)->field, &(b)->field, sizeof((a)->field)) ?                              \
		 (print_error("differs: %s\n", #field), false) : true)

static bool flow_same(const struct flow_result *a, const struct flow_result *b)
{
	return SAME(a, b, key) && SAME(a, b, bytes) && SAME(a, b, packets) &&
	       SAME(a, b, bytes_max) && SAME(a, b, packets_max) && SAME(a, b, first_ns) &&
	       SAME(a, b, last_ns) && SAME(a, b, start_ns) && SAME(a, b, end_ns) &&
	       SAME(a, b, min_len) && SAME(a, b, max_len) && SAME(a, b, notes);
}

static bool result_same(const struct window_result *a, const struct window_result *b)
{
	return SAME(a, b, start_ns) && SAME(a, b, end_ns) && SAME(a, b, observed_ns) &&
	       SAME(a, b, nominal_start_ns) &&
	       SAME(a, b, panes) && SAME(a, b, complete) && SAME(a, b, total.flows) &&
	       SAME(a, b, total.bytes) && SAME(a, b, total.packets) &&
	       SAME(a, b, total.bytes_max) && SAME(a, b, total.packets_max) &&
	       SAME(a, b, total.min_len) && SAME(a, b, total.max_len) && SAME(a, b, total.marks) &&
	       SAME(a, b, counts) &&
	       SAME(a, b, evicted_flows) && SAME(a, b, evicted) && SAME(a, b, health) &&
	       SAME(a, b, flow_count) && SAME(a, b, flows_omitted);
}

static bool told_same(const struct told *a, const struct told *b)
{
	const struct extra_sum *x = a->extras, *y = b->extras;

	if (!result_same(&a->result, &b->result))
		return false;
	for (size_t i = 0; a->result.extras && i < a->result.flow_count; i++) {
		if (memcmp(&x[a->flows[i].extra], &y[b->flows[i].extra], sizeof(*x))) {
			print_error("differs: extra measures\n");
			return false;
		}
	}
	for (size_t i = 0; i < a->result.flow_count; i++) {
		if (!flow_same(&a->flows[i], &b->flows[i]))
			return false;
	}
	return true;
}

static bool telling_same(const struct telling *got, const struct telling *expected)
{
	for (size_t i = 0; i < got->count && i < expected->count; i++) {
		if (told_same(&got->told[i], &expected->told[i]))
			continue;
		print_error("result %zu, start %llu end %llu, expected start %llu end %llu\n", i,
			    (unsigned long long)got->told[i].result.start_ns,
			    (unsigned long long)got->told[i].result.end_ns,
			    (unsigned long long)expected->told[i].result.start_ns,
			    (unsigned long long)expected->told[i].result.end_ns);
		return false;
	}
	if (got->count == expected->count)
		return true;
	print_error("%zu results, expected %zu\n", got->count, expected->count);
	return false;
}

static void case_check(struct telling *tellings, uint64_t case_seed)
{
	struct telling *expected = &tellings[MODEL_WINDOWS];
	uint64_t state = case_seed;
	struct model model;

	model_random(&model, &state);
	for (size_t w = 0; w < MODEL_WINDOWS; w++)
		tellings[w].count = 0;
	model_run(&model, tellings);
	for (size_t w = 0; w < model.window_count; w++) {
		const struct window_spec *spec = &model.specs[w];

		expected->count = 0;
		model_expect(&model, w, expected);
		if (!telling_same(&tellings[w], expected))
			fail_msg("case %#llx, %s, %s:%llu/%llu", (unsigned long long)case_seed,
				 model.replay ? "replay" : "live",
				 window_kind_name(spec->kind),
				 (unsigned long long)(spec->length_ns + spec->gap_ns),
				 (unsigned long long)spec->slide_ns);
	}
}

static void every_window_equals_the_one_computed_from_the_packets(void **state)
{
	struct telling tellings[MODEL_WINDOWS + 1] = { 0 };

	(void)state;
	for (size_t w = 0; w <= MODEL_WINDOWS; w++) {
		tellings[w].told = calloc(MODEL_RESULTS_MAX, sizeof(struct told));
		assert_non_null(tellings[w].told);
	}
	for (size_t s = 0; s < sizeof(seeds) / sizeof(seeds[0]); s++) {
		uint64_t seed = seeds[s];

		print_message("seed %#llx, %d cases\n", (unsigned long long)seed, CASES_A_SEED);
		for (int i = 0; i < CASES_A_SEED; i++)
			case_check(tellings, random_next(&seed));
	}
	for (size_t w = 0; w <= MODEL_WINDOWS; w++)
		free(tellings[w].told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_window_equals_the_one_computed_from_the_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
