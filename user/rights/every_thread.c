/* SPDX-License-Identifier: BSD-2-Clause */
#include "every_thread.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of the crashes, which no thread blocks (base/thread.h), the one that no fault raises here. */
#define SIGNAL      SIGSYS

#define LOOK_NS     1000000
#define LOOKS_MAX   5000

/* A handler has no context. */
static struct {
	int (*work)(void *context);
	void *context;
	_Atomic int done, err;
} task;

static void do_here(void)
{
	int saved = errno, err = task.work(task.context), none = 0;

	if (err)
		atomic_compare_exchange_strong(&task.err, &none, err);
	errno = saved;
}

static void take(int number)
{
	(void)number;
	do_here();
	task.done++;
}

/* How many threads were asked, or a negative errno. One that has ended meanwhile needs nothing. */
static int ask_others(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int asked = 0;

	if (!tasks)
		return -errno;
	for (const struct dirent *entry; (entry = readdir(tasks));) {
		pid_t tid = atoi(entry->d_name);

		if (tid > 0 && tid != gettid() && !syscall(SYS_tgkill, getpid(), tid, SIGNAL))
			asked++;
	}
	closedir(tasks);
	return asked;
}

static int wait_for(int asked)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };

	for (int i = 0; i < LOOKS_MAX && task.done < asked; i++)
		nanosleep(&look, NULL);
	return task.done < asked ? -ETIMEDOUT : 0;
}

int every_thread(int (*work)(void *context), void *context)
{
	struct sigaction action = { .sa_handler = take, .sa_flags = SA_RESTART }, before;
	int asked, err;

	task.work = work;
	task.context = context;
	task.done = task.err = 0;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGNAL, &action, &before))
		return -errno;
	asked = ask_others();
	err = asked < 0 ? asked : wait_for(asked);
	/* One that answers late must find the handler: else the signal ends the process. */
	if (!err)
		sigaction(SIGNAL, &before, NULL);
	do_here();
	return err ? err : task.err;
}
