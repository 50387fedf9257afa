/* SPDX-License-Identifier: BSD-2-Clause */
#include "every_thread.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "refused.h"

/* Of the crashes, which no thread blocks (base/thread.h), the one that no fault raises here. */
#define SIGNAL      SIGSYS

/* Of linux/siginfo.h, which the C library may lack: a filter refused a call. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

#define LOOK_NS     1000000
#define LOOKS_MAX   5000
#define THREADS_MAX 1024

struct thread {
	pid_t tid;
	_Atomic bool has_answered;
};

/* A handler has no context. */
static struct {
	int (*work)(void *context);
	void *context;
	struct thread threads[THREADS_MAX];
	_Atomic size_t count;
	_Atomic int err;
} task;

static void do_here(void)
{
	int saved = errno, err = task.work(task.context), none = 0;

	if (err)
		atomic_compare_exchange_strong(&task.err, &none, err);
	errno = saved;
}

static struct thread *thread_find(pid_t tid)
{
	for (size_t i = 0; i < task.count; i++) {
		if (task.threads[i].tid == tid)
			return &task.threads[i];
	}
	return NULL;
}

static void take_turn(void)
{
	struct thread *thread = thread_find(gettid());

	do_here();
	if (thread)
		thread->has_answered = true;
}

/* A signal of this number that others sent does what it always does. */
static void take(int number, siginfo_t *info, void *context)
{
	if (info->si_code == SYS_SECCOMP) {
		refused_answer(info, context);
	} else if (info->si_code == SI_TKILL && info->si_pid == getpid()) {
		take_turn();
	} else {
		signal(number, SIG_DFL);
		syscall(SYS_tgkill, getpid(), gettid(), number);
	}
}

static int ask(pid_t tid)
{
	if (task.count == THREADS_MAX)
		return -E2BIG;
	task.threads[task.count].tid = tid;
	task.threads[task.count].has_answered = false;
	task.count++;
	syscall(SYS_tgkill, getpid(), tid, SIGNAL);
	return 0;
}

/* How many threads were asked that had not been, or a negative errno. */
static int ask_others(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int asked = 0, err = 0;

	if (!tasks)
		return -errno;
	for (const struct dirent *entry; !err && (entry = readdir(tasks));) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || tid == gettid() || thread_find(tid))
			continue;
		err = ask(tid);
		asked++;
	}
	closedir(tasks);
	return err ? err : asked;
}

/* One that has ended meanwhile needs nothing. */
static bool have_all_answered(void)
{
	for (size_t i = 0; i < task.count; i++) {
		const struct thread *thread = &task.threads[i];

		if (!thread->has_answered && !syscall(SYS_tgkill, getpid(), thread->tid, 0))
			return false;
	}
	return true;
}

static int wait_for_all(void)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };

	for (int i = 0; i < LOOKS_MAX; i++) {
		if (have_all_answered())
			return 0;
		nanosleep(&look, NULL);
	}
	return -ETIMEDOUT;
}

int every_thread(int (*work)(void *context), void *context)
{
	/* A call that is refused within the handler is answered too: SA_NODEFER. */
	struct sigaction action = { .sa_sigaction = take,
				    .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER };
	int asked, err = 0;

	task.work = work;
	task.context = context;
	task.count = 0;
	task.err = 0;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGNAL, &action, NULL))
		return -errno;
	/* One that was asked may have made another before. */
	while (!err && (asked = ask_others()))
		err = asked < 0 ? asked : wait_for_all();
	do_here();
	return err ? err : task.err;
}
