/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_scene.h"

static struct machine_survey machine_judged(const struct machine_facts *facts,
					    uint32_t slots, enum attach_how how)
{
	struct machine_survey machine = { .facts = *facts, .slots = slots, .links = 1 };

	machine_judge(&machine, how, false);
	return machine;
}

static void a_good_machine_is_all_ok(void **state)
{
	struct machine_survey machine = machine_judged(&new_machine, 65536, ATTACH_AUTO);

	(void)state;
	for (size_t i = 0; i < machine.findings.count; i++)
		assert_int_equal(machine.findings.list[i].state, FINDING_OK);
	assert_int_equal(machine.findings.count, 5);
	assert_int_equal(machine.banks_bytes, machine_banks_bytes(&(struct bank_shape){ 65536, 4, 1, false, false }));
}

static void missing_privileges_fail_and_are_named(void **state)
{
	struct machine_facts facts = new_machine;
	struct machine_survey machine;

	(void)state;
	facts.capabilities = MACHINE_CAP(CAP_BPF) | MACHINE_CAP(CAP_PERFMON);
	machine = machine_judged(&facts, 65536, ATTACH_AUTO);
	expect_finding(&machine.findings, "privileges", FINDING_FAIL, "sudo weir check");
	assert_non_null(strstr(finding_of(&machine.findings, "privileges")->fact,
			       "CAP_NET_ADMIN"));
	facts.is_root = true;
	machine = machine_judged(&facts, 65536, ATTACH_AUTO);
	expect_finding(&machine.findings, "privileges", FINDING_FAIL, "");
}

static void capture_needs_one_capability_and_no_bpf(void **state)
{
	struct machine_facts facts = new_machine;
	struct machine_survey machine;

	(void)state;
	facts.has_bpf = false;
	facts.capabilities = MACHINE_CAP(CAP_NET_RAW);
	machine = machine_judged(&facts, 65536, ATTACH_PCAP);
	assert_true(findings_are_good(&machine.findings));
	facts.capabilities = 0;
	machine = machine_judged(&facts, 65536, ATTACH_PCAP);
	assert_false(findings_are_good(&machine.findings));
}

static void a_kernel_without_bpf_fails(void **state)
{
	struct machine_facts facts = new_machine;
	struct machine_survey machine;

	(void)state;
	facts.has_bpf = false;
	machine = machine_judged(&facts, 65536, ATTACH_AUTO);
	expect_finding(&machine.findings, "kernel", FINDING_FAIL, "");
}

static void loading_refused_in_spite_of_privileges_fails(void **state)
{
	struct machine_facts facts = new_machine;
	struct machine_survey machine;

	(void)state;
	facts.load_error = -1;
	machine = machine_judged(&facts, 65536, ATTACH_AUTO);
	expect_finding(&machine.findings, "privileges", FINDING_FAIL, "");
}

static void an_old_kernel_and_no_jit_are_notes(void **state)
{
	struct machine_facts facts = new_machine;
	struct machine_survey machine;

	(void)state;
	facts.kernel_major = 5;
	facts.kernel_minor = 10;
	facts.jit = MACHINE_JIT_OFF;
	facts.memlock_counts = true;
	facts.memlock_bytes = 65536;
	machine = machine_judged(&facts, 65536, ATTACH_AUTO);
	expect_finding(&machine.findings, "kernel", FINDING_NOTE, "");
	expect_finding(&machine.findings, "JIT", FINDING_NOTE,
		       "sysctl -w net.core.bpf_jit_enable=1");
	expect_finding(&machine.findings, "memlock", FINDING_NOTE, "ulimit -l unlimited");
}

static void banks_past_a_quarter_fail_unless_slots_are_given(void **state)
{
	const struct bank_shape of_4 = { .cpus = 4, .links = 1 };
	struct machine_facts facts = new_machine;
	struct machine_survey machine;
	char mend[64];

	(void)state;
	facts.memory_bytes = 1ull << 30;
	snprintf(mend, sizeof(mend), "weir run --slots %u", machine_slots_max(1ull << 30, &of_4));
	machine = machine_judged(&facts, 1 << 22, ATTACH_AUTO);
	expect_finding(&machine.findings, "memory", FINDING_FAIL, mend);
	machine = (struct machine_survey){ .facts = facts, .slots = 1 << 22, .links = 1 };
	machine_judge(&machine, ATTACH_AUTO, true);
	expect_finding(&machine.findings, "memory", FINDING_NOTE, mend);
}

static void banks_are_reckoned_for_all_links(void **state)
{
	struct machine_survey machine = { .facts = new_machine, .slots = 1024, .links = 512 };

	(void)state;
	machine_judge(&machine, ATTACH_AUTO, false);
	assert_int_equal(machine.banks_bytes,
			 machine_banks_bytes(&(struct bank_shape){ 1024, 4, 512, false, false }));
	assert_true(machine.banks_bytes >
		    machine_banks_bytes(&(struct bank_shape){ 1024, 4, 1, false, false }));
}

static void half_a_command_is_never_suggested(void **state)
{
	struct finding finding = { 0 };
	char longest[FINDING_TEXT_MAX + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	finding_mend(&finding, "%s", longest);
	assert_string_equal(finding.mend, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_machine_is_all_ok),
		cmocka_unit_test(missing_privileges_fail_and_are_named),
		cmocka_unit_test(capture_needs_one_capability_and_no_bpf),
		cmocka_unit_test(a_kernel_without_bpf_fails),
		cmocka_unit_test(loading_refused_in_spite_of_privileges_fails),
		cmocka_unit_test(an_old_kernel_and_no_jit_are_notes),
		cmocka_unit_test(banks_past_a_quarter_fail_unless_slots_are_given),
		cmocka_unit_test(banks_are_reckoned_for_all_links),
		cmocka_unit_test(half_a_command_is_never_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
