/* SPDX-License-Identifier: BSD-2-Clause */
#include "collector.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "stage_snapshot.h"

/* Flows of panes that wait for the stage (32 MB). */
#define QUEUE_FLOWS_MAX HISTORY_FLOWS_MAX
#define QUEUE_PANES_MAX 256

struct collector {
	struct collector_config config;
	struct stage *stage;           /* of the collector's own thread */
	pthread_t thread;
	bool has_thread;

	/* of the agent's thread */
	struct pane_flows *pending;    /* what the newest window of one pane told */
	struct pane pane;              /* what is known of it; of several where they end as one */
	struct pane_facts facts;
	bool has_pane;
	uint64_t skipped_packets;      /* of flows that were in no pane, not told yet */

	pthread_mutex_t mutex;         /* of all below; held for moments */
	pthread_cond_t changed;
	struct pane_flows *queue[QUEUE_PANES_MAX]; /* oldest first, from head on */
	size_t queue_head, queue_count, queue_flows;
	uint64_t queue_skipped;
	struct wish wish;
	bool has_wish;
	bool is_ending, is_quitting, is_left;
	struct snapshot *newest;
	bool has_ended;
	int err;
	int event_fd;
};

static void wake_screen(const struct collector *collector)
{
	uint64_t one = 1;

	/* Full is readable too. */
	if (write(collector->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void publish(struct collector *collector, struct snapshot *snapshot)
{
	struct snapshot *unseen;

	if (!snapshot)
		return;
	pthread_mutex_lock(&collector->mutex);
	while (collector->config.waits_for_reader && collector->newest && !collector->is_left)
		pthread_cond_wait(&collector->changed, &collector->mutex);
	unseen = collector->newest;
	collector->newest = snapshot;
	pthread_mutex_unlock(&collector->mutex);
	snapshot_free(unseen);
	wake_screen(collector);
}

/* What the thread is to do next. */
struct task {
	struct pane_flows *pane;
	uint64_t skipped;
	struct wish wish;
	bool has_wish;
	bool is_shown;   /* nothing else waits, or the screen does */
	bool is_over;
};

static bool has_nothing_to_do(const struct collector *collector)
{
	return !collector->queue_count && !collector->has_wish && !collector->is_quitting &&
	       !(collector->is_ending && !collector->has_ended);
}

static struct task task_take(struct collector *collector)
{
	struct task task = { .pane = NULL };

	pthread_mutex_lock(&collector->mutex);
	while (has_nothing_to_do(collector))
		pthread_cond_wait(&collector->changed, &collector->mutex);
	if (collector->queue_count) {
		task.pane = collector->queue[collector->queue_head];
		collector->queue_head = (collector->queue_head + 1) % QUEUE_PANES_MAX;
		collector->queue_count--;
		collector->queue_flows -= task.pane->count;
	}
	task.skipped = collector->queue_skipped;
	collector->queue_skipped = 0;
	task.wish = collector->wish;
	task.has_wish = collector->has_wish;
	collector->has_wish = false;
	task.is_shown = !collector->queue_count || !collector->newest ||
			collector->config.waits_for_reader;
	task.is_over = collector->is_quitting;
	pthread_cond_broadcast(&collector->changed);
	pthread_mutex_unlock(&collector->mutex);
	return task;
}

static void end_if_done(struct collector *collector)
{
	pthread_mutex_lock(&collector->mutex);
	if (collector->is_ending && !collector->queue_count && !collector->has_ended) {
		collector->has_ended = true;
		wake_screen(collector);
	}
	pthread_mutex_unlock(&collector->mutex);
}

static void *work(void *context)
{
	struct collector *collector = context;

	for (;;) {
		struct task task = task_take(collector);

		if (task.is_over) {
			pane_flows_release(task.pane);
			return NULL;
		}
		stage_skip(collector->stage, task.skipped);
		/* Who pressed a key looks at once. */
		if (task.has_wish && !collector->config.waits_for_reader)
			publish(collector, stage_first_look(collector->stage, task.wish));
		if (task.pane)
			stage_add_pane(collector->stage, task.pane);
		if (task.has_wish)
			stage_set_wish(collector->stage, task.wish);
		if (task.is_shown && (task.pane || task.has_wish))
			publish(collector, stage_snapshot(collector->stage));
		end_if_done(collector);
	}
}

/* Signals are for the thread that draws. */
static int thread_start(struct collector *collector)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t all, before;
	int err;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigdelset(&all, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&collector->thread, NULL, work, collector);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	collector->has_thread = !err;
	return -err;
}

struct collector *collector_create(const struct collector_config *config)
{
	struct collector *collector = calloc(1, sizeof(*collector));

	if (!collector)
		return NULL;
	collector->config = *config;
	collector->facts.table_use = -1;
	pthread_mutex_init(&collector->mutex, NULL);
	pthread_cond_init(&collector->changed, NULL);
	collector->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	collector->stage = stage_create(&config->stage, config->wish);
	if (collector->event_fd < 0 || !collector->stage || thread_start(collector)) {
		collector_destroy(collector);
		return NULL;
	}
	return collector;
}

static void thread_stop(struct collector *collector)
{
	if (!collector->has_thread)
		return;
	pthread_mutex_lock(&collector->mutex);
	collector->is_quitting = collector->is_left = true;
	pthread_cond_broadcast(&collector->changed);
	pthread_mutex_unlock(&collector->mutex);
	pthread_join(collector->thread, NULL);
}

void collector_destroy(struct collector *collector)
{
	if (!collector)
		return;
	thread_stop(collector);
	for (; collector->queue_count; collector->queue_count--) {
		pane_flows_release(collector->queue[collector->queue_head]);
		collector->queue_head = (collector->queue_head + 1) % QUEUE_PANES_MAX;
	}
	pane_flows_release(collector->pending);
	snapshot_free(collector->newest);
	stage_destroy(collector->stage);
	if (collector->event_fd >= 0)
		close(collector->event_fd);
	pthread_cond_destroy(&collector->changed);
	pthread_mutex_destroy(&collector->mutex);
	free(collector);
}

void collector_take_window(void *context, const struct window_result *result)
{
	struct collector *collector = context;

	if (result->window_number != collector->config.pane_window)
		return;
	pane_flows_release(collector->pending);
	collector->pending = pane_flows_create(result);
	if (!collector->pending)
		collector->skipped_packets += result->total.packets;
}

/* The panes of one window of one pane: more than one where the agent was held up. */
static void pane_join(struct pane *pane, const struct pane *more)
{
	pane->index = more->index;
	pane->end_ns = more->end_ns;
	outcome_counts_add(&pane->counts, &more->counts);
	pane->late_packets += more->late_packets;
	pane->connections_missed += more->connections_missed;
	pane->dropped_packets += more->dropped_packets;
	pane->merge_ns = more->merge_ns;
	pane->records += more->records;
}

static bool has_room(const struct collector *collector, const struct pane_flows *pane)
{
	return !collector->queue_count ||
	       (collector->queue_count < QUEUE_PANES_MAX &&
		collector->queue_flows + pane->count <= QUEUE_FLOWS_MAX);
}

/* False where there is no room for it, which a replay waits for. */
static bool queue_put(struct collector *collector, struct pane_flows *pane)
{
	bool fits;

	pthread_mutex_lock(&collector->mutex);
	while (collector->config.stage.is_replay && !has_room(collector, pane))
		pthread_cond_wait(&collector->changed, &collector->mutex);
	fits = has_room(collector, pane);
	if (fits) {
		size_t at = (collector->queue_head + collector->queue_count) % QUEUE_PANES_MAX;

		collector->queue[at] = pane;
		collector->queue_count++;
		collector->queue_flows += pane->count;
		collector->queue_skipped += collector->skipped_packets;
		collector->skipped_packets = 0;
		pthread_cond_broadcast(&collector->changed);
	}
	pthread_mutex_unlock(&collector->mutex);
	return fits;
}

/* What is known of a pane whose flows are skipped goes with the next one. */
static void pending_put(struct collector *collector)
{
	struct pane_flows *pane = collector->pending;

	if (!pane || !collector->has_pane)
		return;
	collector->pending = NULL;
	pane->pane = collector->pane;
	pane->facts = collector->facts;
	if (queue_put(collector, pane)) {
		collector->has_pane = false;
		return;
	}
	for (size_t i = 0; i < pane->count; i++)
		collector->skipped_packets += pane->flows[i].packets;
	pane_flows_release(pane);
}

void collector_take_pane(struct collector *collector, const struct pane *pane,
			 const struct pane_facts *facts)
{
	if (collector->has_pane)
		pane_join(&collector->pane, pane);
	else
		collector->pane = *pane;
	/* Those live until the next pane only. */
	collector->pane.links = NULL;
	collector->pane.ahead = NULL;
	collector->pane.link_outcomes = NULL;
	collector->pane.link_count = collector->pane.ahead_count = 0;
	collector->pane.link_outcomes_count = 0;
	collector->has_pane = true;
	collector->facts = *facts;
	pending_put(collector);
}

void collector_end(struct collector *collector, int err)
{
	pending_put(collector);
	pthread_mutex_lock(&collector->mutex);
	collector->is_ending = true;
	collector->err = err;
	pthread_cond_broadcast(&collector->changed);
	pthread_mutex_unlock(&collector->mutex);
}

int collector_fd(const struct collector *collector)
{
	return collector->event_fd;
}

void collector_wish(struct collector *collector, struct wish wish)
{
	pthread_mutex_lock(&collector->mutex);
	collector->wish = wish;
	collector->has_wish = true;
	pthread_cond_broadcast(&collector->changed);
	pthread_mutex_unlock(&collector->mutex);
}

void collector_leave(struct collector *collector)
{
	pthread_mutex_lock(&collector->mutex);
	collector->is_left = true;
	pthread_cond_broadcast(&collector->changed);
	pthread_mutex_unlock(&collector->mutex);
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
	pthread_cond_broadcast(&collector->changed);
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
