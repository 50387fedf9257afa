/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../base/report.h"
#include "../pin/pin_place.h"
#include "../base/thread.h"
#include "journal.h"

#define QUEUE_CAPACITY_MIN 16

static bool queue_grow(struct result_queue *queue)
{
	size_t capacity = queue->capacity ? 2 * queue->capacity : QUEUE_CAPACITY_MIN;
	struct shared_result **slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < queue->count; i++)
		slots[i] = queue->slots[(queue->first + i) % queue->capacity];
	free(queue->slots);
	queue->slots = slots;
	queue->capacity = capacity;
	queue->first = 0;
	return true;
}

static bool queue_push(struct result_queue *queue, struct shared_result *shared)
{
	if (queue->count == queue->capacity && !queue_grow(queue))
		return false;
	queue->slots[(queue->first + queue->count++) % queue->capacity] = shared;
	return true;
}

static struct shared_result *queue_pop(struct result_queue *queue)
{
	struct shared_result *oldest = queue->slots[queue->first];

	queue->first = (queue->first + 1) % queue->capacity;
	queue->count--;
	return oldest;
}

void outputs_release(struct outputs *outputs, struct shared_result *shared)
{
	if (--shared->holders)
		return;
	outputs->held_bytes -= shared->bytes;
	shared_result_destroy(shared);
}

void output_lose(struct output *output, uint64_t windows)
{
	output->lost += windows;
	output->lost_untold += windows;
	output->set->has_failed |= windows != 0;
}

void output_push(struct output *output, struct shared_result *shared)
{
	output->offered++;
	if (output->is_gone) {
		output_lose(output, 1);
	} else if (!queue_push(&output->queue, shared)) {
		report_error("write %s: %s", output->name, strerror(ENOMEM));
		output_lose(output, 1);
	} else {
		shared->holders++;
		pthread_cond_signal(&output->wanted);
	}
}

bool output_drop_oldest(struct output *output)
{
	bool is_first = !output->was_slow;

	outputs_release(output->set, queue_pop(&output->queue));
	output_lose(output, 1);
	output->was_slow = true;
	return is_first;
}

void output_forget_waiting(struct output *output)
{
	while (output->queue.count) {
		outputs_release(output->set, queue_pop(&output->queue));
		output->offered--;
	}
}

void output_give_up(struct output *output)
{
	output->is_gone = true;
	output_lose(output, output->queue.count);
	while (output->queue.count)
		outputs_release(output->set, queue_pop(&output->queue));
}

static const char *failure_text(int err)
{
	return err == -EOWNERDEAD ? "the process that writes it was killed" : strerror(-err);
}

/* A failure is told when it begins; it may pass (a disk that is full). */
static void output_note(struct output *output, int err)
{
	struct outputs *set = output->set;
	bool is_news = err && !output->has_failed && err != -ECANCELED;

	output->has_failed = err != 0;
	set->has_failed |= err != 0;
	if (is_news)
		report_error("write %s: %s", output->name, failure_text(err));
	if (err == -EPIPE && output->parsed.is_standard_output)
		set->reader_gone = output->is_gone = true;
	if (err && (err == -EOWNERDEAD || err == -ECANCELED || set->config.is_replay))
		output->is_gone = true;
	if (output->is_gone)
		output_give_up(output);
}

/* With the mutex held: what the carrier has to tell of its own. */
static void output_tell(struct output *output, struct carrier_news *news)
{
	char *rest, *line;

	output->lost += news->lost;
	output->set->has_failed |= news->lost != 0;
	for (line = strtok_r(news->lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		report_error("write %s: %s", output->name, line);
}

/* more_come: windows that wait behind it. */
static int output_hand_over(struct output *output, const struct shared_result *shared,
			    bool more_come)
{
	if (!output->parsed.encoder->memory)
		return sink_write(output->sink, &shared->context, &shared->result);
	if (shared->is_state)
		return sink_show(output->sink, &shared->context, &shared->result);
	return sink_add(output->sink, &shared->context, &shared->result, more_come);
}

static void output_write(struct output *output)
{
	struct outputs *set = output->set;
	struct shared_result *shared = queue_pop(&output->queue);
	uint64_t lost = output->lost_untold;
	bool more_come = output->queue.count || set->is_closing;
	struct carrier_news news;
	int err;

	output->writing = shared;
	output->lost_untold = 0;
	pthread_mutex_unlock(&set->mutex);
	sink_count_lost(output->sink, lost);
	journal_begin(output->journal, shared->document);
	err = output_hand_over(output, shared, more_come);
	if (!err)
		journal_commit(output->journal, shared->document);
	sink_take_news(output->sink, &news);
	pthread_mutex_lock(&set->mutex);
	output->lost += err != 0;
	output->written += err == 0;
	output_tell(output, &news);
	output->writing = NULL;
	outputs_release(set, shared);
	output_note(output, err);
}

static void output_reopen(struct output *output)
{
	int err;

	output->wants_reopen = false;
	pthread_mutex_unlock(&output->set->mutex);
	err = sink_reopen(output->sink);
	pthread_mutex_lock(&output->set->mutex);
	output_note(output, err);
}

/* Until it is waked. Whether it is time to show what was added before. */
static bool output_wait(struct output *output)
{
	uint64_t due_ns = output->is_gone ? 0 : sink_due_ns(output->sink);
	const struct timespec due = { .tv_sec = (time_t)(due_ns / 1000000000u),
				      .tv_nsec = (long)(due_ns % 1000000000u) };

	if (!due_ns)
		return pthread_cond_wait(&output->wanted, &output->set->mutex) == ETIMEDOUT;
	return pthread_cond_timedwait(&output->wanted, &output->set->mutex, &due) == ETIMEDOUT;
}

static void output_show(struct output *output)
{
	struct carrier_news news;
	int err;

	pthread_mutex_unlock(&output->set->mutex);
	err = sink_finish(output->sink);
	sink_take_news(output->sink, &news);
	pthread_mutex_lock(&output->set->mutex);
	output_tell(output, &news);
	output_note(output, err);
}

/* Does one thing, once there is one. False at the end. */
static bool output_step(struct output *output)
{
	struct outputs *set = output->set;
	bool is_due = false;

	while (!output->queue.count && !output->wants_reopen && !set->is_closing && !is_due)
		is_due = output_wait(output);
	if (output->wants_reopen && !output->is_gone)
		output_reopen(output);
	else if (output->queue.count)
		output_write(output);
	else if (set->is_closing)
		return false;
	else if (is_due)
		output_show(output);
	else
		output->wants_reopen = false;
	pthread_cond_broadcast(&set->progress);
	return true;
}

static void output_end(struct output *output)
{
	struct outputs *set = output->set;
	struct carrier_news news = { 0 };
	bool is_gone = output->is_gone;
	int err, close_err;

	pthread_mutex_unlock(&set->mutex);
	err = is_gone ? 0 : sink_finish(output->sink);
	close_err = sink_close(output->sink, &news);
	pthread_mutex_lock(&set->mutex);
	err = err ? err : close_err;
	output->sink = NULL;
	output_tell(output, &news);
	if (err == -ECANCELED && output->parsed.kind->keeps)
		err = 0;
	if (err != -ECANCELED) /* giving up has told it */
		output_note(output, err);
	set->has_failed |= err != 0;
	output->has_ended = true;
	pthread_cond_broadcast(&set->progress);
}

static void *output_work(void *context)
{
	struct output *output = context;

	pthread_mutex_lock(&output->set->mutex);
	while (output_step(output))
		continue;
	output_end(output);
	pthread_mutex_unlock(&output->set->mutex);
	return NULL;
}

/* What goes to a file is journalled by who writes it; else it is known here when it has gone. */
static int open_journal(struct output *output)
{
	const struct outputs_config *config = &output->set->config;
	char path[PATH_MAX];

	if (!config->journals || output->page)
		return 0;
	pin_numbered_path(config->journals, "journal", config->generation,
			  (uint64_t)(output - output->set->outputs), path);
	return journal_open(path, config->is_resumed, output->parsed.kind->rule,
			    &output->journal);
}

int output_open(struct outputs *set, const char *name, struct output *output)
{
	struct sink_config config = { .name = name, .window_count = set->config.window_count,
				      .is_apart = !output->page, .page = output->page,
				      .waits = set->config.is_replay };
	pthread_condattr_t attributes;
	const char *reason = output->page ? served_name(output->page, &output->parsed) :
			     output_name_parse(name, config.window_count, &output->parsed);
	struct carrier_news news;
	int err = 0;

	output->set = set;
	output->name = name;
	if (!reason)
		err = open_journal(output);
	config.journal = output->journal;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&output->wanted, &attributes);
	output->hangup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (output->hangup_fd < 0 && !err)
		err = -errno;
	config.hangup_fd = output->hangup_fd;
	if (set->config.secrets && !output->page)
		config.secret = set->config.secrets[output - set->outputs];
	if (!err)
		err = sink_open(&config, &output->sink, &reason);
	if (err)
		report_error("write %s: %s", name, reason ? reason : strerror(-err));
	if (err)
		return err;
	output->process = sink_process(output->sink);
	sink_take_news(output->sink, &news);
	output_tell(output, &news);
	return 0;
}

int output_start(struct output *output)
{
	int err = thread_start(&output->thread, output_work, output);

	output->has_thread = !err;
	return err;
}

void output_fini(struct output *output)
{
	if (output->sink)
		sink_close(output->sink, NULL);
	journal_close(output->journal);
	free(output->queue.slots);
	if (output->hangup_fd >= 0)
		close(output->hangup_fd);
	pthread_cond_destroy(&output->wanted);
}
