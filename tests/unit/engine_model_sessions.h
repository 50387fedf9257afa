/* SPDX-License-Identifier: BSD-2-Clause */
/* Part of engine_model_body.h: what session windows must tell. */
#ifndef WEIR_TEST_ENGINE_MODEL_SESSIONS_H
#define WEIR_TEST_ENGINE_MODEL_SESSIONS_H

struct model_session {
	struct flow_result flow;
	struct extra_sum extra;
	uint64_t end_ns;   /* its last packet and the gap */
	uint64_t place;    /* of the pane it is told with */
	bool is_complete;
};

/* Where the session is told: the pane in which its gap has passed, else at the end. */
static void session_place(const struct expectation *e, struct model_session *session)
{
	const struct model *model = e->model;

	session->place = model->panes[e->last].place;
	session->is_complete = session->end_ns <= model->panes[e->last].pane.end_ns;
	if (!session->is_complete)
		return;
	if (model->replay) {
		session->place = (session->end_ns - 1) / MODEL_PANE_NS;
		return;
	}
	for (unsigned int i = 0; i < model->pane_count; i++) {
		session->place = model->panes[i].place;
		if (session->end_ns <= model->panes[i].pane.end_ns)
			return;
	}
}

/* A flow's sessions into sessions; how many. */
static size_t flow_sessions(const struct expectation *e, unsigned int flow,
			    struct model_session *sessions)
{
	struct scope scope = { .model = e->model };
	size_t count = 0;

	for (unsigned int i = 0; i < e->model->pane_count; i++) {
		struct flow_result part = flow_in_pane(e->model, flow, i);

		if (!part.packets)
			continue;
		if (!count || part.first_ns >= sessions[count - 1].end_ns) {
			count++;
			memset(scope.has, 0, sizeof(scope.has));
		}
		scope.has[i] = true;
		sessions[count - 1].flow = flow_in_scope(&scope, flow);
		sessions[count - 1].extra = extra_in_scope(&scope, flow);
		sessions[count - 1].flow.start_ns = sessions[count - 1].flow.first_ns;
		sessions[count - 1].flow.end_ns = sessions[count - 1].flow.last_ns;
		sessions[count - 1].end_ns = part.last_ns + e->spec->gap_ns;
	}
	for (size_t i = 0; i < count; i++)
		session_place(e, &sessions[i]);
	return count;
}

static void session_times(const struct expectation *e, uint64_t place, bool is_repeated,
			  struct window_result *result)
{
	result->start_ns = place_ns(e->model, place);
	result->end_ns = result->start_ns + MODEL_PANE_NS;
	for (unsigned int i = 0; i < e->model->pane_count; i++) {
		if (!e->all.has[i] || e->model->panes[i].place != place)
			continue;
		result->start_ns = e->model->panes[i].pane.begin_ns;
		result->end_ns = e->model->panes[i].pane.end_ns;
		if (!is_repeated)
			pane_tell(&e->model->panes[i].pane, result);
	}
	result->panes = 1;
	result->observed_ns = result->end_ns - result->start_ns;
	if (result->observed_ns < MODEL_PANE_NS)
		result->observed_ns = MODEL_PANE_NS;
}

static void session_add(struct told *told, const struct model_session *session,
			struct flow_result *sum)
{
	const struct flow_result *flow = &session->flow;

	sum->bytes_max = greater(sum->bytes_max, flow->bytes_max);
	sum->packets_max = greater(sum->packets_max, flow->packets_max);
	if (!sum->packets || flow->min_len < sum->min_len)
		sum->min_len = flow->min_len;
	if (flow->max_len > sum->max_len)
		sum->max_len = flow->max_len;
	sum->marks |= flow->marks;
	sum->bytes += flow->bytes;
	sum->packets += flow->packets;
	told->extras[told->result.flow_count] = session->extra;
	told->flows[told->result.flow_count] = *flow;
	told->flows[told->result.flow_count].extra = told->result.flow_count;
	told->result.flow_count++;
}

static void sessions_tell(const struct expectation *e, const struct model_session *sessions,
			  size_t count, const struct model_session *like)
{
	struct telling *expected = e->expected;
	struct told *told = &expected->told[expected->count];
	struct flow_result sum = { 0 };
	bool is_repeated;

	assert_true(++expected->count <= MODEL_RESULTS_MAX);
	told->result = (struct window_result){ .spec = e->spec };
	told->result.complete = like->is_complete;
	is_repeated = false;
	for (size_t i = 0; i < count; i++) {
		if (sessions[i].place == like->place && sessions[i].is_complete)
			is_repeated = !like->is_complete;
		if (sessions[i].place == like->place &&
		    sessions[i].is_complete == like->is_complete)
			session_add(told, &sessions[i], &sum);
	}
	session_times(e, like->place, is_repeated, &told->result);
	told_total(&told->result, &sum);
	told->result.total.flows = told->result.flow_count;
	told_list(e->model, told);
}

static int session_order(const struct model_session *a, const struct model_session *b)
{
	if (a->is_complete != b->is_complete)
		return a->is_complete ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

static void sessions_expect(const struct expectation *e)
{
	static const struct model_session none;
	struct model_session sessions[MODEL_PACKETS_MAX];
	const struct model_session *told = &none;
	size_t count = 0;

	for (unsigned int flow = 0; flow < MODEL_FLOWS; flow++)
		count += flow_sessions(e, flow, sessions + count);
	for (;;) {
		const struct model_session *next = NULL;

		for (size_t i = 0; i < count; i++) {
			if ((told == &none || session_order(&sessions[i], told) > 0) &&
			    (!next || session_order(&sessions[i], next) < 0))
				next = &sessions[i];
		}
		if (!next)
			return;
		sessions_tell(e, sessions, count, next);
		told = next;
	}
}

#endif
