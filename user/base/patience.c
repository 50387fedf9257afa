/* SPDX-License-Identifier: BSD-2-Clause */
#include "patience.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "report.h"
#include "stop.h"
#include "thread.h"

/* A stop that is asked for is seen so soon. */
#define LOOK_NS 50000000
#define MS_NS   1000000ull

/* Who of the two comes last to it frees it. */
struct errand {
	patience_fn *work, *release;
	void *job;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_done, is_abandoned;
};

static void errand_free(struct errand *errand)
{
	pthread_cond_destroy(&errand->changed);
	pthread_mutex_destroy(&errand->lock);
	free(errand);
}

static void *errand_work(void *context)
{
	struct errand *errand = context;
	bool is_abandoned;

	errand->work(errand->job);
	pthread_mutex_lock(&errand->lock);
	errand->is_done = true;
	is_abandoned = errand->is_abandoned;
	pthread_cond_signal(&errand->changed);
	pthread_mutex_unlock(&errand->lock);
	if (is_abandoned) {
		errand->release(errand->job);
		errand_free(errand);
	}
	return NULL;
}

/* Signals are for the thread that waits. */
static int errand_start(struct errand *errand)
{
	pthread_t thread;
	int err = thread_start(&thread, errand_work, errand);

	if (!err)
		pthread_detach(thread);
	return err;
}

static struct errand *errand_create(patience_fn *work, patience_fn *release, void *job)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	pthread_condattr_t monotonic;

	if (!errand)
		return NULL;
	*errand = (struct errand){ .work = work, .release = release, .job = job };
	pthread_mutex_init(&errand->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&errand->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return errand;
}

/* With the lock held: waits as long as there is patience. 0 once it is done. */
static int errand_wait(struct errand *errand, const char *waiting_for)
{
	uint64_t begin_ns = clock_monotonic_ns();
	bool has_said = false;

	while (!errand->is_done) {
		uint64_t now_ns = clock_monotonic_ns(), look_ns = now_ns + LOOK_NS;
		struct timespec look = { .tv_sec = (time_t)(look_ns / 1000000000),
					 .tv_nsec = (long)(look_ns % 1000000000) };

		if (*stop_flag())
			return -EINTR;
		if (now_ns - begin_ns > PATIENCE_MAX_MS * MS_NS)
			return -ETIMEDOUT;
		if (now_ns - begin_ns > PATIENCE_SAY_MS * MS_NS && !has_said) {
			report_notice("waiting for %s", waiting_for);
			has_said = true;
		}
		pthread_cond_timedwait(&errand->changed, &errand->lock, &look);
	}
	return 0;
}

int patience_run(patience_fn *work, patience_fn *release, void *job, const char *waiting_for)
{
	struct errand *errand = errand_create(work, release, job);
	int err;

	if (!errand || errand_start(errand)) {
		if (errand)
			errand_free(errand);
		work(job);
		return 0;
	}
	pthread_mutex_lock(&errand->lock);
	err = errand_wait(errand, waiting_for);
	errand->is_abandoned = err != 0;
	pthread_mutex_unlock(&errand->lock);
	if (!err)
		errand_free(errand);
	return err;
}

const char *patience_reason(int err)
{
	return err == -EINTR ? "stopped before there was an answer" :
			       "there was no answer within 10 s";
}
_Static_assert(PATIENCE_MAX_MS == 10000, "the text above says so");
