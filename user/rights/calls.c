/* SPDX-License-Identifier: BSD-2-Clause */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parts.h"
#include "refused.h"

struct name_list {
	const char *const *names;
	size_t count;
	uint32_t parts; /* bit n: rights_part n has them */
};

#define OF(part)    (1u << (part))
#define OF_ALL      (OF(RIGHTS_PART_COUNT) - 1)
#define OF_OUTPUTS  (OF(RIGHTS_WRITER) | OF(RIGHTS_SENDER))
#define OF_WRITERS  (OF_OUTPUTS | OF(RIGHTS_PINNED) | OF(RIGHTS_PIN_HELPER))
#define OF_COUNTERS (OF(RIGHTS_LIVE) | OF(RIGHTS_PINNED))
#define OF_LIVE     (OF_COUNTERS | OF(RIGHTS_CAPTURE))
#define OF_HELPERS  (OF(RIGHTS_HELPER) | OF(RIGHTS_PIN_HELPER))
#define OF_AGENTS   (OF(RIGHTS_REPLAY) | OF_LIVE)
#define OF_ASKERS   (OF_LIVE | OF_HELPERS)
#define LIST(names, parts) { names, sizeof(names) / sizeof(names[0]), parts }

static const char *const any_names[] = { PART_ANY(NAME_AS_ROW) };
static const char *const look_names[] = { PART_LOOK(NAME_AS_ROW) };
static const char *const file_names[] = { PART_FILES(NAME_AS_ROW) };
static const char *const child_names[] = { PART_CHILDREN(NAME_AS_ROW) };
static const char *const serve_names[] = { PART_SERVE(NAME_AS_ROW) };
static const char *const ask_names[] = { PART_ASK(NAME_AS_ROW) };
static const char *const help_names[] = { PART_HELP(NAME_AS_ROW) };
static const char *const network_names[] = { PART_NETWORK(NAME_AS_ROW) };

static const struct name_list lists[] = {
	LIST(any_names, OF_ALL),
	LIST(look_names, OF_ALL),
	LIST(file_names, OF_WRITERS),
	LIST(child_names, OF_AGENTS),
	LIST(serve_names, OF_AGENTS),
	LIST(ask_names, OF_ASKERS),
	LIST(help_names, OF_HELPERS),
	LIST(network_names, OF(RIGHTS_SENDER)),
};

#define VALUE_AS_ROW(value) value,
static const scmp_datum_t ioctls[] = { PART_IOCTLS(VALUE_AS_ROW) };

static const struct { uint32_t parts; int command; } commands[] = {
#define COMMAND_AS_ROW(parts, command) { parts, command },
	PART_BPF(COMMAND_AS_ROW)
};

static const char *const never_names[] = { PART_NEVER(NAME_AS_ROW) };

/* A name that this architecture has not is of another one. */
static int add_name(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name), err;

	if (number == __NR_SCMP_ERROR)
		return 0;
	err = seccomp_rule_add(filter, action, number, 0);
	return err == -EDOM ? 0 : err;
}

static int allow_names(scmp_filter_ctx filter, enum rights_part part)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (size_t j = 0; j < lists[i].count && !err; j++) {
			if (lists[i].parts & OF(part))
				err = add_name(filter, SCMP_ACT_ALLOW, lists[i].names[j]);
		}
	}
	return err;
}

static int allow_commands(scmp_filter_ctx filter, enum rights_part part)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && !err; i++) {
		if (commands[i].parts & OF(part))
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
					       SCMP_A0(SCMP_CMP_EQ,
						       (scmp_datum_t)commands[i].command, 0));
	}
	return err;
}

static int allow_socket(scmp_filter_ctx filter, int family)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));
}

/*
 * An interface is asked by netlink, or by an ioctl on any socket; one that is back is captured from
 * anew. Nothing is sent to hosts.
 */
static int allow_sockets(scmp_filter_ctx filter, enum rights_part part)
{
	int err = allow_socket(filter, AF_NETLINK);

	if (!err)
		err = allow_socket(filter, AF_UNIX);
	if (!err && part == RIGHTS_CAPTURE)
		err = allow_socket(filter, AF_PACKET);
	return err;
}

/* Of this process alone: its threads, its limits. */
static int allow_own(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				       SCMP_A0(SCMP_CMP_EQ, 0, 0));
	/* What a thread that answers late still has to do (every_thread.h). */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0));
	return err;
}

/*
 * Threads, and no process. Libraries have all signals blocked meanwhile: the signal that would
 * tell of it (refused.h) would end this process.
 */
static int allow_threads(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	/* Its flags lie in memory, where a filter cannot look: libc then takes clone. */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return err;
}

static int allow_ioctls(scmp_filter_ctx filter)
{
	/* SIOCGIFINDEX and its like: 0x89 is what they begin with (ioctl_list(2)). */
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				   SCMP_A1(SCMP_CMP_MASKED_EQ, ~0xffull, 0x8900));

	for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0));
	return err;
}

/* A writer that nobody can wait for any more is ended; nothing else is sent to anybody. */
static int allow_kills(scmp_filter_ctx filter, const struct rights *rights)
{
	int err = 0;

	for (size_t i = 0; i < rights->killed_count && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 2,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)rights->killed[i], 0),
				       SCMP_A1(SCMP_CMP_EQ, SIGKILL, 0));
	return err;
}

/* Files are written by outputs, and by what keeps a place. */
static int allow_opening(scmp_filter_ctx filter, enum rights_part part)
{
	const scmp_datum_t writing = OF(part) & OF_WRITERS ? 0 : O_ACCMODE | O_CREAT | O_TRUNC;
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
				   SCMP_A1(SCMP_CMP_MASKED_EQ, writing, 0));

	if (err && err != -EDOM)
		return err;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
}

static int allow_special(scmp_filter_ctx filter, const struct rights *rights)
{
	enum rights_part part = rights->part;
	int err = allow_commands(filter, part);

	if (!err)
		err = allow_threads(filter);
	if (!err)
		err = allow_own(filter);
	if (!err)
		err = allow_ioctls(filter);
	if (!err)
		err = allow_opening(filter, part);
	if (!err && (OF(part) & OF_ASKERS))
		err = allow_sockets(filter, part);
	return err ? err : allow_kills(filter, rights);
}

/* What a tracer leaves of a call that it answers itself. */
static int allow_nothing(scmp_filter_ctx filter)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1);

	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, -1, 0);
}

static int allow_listed(scmp_filter_ctx filter, const struct rights *rights)
{
	int err = allow_nothing(filter);

	if (!err)
		err = allow_names(filter, rights->part);
	return err ? err : allow_special(filter, rights);
}

/* In the place of a list: the signal that would tell is one that the view takes for a crash. */
static int refuse_never(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(never_names) / sizeof(never_names[0]) && !err; i++)
		err = add_name(filter, SCMP_ACT_ERRNO(EPERM), never_names[i]);
	return err;
}

static uint32_t action_for_others(enum rights_part part)
{
	if (part == RIGHTS_TOP)
		return SCMP_ACT_ALLOW;
	return refused_can_tell() ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM);
}

int calls_limit(const struct rights *rights)
{
	scmp_filter_ctx filter = seccomp_init(action_for_others(rights->part));
	int err;

	if (!filter)
		return -ENOMEM;
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = rights->part == RIGHTS_TOP ? refuse_never(filter) :
						 allow_listed(filter, rights);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

int calls_survey(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? -errno : 0;
}
