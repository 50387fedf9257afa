/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine_judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../include/bank.h"
#include "survey.h"

#define CAPS_MAX 96
#define MIB      (1024.0 * 1024.0)

static void kernel_judge(const struct machine_facts *facts, struct findings *findings)
{
	struct finding *finding = findings_add(findings, "kernel");

	finding_fact(finding, "%s%s", facts->kernel, facts->realtime ? ", PREEMPT_RT" : "");
	finding_action(finding, "new enough");
	if (facts->realtime)
		finding_action(finding, "each program claims its section first");
	if (!machine_kernel_is_at_least(facts, MACHINE_KERNEL_MAJOR, MACHINE_KERNEL_MINOR)) {
		finding->state = FINDING_NOTE;
		finding_action(finding, "weir is made for %u.%u and newer: loading may fail",
			       MACHINE_KERNEL_MAJOR, MACHINE_KERNEL_MINOR);
	}
	if (!facts->has_bpf) {
		finding->state = FINDING_FAIL;
		finding_fact(finding, "%s, without the bpf system call", facts->kernel);
		finding_action(finding, "nothing can be loaded: it needs CONFIG_BPF_SYSCALL=y");
	}
}

static void jit_judge(const struct machine_facts *facts, struct findings *findings)
{
	struct finding *finding = findings_add(findings, "JIT");

	if (facts->jit == MACHINE_JIT_ON) {
		finding_fact(finding, "on");
		finding_action(finding, "programs run as machine code");
		return;
	}
	finding->state = FINDING_NOTE;
	if (facts->jit == MACHINE_JIT_UNKNOWN) {
		finding_fact(finding, "not known");
		finding_action(finding, "asking for it needs privileges");
		return;
	}
	finding_fact(finding, "off");
	finding_action(finding, "programs are interpreted: a packet costs many times as much");
	finding_mend(finding, "sysctl -w net.core.bpf_jit_enable=1");
}

static void missing_judge(const struct machine_facts *facts, uint64_t missing,
			  struct finding *finding)
{
	const char *grant = facts->is_root ? ": what started weir has to grant it" : "";
	char text[CAPS_MAX];

	finding_fact(finding, "without %s", machine_capabilities_text(missing, text, sizeof(text)));
	finding->state = FINDING_FAIL;
	finding_action(finding, "nothing can be attached%s", grant);
	if (!facts->is_root)
		finding_mend(finding, "sudo weir check");
}

static void privileges_judge(const struct machine_facts *facts, uint64_t wanted,
			     struct findings *findings)
{
	struct finding *finding = findings_add(findings, "privileges");
	uint64_t missing = machine_capabilities_missing(facts, wanted);
	char text[CAPS_MAX];

	if (missing) {
		missing_judge(facts, missing, finding);
		return;
	}
	finding_fact(finding, "%s", machine_capabilities_text(wanted, text, sizeof(text)));
	finding_action(finding, "programs can be loaded and attached");
	if (wanted == MACHINE_CAPS_PCAP) {
		finding_action(finding, "packets can be captured");
	} else if (facts->load_error && facts->has_bpf) {
		finding->state = FINDING_FAIL;
		finding_action(finding, "refused all the same (%s): container, seccomp, lockdown?",
			       strerror(-facts->load_error));
	}
}

static struct bank_shape banks_shape(const struct machine_survey *machine)
{
	return (struct bank_shape){ .slots_per_cpu = machine->slots,
				    .cpus = machine->facts.cpus, .links = machine->links };
}

static void memory_judge(const struct machine_survey *machine, bool slots_given,
			 struct finding *finding)
{
	const struct machine_facts *facts = &machine->facts;
	const struct bank_shape shape = banks_shape(machine);

	finding_fact(finding, "two banks of %u flows on %u CPUs take %.0f MiB of %.0f MiB%s",
		     machine->slots, facts->cpus, (double)machine->banks_bytes / MIB,
		     (double)facts->memory_bytes / MIB,
		     facts->memory_is_limited ? " (its control group's limit)" : "");
	finding_action(finding, "taken at the start, given back at the end");
	if (machine_allows_banks(machine->banks_bytes, facts->memory_bytes, false))
		return;
	finding->state = slots_given ? FINDING_NOTE : FINDING_FAIL;
	finding_action(finding, slots_given ? "more than a quarter, taken because --slots is given"
					    : "refused: more than a quarter of the memory");
	finding_mend(finding, "weir run --slots %u",
		     machine_slots_max(facts->memory_bytes, &shape));
}

static void memlock_judge(const struct machine_survey *machine, struct findings *findings)
{
	const struct machine_facts *facts = &machine->facts;
	struct finding *finding;

	if (!facts->memlock_counts || facts->memlock_bytes >= machine->banks_bytes)
		return;
	finding = findings_add(findings, "memlock");
	finding->state = FINDING_NOTE;
	finding_fact(finding, "%" PRIu64 " KiB, less than the banks take",
		     facts->memlock_bytes / 1024);
	finding_action(finding, "weir raises the limit where it is root");
	finding_mend(finding, "ulimit -l unlimited");
}

static void pinned_judge(const struct pin_sight *pinned, struct findings *findings)
{
	struct finding *finding;

	if (!pinned->is_there)
		return;
	finding = findings_add(findings, "pinned");
	finding_fact(finding, "%.64s%s%.60s", pinned->directory, pinned->names[0] ? ": " : "",
		     pinned->names);
	if (pinned->is_held) {
		finding_action(finding, "an agent is at work there");
	} else if (pinned->is_foreign) {
		finding->state = FINDING_NOTE;
		finding_action(finding, "another build or another network namespace counts there");
	} else {
		finding_action(finding, "counts on without an agent: weir run --pin takes over");
	}
	if (!pinned->is_held)
		finding_mend(finding, "weir detach, to end it");
}

/* What weir run puts in force once it counts (rights/rights.h). */
static void confinement_judge(const struct rights_force *could, struct findings *findings)
{
	struct finding *finding = findings_add(findings, "confinement");
	const char *no_landlock = could->landlock_err ? "no Landlock" : "Landlock";
	const char *no_seccomp = could->seccomp_err ? "no seccomp" : "seccomp";

	finding_fact(finding, "%s, %s", no_landlock, no_seccomp);
	finding_action(finding, "weir run keeps what counting on takes: capabilities, files, calls");
	if (!could->landlock_err && !could->seccomp_err)
		return;
	finding->state = FINDING_NOTE;
	finding_action(finding, "weir run gives up capabilities%s%s",
		       could->landlock_err ? ", but not files" : "",
		       could->seccomp_err ? ", but not system calls" : "");
}

void machine_judge(struct machine_survey *machine, enum attach_how how, bool slots_given)
{
	struct findings *findings = &machine->findings;
	struct bank_shape shape = banks_shape(machine);

	machine->banks_bytes = machine_banks_bytes(&shape);
	if (how == ATTACH_PCAP) {
		privileges_judge(&machine->facts, MACHINE_CAPS_PCAP, findings);
		return;
	}
	kernel_judge(&machine->facts, findings);
	jit_judge(&machine->facts, findings);
	privileges_judge(&machine->facts, MACHINE_CAPS_NEEDED, findings);
	memory_judge(machine, slots_given, findings_add(findings, "memory"));
	memlock_judge(machine, findings);
	pinned_judge(&machine->pinned, findings);
	confinement_judge(&machine->confinement, findings);
}
