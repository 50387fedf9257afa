/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/thread.h"
#include "helper_message.h"

static struct {
	int fd;
	pid_t pid;
	bool is_used;
	pthread_mutex_t mutex; /* of a question with its answer */
} helper = { .fd = -1, .mutex = PTHREAD_MUTEX_INITIALIZER };

/* 0 once it is answered; the bytes of both are in memory of its own. */
static int answer_one(int socket_fd, helper_fn *const answers[HELPER_QUESTION_COUNT])
{
	struct helper_part question = { .fd = -1 }, answer = { .fd = -1 };
	struct helper_head head;
	int err = helper_receive(socket_fd, &head, &question.fd);

	if (!err && (head.length > HELPER_BYTES_MAX || head.room > HELPER_BYTES_MAX))
		err = -EMSGSIZE;
	if (!err) {
		question = (struct helper_part){ malloc(head.length + 1), head.length, question.fd };
		answer = (struct helper_part){ calloc(1, head.room + 1), head.room, -1 };
		err = question.bytes && answer.bytes ? 0 : -ENOMEM;
	}
	if (!err)
		err = helper_receive_bytes(socket_fd, question.bytes, question.length);
	if (!err) {
		head.err = head.number < HELPER_QUESTION_COUNT && answers[head.number] ?
				   answers[head.number](&question, &answer) : -EPERM;
		head.length = (uint32_t)(answer.length < head.room ? answer.length : head.room);
		err = helper_send(socket_fd, &head, answer.bytes, answer.fd);
	}
	if (question.fd >= 0)
		close(question.fd);
	if (answer.fd >= 0)
		close(answer.fd);
	free(question.bytes);
	free(answer.bytes);
	return err;
}

/* Whoever waits for the end of standard output does not wait for this process. */
static void drop_files(int socket_fd, int kept_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd < STDERR_FILENO; fd++) {
		if (null >= 0)
			dup2(null, fd);
	}
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++) {
		if (fd != socket_fd && fd != kept_fd)
			close(fd);
	}
}

static _Noreturn void run(int socket_fd, helper_fn *const answers[HELPER_QUESTION_COUNT],
			  const struct rights *rights, int kept_fd)
{
	struct rights_force force;
	sigset_t blocked;

	prctl(PR_SET_NAME, "weir-helper");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	thread_signals_fill(&blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	drop_files(socket_fd, kept_fd);
	rights_confine(rights, &force);
	while (!answer_one(socket_fd, answers))
		continue;
	_exit(0);
}

int helper_start(helper_fn *const answers[HELPER_QUESTION_COUNT], const struct rights *rights,
		 int kept_fd)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	helper.pid = fork();
	if (helper.pid < 0) {
		int err = -errno;

		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (!helper.pid) {
		close(ends[0]);
		run(ends[1], answers, rights, kept_fd);
	}
	close(ends[1]);
	helper.fd = ends[0];
	return 0;
}

void helper_use(void)
{
	helper.is_used = helper.fd >= 0;
}

bool helper_is_used(void)
{
	return helper.is_used;
}

/* What does not fit is thrown away with the connection: the other side is this program. */
static int take_answer(const struct helper_head *head, struct helper_part *answer)
{
	if (head->length > answer->length)
		return -EOWNERDEAD;
	answer->length = head->length;
	return helper_receive_bytes(helper.fd, answer->bytes, head->length);
}

static int ask(enum helper_question number, const struct helper_part *question,
	       struct helper_part *answer)
{
	struct helper_head head = { .number = number, .length = (uint32_t)question->length,
				    .room = (uint32_t)answer->length };
	int err = helper_send(helper.fd, &head, question->bytes, question->fd);

	if (!err)
		err = helper_receive(helper.fd, &head, &answer->fd);
	if (!err)
		err = take_answer(&head, answer);
	return err ? err : head.err;
}

int helper_ask(enum helper_question number, const struct helper_part *question,
	       struct helper_part *answer)
{
	int err;

	answer->fd = -1;
	if (helper.fd < 0 || question->length > HELPER_BYTES_MAX)
		return -EOWNERDEAD;
	pthread_mutex_lock(&helper.mutex);
	err = ask(number, question, answer);
	pthread_mutex_unlock(&helper.mutex);
	return err;
}

void helper_stop(void)
{
	if (helper.fd < 0)
		return;
	shutdown(helper.fd, SHUT_RDWR);
	close(helper.fd);
	helper.fd = -1;
	helper.is_used = false;
	waitpid(helper.pid, NULL, 0);
}
