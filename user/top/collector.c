/* SPDX-License-Identifier: BSD-2-Clause */
#include "collector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "join.h"

struct collector {
	struct collector_config config;
	size_t reference;
	struct kept_result pending[SNAPSHOT_WINDOWS_MAX]; /* came since the last pane */
	struct kept_result kept[SNAPSHOT_WINDOWS_MAX];
	struct pulse pulse[PULSE_COUNT];
	struct pane_clock clock;
	struct pane_flows *panes[HISTORY_PANES];          /* newest first */
	size_t pane_count, pane_flow_count;
	uint64_t begin_ns, end_ns;
	struct outcome_counts counts;
	uint64_t dropped_packets, late_packets, cost_ns;
	double table_use;
	int64_t clock_offset_ns;

	pthread_mutex_t mutex;         /* of all below; held for moments */
	struct snapshot *newest;
	bool has_ended;
	int err;
	int event_fd;
};

static size_t longest_window(const struct collector_config *config)
{
	size_t longest = 0;

	for (size_t i = 1; i < config->window_count; i++) {
		if (config->windows[i].length_ns > config->windows[longest].length_ns)
			longest = i;
	}
	return longest;
}

struct collector *collector_create(const struct collector_config *config)
{
	struct collector *collector = calloc(1, sizeof(*collector));

	if (!collector)
		return NULL;
	collector->config = *config;
	collector->reference = longest_window(config);
	collector->table_use = -1;
	pthread_mutex_init(&collector->mutex, NULL);
	collector->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (collector->event_fd < 0) {
		collector_destroy(collector);
		return NULL;
	}
	return collector;
}

void collector_destroy(struct collector *collector)
{
	if (!collector)
		return;
	for (size_t i = 0; i < SNAPSHOT_WINDOWS_MAX; i++) {
		kept_result_fini(&collector->pending[i]);
		kept_result_fini(&collector->kept[i]);
	}
	for (size_t i = 0; i < collector->pane_count; i++)
		pane_flows_release(collector->panes[i]);
	snapshot_free(collector->newest);
	if (collector->event_fd >= 0)
		close(collector->event_fd);
	pthread_mutex_destroy(&collector->mutex);
	free(collector);
}

static uint64_t panes_passed(const struct collector *collector, uint64_t start_ns)
{
	const struct pane_clock *clock = &collector->clock;
	uint64_t passed;

	if (!clock->number || !collector->config.options->file)
		return 1;
	passed = (start_ns - clock->begin_ns[clock->number % HISTORY_PANES]) /
		 collector->config.options->pane_ns;
	if (passed > HISTORY_PANES)
		return HISTORY_PANES;
	return passed ? passed : 1;
}

/* Replays leave out panes without a packet: they carried nothing. */
static void clock_advance(struct collector *collector, const struct window_result *pane)
{
	uint64_t nominal_ns = collector->config.options->pane_ns;
	uint64_t passed = panes_passed(collector, pane->start_ns);
	struct pane_clock *clock = &collector->clock;

	while (passed-- > 0) {
		size_t place = ++clock->number % HISTORY_PANES;

		clock->begin_ns[place] = pane->start_ns - passed * nominal_ns;
		clock->length_ns[place] = nominal_ns;
		for (int which = 0; which < PULSE_COUNT; which++)
			collector->pulse[which].history.pane[place] = (struct tally){ 0 };
	}
	if (pane->observed_ns > nominal_ns)
		clock->length_ns[clock->number % HISTORY_PANES] = pane->observed_ns;
}

static enum pulse_of pulse_of(const struct collector *collector, const struct flow_key *key)
{
	return collector->config.has_directions && key->flags & FLOW_OUT ? PULSE_OUT : PULSE_IN;
}

static void drop_oldest_pane(struct collector *collector)
{
	struct pane_flows *oldest = collector->panes[--collector->pane_count];

	collector->pane_flow_count -= oldest->count;
	pane_flows_release(oldest);
}

static void keep_pane(struct collector *collector, struct pane_flows *pane)
{
	while (collector->pane_count &&
	       (collector->pane_count == HISTORY_PANES ||
		collector->pane_flow_count + pane->count > HISTORY_FLOWS_MAX ||
		collector->panes[collector->pane_count - 1]->number + HISTORY_PANES <=
			pane->number))
		drop_oldest_pane(collector);
	memmove(&collector->panes[1], &collector->panes[0],
		collector->pane_count * sizeof(collector->panes[0]));
	collector->panes[0] = pane;
	collector->pane_count++;
	collector->pane_flow_count += pane->count;
}

static void take_pane_flows(struct collector *collector, const struct window_result *result)
{
	struct pane_flows *pane;

	clock_advance(collector, result);
	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_result *flow = &result->flows[i];
		struct pulse *pulse = &collector->pulse[pulse_of(collector, &flow->key)];
		struct tally *sum = &pulse->history.pane[collector->clock.number % HISTORY_PANES];

		sum->packets += flow->packets;
		sum->bytes += flow->bytes;
	}
	pane = pane_flows_create(result, collector->clock.number);
	if (pane)
		keep_pane(collector, pane);
}

void collector_take_window(void *context, const struct window_result *result)
{
	struct collector *collector = context;

	if (result->window_number == collector->config.pane_window) {
		if (result->total.packets || result->complete)
			take_pane_flows(collector, result);
	} else if (result->window_number < collector->config.window_count) {
		kept_result_set(&collector->pending[result->window_number], result);
	}
}

static void pulses_fill(const struct collector *collector, struct snapshot *snapshot)
{
	size_t reference = snapshot->reference;

	memcpy(snapshot->pulse, collector->pulse, sizeof(snapshot->pulse));
	for (size_t i = 0; i < snapshot->row_count; i++) {
		const struct row *row = &snapshot->rows[i];
		struct pulse *pulse = &snapshot->pulse[pulse_of(collector, &row->key)];

		pulse->flows += row->amount[reference].packets != 0;
		pulse->amount.packets += row->amount[reference].packets;
		pulse->amount.bytes += row->amount[reference].bytes;
	}
	for (int i = 0; i < PULSE_COUNT; i++)
		snapshot->pulse[i].max = history_max(&snapshot->pulse[i].history, &snapshot->clock,
						     &snapshot->windows[reference]);
}

static void panes_fill(const struct collector *collector, struct snapshot *snapshot)
{
	snapshot->pane_count = collector->pane_count;
	for (size_t i = 0; i < collector->pane_count; i++)
		snapshot->panes[i] = pane_flows_hold(collector->panes[i]);
}

static struct snapshot *snapshot_make(const struct collector *collector)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->window_count = collector->config.window_count;
	snapshot->reference = collector->reference;
	snapshot->clock = collector->clock;
	snapshot->clock_offset_ns = collector->clock_offset_ns;
	snapshot->begin_ns = collector->begin_ns;
	snapshot->end_ns = collector->end_ns;
	snapshot->counts = collector->counts;
	snapshot->dropped_packets = collector->dropped_packets;
	snapshot->late_packets = collector->late_packets;
	snapshot->cost_ns = collector->cost_ns;
	snapshot->table_use = collector->table_use;
	if (join_results(snapshot, collector->kept)) {
		snapshot_free(snapshot);
		return NULL;
	}
	pulses_fill(collector, snapshot);
	panes_fill(collector, snapshot);
	return snapshot;
}

static void collector_wake(const struct collector *collector)
{
	uint64_t one = 1;

	/* Full is readable too. */
	if (write(collector->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void publish(struct collector *collector)
{
	struct snapshot *snapshot = snapshot_make(collector), *unseen;

	if (!snapshot)
		return;
	pthread_mutex_lock(&collector->mutex);
	unseen = collector->newest;
	collector->newest = snapshot;
	pthread_mutex_unlock(&collector->mutex);
	snapshot_free(unseen);
	collector_wake(collector);
}

static void pending_keep(struct collector *collector, size_t window)
{
	struct kept_result older = collector->kept[window];

	collector->kept[window] = collector->pending[window];
	collector->pending[window] = older;
	collector->pending[window].result.spec = NULL;
}

void collector_take_pane(void *context, const struct pane *pane)
{
	struct collector *collector = context;

	if (!collector->begin_ns)
		collector->begin_ns = pane->begin_ns;
	collector->end_ns = pane->end_ns;
	outcome_counts_add(&collector->counts, &pane->counts);
	collector->dropped_packets += pane->dropped_packets;
	collector->late_packets += pane->late_packets;
	collector->cost_ns = pane->merge_ns;
	for (size_t i = 0; i < collector->config.window_count; i++) {
		if (collector->pending[i].result.spec)
			pending_keep(collector, i);
	}
	publish(collector);
}

void collector_set_facts(struct collector *collector, double table_use, int64_t clock_offset_ns)
{
	collector->table_use = table_use;
	collector->clock_offset_ns = clock_offset_ns;
}

/* A sliding window that is cut at the end knows less than the one before. */
static bool is_wanted_at_end(const struct collector *collector, size_t window)
{
	const struct window_spec *spec = collector->pending[window].result.spec;

	return spec && (spec->kind != WINDOW_SLIDING || !collector->kept[window].result.spec);
}

void collector_end(struct collector *collector, int err)
{
	bool is_new = false;

	for (size_t i = 0; i < collector->config.window_count; i++) {
		if (!is_wanted_at_end(collector, i))
			continue;
		pending_keep(collector, i);
		is_new = true;
	}
	if (is_new)
		publish(collector);
	pthread_mutex_lock(&collector->mutex);
	collector->has_ended = true;
	collector->err = err;
	pthread_mutex_unlock(&collector->mutex);
	collector_wake(collector);
}

int collector_fd(const struct collector *collector)
{
	return collector->event_fd;
}

struct snapshot *collector_take(struct collector *collector)
{
	struct snapshot *snapshot;
	uint64_t count;

	if (read(collector->event_fd, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&collector->mutex);
	snapshot = collector->newest;
	collector->newest = NULL;
	pthread_mutex_unlock(&collector->mutex);
	return snapshot;
}

bool collector_has_ended(struct collector *collector, int *err)
{
	bool has_ended;

	pthread_mutex_lock(&collector->mutex);
	has_ended = collector->has_ended;
	*err = collector->err;
	pthread_mutex_unlock(&collector->mutex);
	return has_ended;
}
