/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process that gave up its rights is refused, part by part, each with its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../user/rights/capabilities.h"
#include "../../user/rights/rights.h"

#define ELSEWHERE "/tmp/weir-elsewhere"

#define TRIES(X)                                          \
	X(read_elsewhere, open("/etc/passwd", O_RDONLY))  \
	X(write_elsewhere, open(ELSEWHERE, O_WRONLY | O_CREAT, 0600)) \
	X(execute, execl("/bin/true", "true", NULL))      \
	X(make_a_process, fork_and_end())                 \
	X(trace, (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0)) \
	X(load_a_program, bpf_command(BPF_PROG_LOAD))     \
	X(make_a_map, bpf_command(BPF_MAP_CREATE))        \
	X(attach, bpf_command(BPF_LINK_CREATE))           \
	X(ask_maps, bpf_command(BPF_MAP_LOOKUP_ELEM))     \
	X(open_a_host, socket(AF_INET, SOCK_STREAM, 0))   \
	X(capture, socket(AF_PACKET, SOCK_RAW, 0))        \
	X(mount_here, mount("none", "/mnt", "tmpfs", 0, NULL)) \
	X(leave_the_namespace, unshare(CLONE_NEWUSER))    \
	X(end_another, kill(getppid(), SIGTERM))          \
	X(end_a_thread_of_another, (int)syscall(SYS_tgkill, getppid(), getppid(), SIGTERM)) \
	X(type_on_the_terminal, ioctl(STDIN_FILENO, TIOCSTI, "x"))

#define AS_ENUM(name, call) TRY_##name,
enum try { TRIES(AS_ENUM) TRY_COUNT };
#define AS_NAME(name, call) #name,
static const char *const try_names[] = { TRIES(AS_NAME) };

struct answers {
	struct rights_force force;
	int err[TRY_COUNT];      /* 0: it was allowed */
	uint64_t capabilities, of_thread;
	bool is_thread_refused;
};

static int fork_and_end(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return (int)pid;
}

static int bpf_command(int command)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = UINT32_MAX;
	return (int)syscall(SYS_bpf, command, &attr, sizeof(attr));
}

static void try_all(struct answers *answers)
{
#define TRY(name, call)                                         \
	errno = 0;                                              \
	answers->err[TRY_##name] = (call) < 0 ? errno : 0;
	TRIES(TRY)
}

struct other {
	pthread_barrier_t confined;
	struct answers *answers;
};

/* One that was there before. */
static void *other_work(void *context)
{
	struct other *other = context;
	int fd;

	pthread_barrier_wait(&other->confined);
	fd = open("/etc/passwd", O_RDONLY);
	other->answers->is_thread_refused = fd < 0;
	other->answers->of_thread = capabilities_permitted();
	return NULL;
}

static void confine_and_try(const struct rights *rights, struct answers *answers)
{
	struct other other = { .answers = answers };
	pthread_t thread;

	pthread_barrier_init(&other.confined, NULL, 2);
	pthread_create(&thread, NULL, other_work, &other);
	rights_confine(rights, &answers->force);
	pthread_barrier_wait(&other.confined);
	pthread_join(thread, NULL);
	answers->capabilities = capabilities_permitted();
	try_all(answers);
}

static struct answers answers_of(const struct rights *rights)
{
	struct answers *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct answers answers;
	pid_t pid;

	assert_true(shared != MAP_FAILED);
	memset(shared, 0xff, sizeof(*shared));
	pid = fork();
	if (!pid) {
		confine_and_try(rights, shared);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	answers = *shared;
	munmap(shared, sizeof(*shared));
	/* Nothing is in force in what is built with a sanitizer. */
	if (answers.force.is_sanitized)
		skip();
	assert_int_equal(answers.force.thread_err, 0);
	return answers;
}

static void expect_refused(const struct answers *answers, const enum try *tries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int err = answers->err[tries[i]];

		/* Files by Landlock; all else by seccomp. */
		if (err != EPERM && err != EACCES)
			print_error("%s: %s\n", try_names[tries[i]], strerror(err));
		assert_true(err == EPERM || err == EACCES);
	}
}

#define EXPECT_REFUSED(answers, ...)                                                      \
	do {                                                                              \
		static const enum try tries[] = { __VA_ARGS__ };                          \
		expect_refused(answers, tries, sizeof(tries) / sizeof(tries[0]));         \
	} while (0)

static void whoever_reads_a_capture_can_do_nothing_else(void **state)
{
	const struct rights rights = { .part = RIGHTS_REPLAY };
	const struct answers answers = answers_of(&rights);

	(void)state;
	EXPECT_REFUSED(&answers, TRY_execute, TRY_make_a_process, TRY_trace, TRY_load_a_program,
		       TRY_make_a_map, TRY_attach, TRY_ask_maps, TRY_open_a_host, TRY_capture,
		       TRY_mount_here, TRY_leave_the_namespace, TRY_end_another,
		       TRY_end_a_thread_of_another, TRY_type_on_the_terminal);
	assert_int_equal(answers.capabilities, 0);
}

static void files_are_out_of_reach_where_landlock_is_there(void **state)
{
	const struct rights rights = { .part = RIGHTS_LIVE };
	const struct answers answers = answers_of(&rights);

	(void)state;
	if (answers.force.landlock_err)
		skip();
	EXPECT_REFUSED(&answers, TRY_read_elsewhere, TRY_write_elsewhere);
}

static void the_agent_asks_its_maps_and_makes_none(void **state)
{
	const struct rights rights = { .part = RIGHTS_LIVE,
				       .capabilities = 1ull << CAP_BPF | 1ull << CAP_NET_ADMIN };
	const struct answers answers = answers_of(&rights);

	(void)state;
	EXPECT_REFUSED(&answers, TRY_load_a_program, TRY_make_a_map, TRY_attach, TRY_execute,
		       TRY_trace, TRY_open_a_host, TRY_capture, TRY_make_a_process);
	assert_int_not_equal(answers.err[TRY_ask_maps], 0);
	if (!geteuid())
		assert_int_equal(answers.err[TRY_ask_maps], EBADF);
}

static void the_helper_attaches_and_loads_nothing(void **state)
{
	const struct rights rights = { .part = RIGHTS_HELPER,
				       .capabilities = 1ull << CAP_BPF | 1ull << CAP_NET_ADMIN |
						       1ull << CAP_SYS_ADMIN };
	const struct answers answers = answers_of(&rights);

	(void)state;
	EXPECT_REFUSED(&answers, TRY_load_a_program, TRY_make_a_map, TRY_execute, TRY_trace,
		       TRY_mount_here, TRY_open_a_host, TRY_capture, TRY_make_a_process,
		       TRY_leave_the_namespace, TRY_end_another);
	if (!geteuid())
		assert_int_not_equal(answers.err[TRY_attach], EPERM);
}

/* Without Landlock, which would hide from it what it looks for. */
static void a_helper_that_sees_processes_writes_nowhere(void **state)
{
	const struct rights rights = { .part = RIGHTS_HELPER, .has_no_landlock = true };
	const struct answers answers = answers_of(&rights);

	(void)state;
	assert_int_equal(answers.err[TRY_read_elsewhere], 0);
	EXPECT_REFUSED(&answers, TRY_write_elsewhere);
}

static void a_view_executes_traces_and_mounts_nothing(void **state)
{
	const struct rights rights = { .part = RIGHTS_TOP, .has_no_landlock = true,
				       .capabilities = 1ull << CAP_BPF | 1ull << CAP_SYS_ADMIN };
	/* It may end others: its tests are told to end. */
	const bool is_spared = signal(SIGTERM, SIG_IGN) != SIG_ERR;
	const struct answers answers = answers_of(&rights);

	assert_true(is_spared);
	(void)state;
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(answers.err[TRY_make_a_process], 0);
	assert_int_equal(answers.err[TRY_read_elsewhere], 0);
	assert_int_equal(answers.capabilities & ~rights.capabilities, 0);
	EXPECT_REFUSED(&answers, TRY_execute, TRY_trace, TRY_mount_here, TRY_leave_the_namespace);
}

static void a_sender_opens_sockets_and_no_other_file(void **state)
{
	const struct rights rights = { .part = RIGHTS_SENDER, .read = { "/etc" }, .read_count = 1 };
	const struct answers answers = answers_of(&rights);

	(void)state;
	assert_int_equal(answers.err[TRY_open_a_host], 0);
	assert_int_equal(answers.err[TRY_read_elsewhere], 0);
	EXPECT_REFUSED(&answers, TRY_execute, TRY_trace, TRY_load_a_program, TRY_mount_here,
		       TRY_end_another, TRY_make_a_process);
	if (!answers.force.landlock_err)
		EXPECT_REFUSED(&answers, TRY_write_elsewhere);
}

static void a_writer_reaches_its_directory(void **state)
{
	const struct rights rights = { .part = RIGHTS_WRITER, .write = { "/tmp" }, .write_count = 1 };
	const struct answers answers = answers_of(&rights);

	(void)state;
	assert_int_equal(answers.err[TRY_write_elsewhere], 0);
	unlink(ELSEWHERE);
	EXPECT_REFUSED(&answers, TRY_execute, TRY_trace, TRY_load_a_program, TRY_open_a_host,
		       TRY_make_a_process);
	if (!answers.force.landlock_err)
		EXPECT_REFUSED(&answers, TRY_read_elsewhere);
}

static void threads_that_were_there_before_lose_theirs_too(void **state)
{
	const struct rights rights = { .part = RIGHTS_REPLAY };
	const struct answers answers = answers_of(&rights);

	(void)state;
	assert_int_equal(answers.of_thread, 0);
	if (!answers.force.landlock_err)
		assert_true(answers.is_thread_refused);
}

static void what_is_in_force_is_told_in_words(void **state)
{
	struct rights_force force = { .landlock_abi = 3 };
	char text[256];

	(void)state;
	assert_string_equal(rights_text(&force, text, sizeof(text)),
			    "no capabilities; Landlock 3; seccomp");
	force = (struct rights_force){ .landlock_err = -ENOSYS, .seccomp_err = -EINVAL,
				       .capabilities = 1ull << CAP_BPF };
	assert_string_equal(rights_text(&force, text, sizeof(text)),
			    "CAP_BPF; no Landlock (Function not implemented); "
			    "no seccomp (Invalid argument)");
	force = (struct rights_force){ .landlock_err = -ECANCELED, .thread_err = -ETIMEDOUT };
	assert_string_equal(rights_text(&force, text, sizeof(text)),
			    "no capabilities; all files; seccomp; not in all threads: "
			    "Connection timed out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_reads_a_capture_can_do_nothing_else),
		cmocka_unit_test(files_are_out_of_reach_where_landlock_is_there),
		cmocka_unit_test(the_agent_asks_its_maps_and_makes_none),
		cmocka_unit_test(the_helper_attaches_and_loads_nothing),
		cmocka_unit_test(a_helper_that_sees_processes_writes_nowhere),
		cmocka_unit_test(a_view_executes_traces_and_mounts_nothing),
		cmocka_unit_test(a_sender_opens_sockets_and_no_other_file),
		cmocka_unit_test(a_writer_reaches_its_directory),
		cmocka_unit_test(threads_that_were_there_before_lose_theirs_too),
		cmocka_unit_test(what_is_in_force_is_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
