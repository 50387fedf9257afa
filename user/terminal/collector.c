/* SPDX-License-Identifier: BSD-2-Clause */
#include "collector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../clock.h"
#include "join.h"

/* Flows of a pane, greatest first, that are watched from then on. */
#define WATCHED_OF_PANE 512

struct collector {
	struct collector_config config;
	size_t reference;
	struct kept_result pending[SNAPSHOT_WINDOWS_MAX]; /* came since the last pane */
	struct kept_result kept[SNAPSHOT_WINDOWS_MAX];
	struct pulse pulse[PULSE_COUNT];
	uint64_t last_pane_ns;         /* beginning of the newest pane */
	uint64_t begin_ns, end_ns;
	struct outcome_counts counts;
	uint64_t dropped_packets, late_packets, cost_ns;
	double table_use;

	pthread_mutex_t mutex;         /* of all below; held for moments only */
	struct snapshot *newest;
	bool has_ended;
	int err;
	struct pane_clock clock;
	struct histories flows, groups;
	bool watches_groups;
	struct group_masks masks;
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
	if (collector->event_fd < 0 || histories_init(&collector->flows) ||
	    histories_init(&collector->groups)) {
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
	histories_fini(&collector->flows);
	histories_fini(&collector->groups);
	snapshot_free(collector->newest);
	if (collector->event_fd >= 0)
		close(collector->event_fd);
	pthread_mutex_destroy(&collector->mutex);
	free(collector);
}

static uint64_t panes_passed(const struct collector *collector, uint64_t start_ns)
{
	uint64_t passed;

	if (!collector->clock.number || !collector->config.options->file)
		return 1;
	passed = (start_ns - collector->last_pane_ns) / collector->config.options->pane_ns;
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

	for (uint64_t i = 0; i < passed; i++) {
		size_t place = ++clock->number % HISTORY_PANES;

		clock->length_ns[place] = nominal_ns;
		histories_begin_pane(&collector->flows, clock->number);
		histories_begin_pane(&collector->groups, clock->number);
		for (int which = 0; which < PULSE_COUNT; which++)
			collector->pulse[which].history.pane[place] = (struct tally){ 0 };
	}
	if (pane->observed_ns > nominal_ns)
		clock->length_ns[clock->number % HISTORY_PANES] = pane->observed_ns;
	collector->last_pane_ns = pane->start_ns;
}

static enum pulse_of pulse_of(const struct collector *collector, const struct flow_key *key)
{
	return collector->config.has_directions && key->flags & FLOW_OUT ? PULSE_OUT : PULSE_IN;
}

static void count_flow(struct collector *collector, const struct flow_result *flow, bool may_add)
{
	const struct tally amount = { flow->packets, flow->bytes };
	size_t place = collector->clock.number % HISTORY_PANES;
	struct tally *pulse =
		&collector->pulse[pulse_of(collector, &flow->key)].history.pane[place];
	struct flow_key group = flow->key;

	pulse->packets += amount.packets;
	pulse->bytes += amount.bytes;
	histories_count(&collector->flows, &flow->key, &amount, may_add);
	if (!collector->watches_groups)
		return;
	flow_key_reduce(&group, &collector->masks);
	histories_count(&collector->groups, &group, &amount, true);
}

static void take_pane_flows(struct collector *collector, const struct window_result *result)
{
	pthread_mutex_lock(&collector->mutex);
	clock_advance(collector, result);
	for (size_t i = 0; i < result->flow_count; i++)
		count_flow(collector, &result->flows[i], i < WATCHED_OF_PANE);
	pthread_mutex_unlock(&collector->mutex);
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
						     snapshot->windows[reference].observed_ns);
}

static struct snapshot *snapshot_make(const struct collector *collector)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->window_count = collector->config.window_count;
	snapshot->reference = collector->reference;
	snapshot->clock = collector->clock;
	snapshot->clock_offset_ns =
		collector->config.options->file ? 0 : clock_wall_offset_ns();
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

static void counts_add(struct outcome_counts *counts, const struct outcome_counts *more)
{
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		counts->outcome[i].packets += more->outcome[i].packets;
		counts->outcome[i].bytes += more->outcome[i].bytes;
	}
}

void collector_take_pane(void *context, const struct pane *pane)
{
	struct collector *collector = context;

	if (!collector->begin_ns)
		collector->begin_ns = pane->begin_ns;
	collector->end_ns = pane->end_ns;
	counts_add(&collector->counts, &pane->counts);
	collector->dropped_packets += pane->dropped_packets;
	collector->late_packets += pane->late_packets;
	collector->cost_ns = pane->collect_latency_ns;
	for (size_t i = 0; i < collector->config.window_count; i++) {
		if (collector->pending[i].result.spec)
			pending_keep(collector, i);
	}
	publish(collector);
}

void collector_set_table_use(struct collector *collector, double table_use)
{
	collector->table_use = table_use;
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

void collector_watch(struct collector *collector, const struct group_masks *masks)
{
	pthread_mutex_lock(&collector->mutex);
	collector->watches_groups = masks != NULL;
	if (masks)
		collector->masks = *masks;
	histories_restart(&collector->groups, collector->clock.number + 1);
	pthread_mutex_unlock(&collector->mutex);
}

bool collector_history(struct collector *collector, const struct flow_key *key,
		       struct history *history)
{
	const struct histories *histories;
	const struct history *found;

	pthread_mutex_lock(&collector->mutex);
	histories = collector->watches_groups ? &collector->groups : &collector->flows;
	found = histories_find(histories, key);
	if (found)
		*history = *found;
	pthread_mutex_unlock(&collector->mutex);
	return found != NULL;
}

static void row_take_max(struct row *row, const struct history *history,
			 const struct pane_clock *clock, uint64_t length_ns)
{
	struct rates rates;

	row->bytes_max = row->packets_max = -1;
	if (!history || history->is_cut)
		return;
	rates = history_max(history, clock, length_ns);
	row->bytes_max = rates.bytes;
	row->packets_max = rates.packets;
}

void collector_group_max(struct collector *collector, struct group_max *wanted)
{
	const struct pane_clock *clock = &collector->clock;
	uint64_t watched_ns = 0;

	pthread_mutex_lock(&collector->mutex);
	for (uint64_t number = clock->number; number && number >= collector->groups.begun &&
	     number + HISTORY_PANES > clock->number && watched_ns < wanted->length_ns; number--)
		watched_ns += clock->length_ns[number % HISTORY_PANES];
	wanted->watched_ns = watched_ns < wanted->length_ns ? watched_ns : wanted->length_ns;
	for (size_t i = 0; i < wanted->count; i++) {
		struct row *row = &wanted->rows[i];

		row_take_max(row, histories_find(&collector->groups, &row->key), clock,
			     wanted->length_ns);
	}
	pthread_mutex_unlock(&collector->mutex);
}
