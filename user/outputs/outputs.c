/* SPDX-License-Identifier: BSD-2-Clause */
#include "outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../base/stop.h"
#include "journal.h"
#include "output.h"

#define LOOK_NS        50000000u   /* how often a wait asks whether the run is to end */
#define SAY_NS         1000000000u /* a wait longer than this is said */
#define STOPPING_NS    1000000000u /* that outputs have, after a signal or a live run's end; */
#define AT_LEAST_NS    200000000u  /* of it so much also where others have used it up */

/* Waits for progress, a moment at most. */
static void outputs_wait(struct outputs *outputs)
{
	uint64_t until_ns = clock_read_ns(CLOCK_MONOTONIC) + LOOK_NS;
	struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000u),
				  .tv_nsec = (long)(until_ns % 1000000000u) };

	pthread_cond_timedwait(&outputs->progress, &outputs->mutex, &until);
}

static int outputs_init(struct outputs *outputs, const struct outputs_config *config)
{
	size_t count = config->count + config->page_count + 1;
	pthread_condattr_t attributes;

	outputs->config = *config;
	outputs->next_document = config->first_document;
	if (!config->max_bytes)
		outputs->config.max_bytes = OUTPUTS_BYTES_MAX;
	pthread_mutex_init(&outputs->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&outputs->progress, &attributes);
	pthread_condattr_destroy(&attributes);
	outputs->outputs = calloc(count, sizeof(*outputs->outputs));
	outputs->states = calloc(count, sizeof(*outputs->states));
	return outputs->outputs && outputs->states ? 0 : -ENOMEM;
}

static int outputs_start(struct outputs *outputs)
{
	int err = 0;

	for (size_t i = 0; i < outputs->count && !err; i++)
		err = output_start(&outputs->outputs[i]);
	if (err)
		report_error("start: a thread for an output: %s", strerror(-err));
	return err;
}

/* Those of the user first, then the pages. */
static int outputs_open_next(struct outputs *outputs)
{
	const struct outputs_config *config = &outputs->config;
	size_t i = outputs->count++;
	struct output *output = &outputs->outputs[i];

	if (i < config->count)
		return output_open(outputs, config->names[i], output);
	output->page = &config->pages[i - config->count];
	return output_open(outputs, output->page->path, output);
}

int outputs_open(const struct outputs_config *config, struct outputs **result)
{
	struct outputs *outputs = calloc(1, sizeof(*outputs));
	int err = outputs ? outputs_init(outputs, config) : -ENOMEM;

	*result = NULL;
	if (err) {
		report_error("start: %s", strerror(ENOMEM));
		if (outputs)
			free(outputs->outputs);
		free(outputs);
		return err;
	}
	while (!err && outputs->count < config->count + config->page_count)
		err = outputs_open_next(outputs);
	if (!err)
		err = outputs_start(outputs);
	if (err)
		outputs_close(outputs);
	else
		*result = outputs;
	return err;
}

/* How far behind an output is: the number of the oldest window that it holds. */
static uint64_t output_behind(const struct output *output)
{
	if (output->writing)
		return output->writing->number;
	return output->queue.slots[output->queue.first]->number;
}

/* The output that is furthest behind of those for which something waits, or NULL. */
static struct output *slowest_output(struct outputs *outputs)
{
	struct output *slowest = NULL;

	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->outputs[i];

		if (output->queue.count &&
		    (!slowest || output_behind(output) < output_behind(slowest)))
			slowest = output;
	}
	return slowest;
}

static bool has_room(const struct outputs *outputs, size_t bytes)
{
	return !outputs->held_bytes || outputs->held_bytes + bytes <= outputs->config.max_bytes;
}

static void say_slow(const struct output *output)
{
	report_error("write %s: it is too slow: its oldest windows are left out", output->name);
	report_error("try: fewer flows (-n, -g), longer windows; health.transmission.errors counts");
}

/* Live: the slowest outputs lose their oldest windows. */
static void make_room(struct outputs *outputs, size_t bytes)
{
	struct output *slowest;

	while (!has_room(outputs, bytes) && (slowest = slowest_output(outputs))) {
		if (output_drop_oldest(slowest))
			say_slow(slowest);
	}
}

static void say_waiting(struct outputs *outputs)
{
	const struct output *slowest = slowest_output(outputs);

	if (outputs->said_waiting || !slowest || !outputs->config.reads_stream)
		return;
	outputs->said_waiting = true;
	report_notice("warning: reading waits for %s: who sends the capture may lose packets",
		      slowest->name);
}

/* Replay: it can wait, since nothing is lost by reading later. */
static void wait_for_room(struct outputs *outputs, size_t bytes)
{
	uint64_t begin_ns = clock_monotonic_ns();

	while (!has_room(outputs, bytes) && !*stop_flag()) {
		outputs_wait(outputs);
		if (clock_monotonic_ns() - begin_ns > SAY_NS)
			say_waiting(outputs);
	}
	make_room(outputs, bytes);
}

/* Windows that are over go to all, those that are not to some. */
enum emission { EMIT_WINDOW, EMIT_STATE, EMIT_TO_PAGES };

static bool is_wanted(const struct output *output, const struct shared_result *shared,
		      enum emission emission)
{
	const struct encoder *encoder = output->parsed.encoder;

	if ((encoder->tells_run || output->page) && shared->result.window_number)
		return false;
	if (emission == EMIT_TO_PAGES && !output->page)
		return false;
	if (emission == EMIT_WINDOW)
		return !journal_has(output->journal, shared->document);
	return encoder->tells_state && !output->is_gone;
}

static void push_to_all(struct outputs *outputs, struct shared_result *shared,
			enum emission emission)
{
	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->outputs[i];

		if (!is_wanted(output, shared, emission))
			continue;
		if (output->parsed.encoder->is_replaced && !output->parsed.encoder->memory)
			output_forget_waiting(output);
		output_push(output, shared);
	}
}

static void say_no_memory(struct outputs *outputs)
{
	outputs->has_failed = true;
	report_error("write a window: %s", strerror(ENOMEM));
	for (size_t i = 0; i < outputs->count; i++)
		output_lose(&outputs->outputs[i], 1);
}

/* With the mutex held. */
static void states_take(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->config.count; i++) {
		const struct output *output = &outputs->outputs[i];

		outputs->states[i] = (struct result_output){
			.name = output->name,
			.written = output->written,
			.failed = output->lost,
			.queued = output->queue.count + (output->writing != NULL),
		};
	}
}

static void emit(struct outputs *outputs, const struct document_context *context,
		 const struct window_result *result, enum emission emission)
{
	struct window_result told = *result;
	struct shared_result *shared;
	size_t bytes;

	if (!result->window_number && outputs_want_run(outputs)) {
		told.outputs = outputs->states;
		told.output_count = outputs->config.count;
	}
	bytes = shared_result_bytes(&told);
	pthread_mutex_lock(&outputs->mutex);
	if (outputs->config.is_replay)
		wait_for_room(outputs, bytes);
	else
		make_room(outputs, bytes);
	outputs->held_bytes += bytes;
	states_take(outputs);
	pthread_mutex_unlock(&outputs->mutex);
	/* Copying takes its time, and no output has to wait for it. */
	shared = shared_result_create(context, &told, &outputs->strings);
	pthread_mutex_lock(&outputs->mutex);
	if (shared) {
		shared->number = outputs->next_number++;
		shared->document = emission == EMIT_WINDOW ? outputs->next_document :
							     DOCUMENT_NONE;
		shared->holders = 1;
		shared->is_state = emission != EMIT_WINDOW;
		push_to_all(outputs, shared, emission);
		outputs_release(outputs, shared);
	} else {
		outputs->held_bytes -= bytes;
		say_no_memory(outputs);
	}
	outputs->next_document += emission == EMIT_WINDOW;
	pthread_mutex_unlock(&outputs->mutex);
}

void outputs_emit(struct outputs *outputs, const struct document_context *context,
		  const struct window_result *result)
{
	if (outputs->count)
		emit(outputs, context, result, EMIT_WINDOW);
}

void outputs_emit_state(struct outputs *outputs, const struct document_context *context,
			const struct window_result *result)
{
	if (outputs->count)
		emit(outputs, context, result, EMIT_STATE);
}

void outputs_emit_to_pages(struct outputs *outputs, const struct document_context *context,
			   const struct window_result *result)
{
	if (outputs->config.page_count)
		emit(outputs, context, result, EMIT_TO_PAGES);
}

bool outputs_show_state(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (outputs->outputs[i].parsed.encoder->tells_state)
			return true;
	}
	return false;
}

bool outputs_want_run(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (outputs->outputs[i].parsed.encoder->tells_run)
			return true;
	}
	return false;
}

size_t outputs_processes(const struct outputs *outputs, pid_t *processes, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < outputs->count && count < room; i++) {
		if (outputs->outputs[i].process > 0)
			processes[count++] = outputs->outputs[i].process;
	}
	return count;
}

void outputs_reopen(struct outputs *outputs)
{
	pthread_mutex_lock(&outputs->mutex);
	for (size_t i = 0; i < outputs->count; i++) {
		outputs->outputs[i].wants_reopen = true;
		pthread_cond_signal(&outputs->outputs[i].wanted);
	}
	pthread_mutex_unlock(&outputs->mutex);
}

static uint64_t output_taken(const struct output *output, uint64_t next)
{
	const struct shared_result *oldest = output->writing;

	for (size_t i = 0; !oldest && i < output->queue.count; i++) {
		const struct result_queue *queue = &output->queue;
		const struct shared_result *one;

		one = queue->slots[(queue->first + i) % queue->capacity];
		if (one->document != DOCUMENT_NONE)
			oldest = one;
	}
	return oldest && oldest->document < next ? oldest->document : next;
}

uint64_t outputs_taken(struct outputs *outputs)
{
	uint64_t taken;

	pthread_mutex_lock(&outputs->mutex);
	taken = outputs->next_document;
	for (size_t i = 0; i < outputs->count; i++)
		taken = output_taken(&outputs->outputs[i], taken);
	pthread_mutex_unlock(&outputs->mutex);
	return taken;
}

bool outputs_reader_gone(struct outputs *outputs)
{
	bool gone;

	pthread_mutex_lock(&outputs->mutex);
	gone = outputs->reader_gone;
	pthread_mutex_unlock(&outputs->mutex);
	return gone;
}

static bool is_running(const struct output *output)
{
	return output->has_thread && !output->has_ended;
}

/*
 * Until when an output is waited for. A reader of standard output may be a person who reads page
 * by page: without a signal it has its time.
 */
static uint64_t patience_end_ns(const struct output *output, uint64_t closing_ns)
{
	uint64_t stop_ns = stop_requested_ns();

	if (stop_ns) {
		uint64_t end_ns = stop_ns + STOPPING_NS, least_ns = closing_ns + AT_LEAST_NS;

		return end_ns > least_ns ? end_ns : least_ns;
	}
	if (output->set->config.is_replay || output->parsed.is_standard_output)
		return UINT64_MAX;
	return closing_ns + STOPPING_NS;
}

/* Whatever its thread waits for, it does so no longer. */
static void output_hang_up(struct output *output)
{
	uint64_t one = 1;

	output->is_given_up = true;
	output_give_up(output);
	if (write(output->hangup_fd, &one, sizeof(one)) < 0)
		return; /* it is readable already */
}

static void say_unfinished(const struct output *output)
{
	report_notice("waiting for %s to take what is left: Ctrl-C ends that", output->name);
}

/* Gives up those that take too long. True while one is running. */
static bool outputs_hurry(struct outputs *outputs, uint64_t closing_ns)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool one_runs = false;

	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->outputs[i];

		if (!is_running(output))
			continue;
		one_runs = true;
		if (now_ns >= patience_end_ns(output, closing_ns) && !output->is_given_up)
			output_hang_up(output);
		if (now_ns - closing_ns > SAY_NS && !outputs->said_waiting &&
		    !output->is_given_up) {
			outputs->said_waiting = true;
			say_unfinished(output);
		}
	}
	return one_runs;
}

static void outputs_finish(struct outputs *outputs)
{
	uint64_t closing_ns = clock_monotonic_ns();

	pthread_mutex_lock(&outputs->mutex);
	outputs->is_closing = true;
	outputs->said_waiting = false;
	for (size_t i = 0; i < outputs->count; i++)
		pthread_cond_signal(&outputs->outputs[i].wanted);
	while (outputs_hurry(outputs, closing_ns))
		outputs_wait(outputs);
	pthread_mutex_unlock(&outputs->mutex);
	for (size_t i = 0; i < outputs->count; i++) {
		if (outputs->outputs[i].has_thread)
			pthread_join(outputs->outputs[i].thread, NULL);
	}
}

/* One that could not be written has been told already. */
static void say_lost(const struct output *output)
{
	if (output->set->reader_gone && output->parsed.is_standard_output)
		return;
	if (output->is_given_up && output->parsed.kind->keeps && !output->lost)
		report_notice("write %s: what it did not take waits in its spool", output->name);
	else if (output->is_given_up && !output->lost)
		report_error("write %s: it has all %llu windows, but did not end in time",
			     output->name, (unsigned long long)output->offered);
	else if (output->is_given_up)
		report_error("write %s: it did not take all in time: %llu of %llu windows are lost",
			     output->name, (unsigned long long)output->lost,
			     (unsigned long long)output->offered);
	else if (output->lost > 1 || output->was_slow)
		report_error("write %s: %llu of %llu windows are lost", output->name,
			     (unsigned long long)output->lost,
			     (unsigned long long)output->offered);
}

/* Given up with something that is nowhere else. */
static bool output_is_cut(const struct output *output)
{
	return output->is_given_up && !(output->parsed.kind->keeps && !output->lost);
}

bool outputs_close(struct outputs *outputs)
{
	bool failed;

	if (!outputs)
		return true;
	outputs_finish(outputs);
	failed = outputs->has_failed;
	for (size_t i = 0; i < outputs->count; i++) {
		say_lost(&outputs->outputs[i]);
		failed |= output_is_cut(&outputs->outputs[i]);
		output_fini(&outputs->outputs[i]);
	}
	shared_context_release(outputs->strings);
	pthread_cond_destroy(&outputs->progress);
	pthread_mutex_destroy(&outputs->mutex);
	free(outputs->states);
	free(outputs->outputs);
	free(outputs);
	return !failed;
}
