/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent_rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <time.h>

#include "../attach/attach_answer.h"
#include "../attach/attach_ask.h"
#include "../attach/attachment.h"
#include "../base/report.h"
#include "../owners/process_answer.h"
#include "../rights/capabilities.h"
#include "../rights/helper.h"
#include "../rights/rights.h"
#include "../system/machine.h"
#include "../system/netdev.h"

static void allow_reading(struct rights *rights, const char *path)
{
	rights->read[rights->read_count++] = path;
}

/* What others are called at a hook takes CAP_SYS_ADMIN, where it is had at all. */
static struct rights rights_of_helper(const struct options *options)
{
	struct rights rights = { .part = RIGHTS_HELPER,
				 .capabilities = MACHINE_CAP(CAP_NET_ADMIN) | MACHINE_CAP(CAP_BPF) |
						 MACHINE_CAP(CAP_PERFMON) |
						 MACHINE_CAP(CAP_SYS_ADMIN) };

	if (!options->processes)
		return rights;
	rights.sees_processes = true;
	rights.capabilities |= MACHINE_CAP(CAP_SYS_PTRACE) | MACHINE_CAP(CAP_DAC_READ_SEARCH);
	return rights;
}

int agent_helper_start(const struct options *options)
{
	helper_fn *answers[HELPER_QUESTION_COUNT] = { NULL };
	const struct rights rights = rights_of_helper(options);
	int err;

	if (options->file || options->pin)
		return 0;
	attach_answers(answers);
	/* It may not try that any more. */
	(void)netdev_kernel_has_frags();
	if (options->processes)
		process_answers(answers);
	err = helper_start(answers, &rights);
	if (err)
		report_error("start: a second process: %s", strerror(-err));
	return err;
}

static bool is_captured(const struct source_facts *facts)
{
	return facts->attached_count &&
	       !strcmp(facts->attached[0], attach_point_name(ATTACH_CAPTURE));
}

static bool is_any(const struct options *options)
{
	return options->interface_count && !strcmp(options->interfaces[0], INTERFACES_ANY);
}

/* libpcap opens an interface that is back by itself. */
static void rights_of_capture(struct rights *rights)
{
	rights->part = RIGHTS_CAPTURE;
	rights->capabilities = MACHINE_CAP(CAP_NET_RAW) | MACHINE_CAP(CAP_NET_ADMIN);
	allow_reading(rights, "/sys");
}

static int rights_of_live(struct rights *rights, const struct source_facts *facts,
			  const struct options *options)
{
	bool is_by_libpcap = is_captured(facts);
	int err = 0;

	/* Drops of the backlog are there. */
	allow_reading(rights, "/proc");
	if (is_by_libpcap) {
		rights_of_capture(rights);
	} else {
		rights->part = RIGHTS_LIVE;
		if (!capabilities_are_needless_for_bpf())
			rights->capabilities = MACHINE_CAP(CAP_BPF);
		err = attach_ask_rule(facts->names, is_any(options) ? 0 : facts->name_count);
	}
	if (!err)
		helper_use();
	return err;
}

static void tell(const struct rights_force *force)
{
	char text[256];

	report_verbose("rights: %s", rights_text(force, text, sizeof(text)));
	if (force->landlock_err || force->seccomp_err)
		report_verbose("rights: this kernel lacks a part of what would limit them");
}

void agent_confine(const struct agent *agent, const struct options *options)
{
	const struct source_facts *facts = source_facts(agent_source(agent));
	struct rights rights = { .part = RIGHTS_REPLAY };
	struct rights_force force;

	if (options->pin) {
		report_verbose("rights: all: a pinned run makes and removes what it pins");
		return;
	}
	/* It reads a file once, which is out of reach later. */
	tzset();
	if (facts->is_live && rights_of_live(&rights, facts, options)) {
		report_error("rights: all: the second process has ended");
		return;
	}
	rights_confine(&rights, &force);
	tell(&force);
}
