/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent_rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <time.h>

#include "../attach/attach_answer.h"
#include "../attach/attach_ask.h"
#include "../attach/attachment.h"
#include "../attach/pinned_answer.h"
#include "../base/report.h"
#include "../owners/process_answer.h"
#include "../rights/capabilities.h"
#include "../rights/helper.h"
#include "../rights/rights.h"
#include "../system/machine.h"
#include "../system/netdev.h"
#include "agent_private.h"

static void allow_reading(struct rights *rights, const char *path)
{
	rights->read[rights->read_count++] = path;
}

/* Root writes where others are owners. */
static void allow_writing(struct rights *rights, const char *path)
{
	rights->write[rights->write_count++] = path;
	if (!capabilities_are_needless(path))
		rights->capabilities |= MACHINE_CAP(CAP_DAC_OVERRIDE);
}

/* What others are called at a hook takes CAP_SYS_ADMIN, where it is had at all. */
static struct rights rights_of_helper(const struct options *options, const struct pin *pin)
{
	struct rights rights = { .part = pin ? RIGHTS_PIN_HELPER : RIGHTS_HELPER,
				 .capabilities = MACHINE_CAP(CAP_NET_ADMIN) | MACHINE_CAP(CAP_BPF) |
						 MACHINE_CAP(CAP_PERFMON) |
						 MACHINE_CAP(CAP_SYS_ADMIN) };

	if (pin)
		allow_writing(&rights, pin->place.pinned);
	if (!options->processes)
		return rights;
	rights.has_no_landlock = true;
	rights.capabilities |= MACHINE_CAP(CAP_SYS_PTRACE) | MACHINE_CAP(CAP_DAC_READ_SEARCH);
	return rights;
}

int agent_helper_start(const struct options *options, const struct pin *pin)
{
	helper_fn *answers[HELPER_QUESTION_COUNT] = { NULL };
	const struct rights rights = rights_of_helper(options, pin);
	int err;

	if (options->file)
		return 0;
	attach_answers(answers);
	if (pin)
		pinned_answers(answers, &pin->place);
	/* It may not try that any more. */
	(void)netdev_kernel_has_frags();
	if (options->processes)
		process_answers(answers);
	/* Whoever takes the place over waits for the end of both. */
	err = helper_start(answers, &rights, pin ? pin->place.lock_fd : -1);
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

static int rights_of_live(struct rights *rights, const struct agent *agent,
			  const struct options *options)
{
	const struct source_facts *facts = source_facts(agent->source);
	bool is_by_libpcap = is_captured(facts);
	int err = 0;

	/* Drops of the backlog are there. */
	allow_reading(rights, "/proc");
	if (is_by_libpcap) {
		rights_of_capture(rights);
	} else {
		rights->part = agent->config.pin ? RIGHTS_PINNED : RIGHTS_LIVE;
		if (agent->config.pin)
			allow_writing(rights, agent->config.pin->place.files);
		if (!capabilities_are_needless_for_bpf())
			rights->capabilities |= MACHINE_CAP(CAP_BPF);
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
	if ((force->landlock_err && force->landlock_err != -ECANCELED) || force->seccomp_err)
		report_verbose("rights: this kernel lacks a part of what would limit them");
}

void agent_confine(const struct agent *agent, const struct options *options)
{
	struct rights rights = { .part = RIGHTS_REPLAY };
	struct rights_force force;

	/* It reads a file once, which is out of reach later. */
	tzset();
	if (source_facts(agent->source)->is_live && rights_of_live(&rights, agent, options)) {
		report_error("rights: all: the second process has ended");
		return;
	}
	rights.killed_count = outputs_processes(agent->outputs, rights.killed, RIGHTS_KILLED_MAX);
	rights_confine(&rights, &force);
	tell(&force);
}

void agent_confine_view(void)
{
	static const int kept[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, CAP_NET_RAW, CAP_SYS_ADMIN,
				    CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE,
				    CAP_FOWNER, CAP_SYS_RESOURCE, CAP_NET_BIND_SERVICE };
	struct rights rights = { .part = RIGHTS_TOP, .has_no_landlock = true };
	struct rights_force force;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		rights.capabilities |= MACHINE_CAP(kept[i]);
	rights_confine(&rights, &force);
	tell(&force);
}
