/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../user/base/patience.h"
#include "../../user/base/stop.h"

/* Work that ends once it may. */
struct job {
	sem_t may_end, was_released;
	bool is_done;
};

static void work(void *context)
{
	struct job *job = context;

	sem_wait(&job->may_end);
	job->is_done = true;
}

static void release(void *context)
{
	struct job *job = context;

	sem_post(&job->was_released);
}

static void job_init(struct job *job, unsigned int may_end)
{
	*job = (struct job){ 0 };
	sem_init(&job->may_end, 0, may_end);
	sem_init(&job->was_released, 0, 0);
}

static void job_fini(struct job *job)
{
	sem_destroy(&job->may_end);
	sem_destroy(&job->was_released);
}

static void work_that_ends_leaves_its_job_to_the_caller(void **state)
{
	struct job job;
	int released;

	(void)state;
	job_init(&job, 1);
	assert_int_equal(patience_run(work, release, &job, "it"), 0);
	assert_true(job.is_done);
	assert_int_equal(sem_getvalue(&job.was_released, &released), 0);
	assert_int_equal(released, 0);
	job_fini(&job);
}

/* The last test: a stop that was asked for stays so. */
static void stop_leaves_the_job_to_the_work(void **state)
{
	struct job job;

	(void)state;
	job_init(&job, 0);
	assert_int_equal(stop_init(), 0);
	stop_request();
	assert_int_equal(patience_run(work, release, &job, "it"), -EINTR);
	sem_post(&job.may_end);
	sem_wait(&job.was_released);
	assert_true(job.is_done);
	job_fini(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_that_ends_leaves_its_job_to_the_caller),
		cmocka_unit_test(stop_leaves_the_job_to_the_work),
	};

	return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}
