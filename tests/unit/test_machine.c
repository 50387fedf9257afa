/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../include/bank.h"
#include "../../user/system/machine.h"

static uint32_t cpus_of(const char *text)
{
	uint32_t cpus = 0;

	assert_int_equal(machine_cpus_parse(text, &cpus), 0);
	return cpus;
}

static void a_range_of_cpus_ends_at_its_last(void **state)
{
	(void)state;
	assert_int_equal(cpus_of("0\n"), 1);
	assert_int_equal(cpus_of("0-1\n"), 2);
	assert_int_equal(cpus_of("0-127"), 128);
}

static void holes_between_cpu_ids_are_counted(void **state)
{
	(void)state;
	assert_int_equal(cpus_of("0,2-3\n"), 4);
	assert_int_equal(cpus_of("0-3,8\n"), 9);
	assert_int_equal(cpus_of("0-1,4-5,64\n"), 65);
}

static void what_is_no_list_of_cpus_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "\n", "-1", "0-", "0,", "x", "0x1", "0-1 2", " 0",
	};
	uint32_t cpus;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(machine_cpus_parse(wrong[i], &cpus), -EINVAL);
	assert_int_equal(machine_cpus_parse("0-99999999999", &cpus), -ERANGE);
	assert_int_equal(machine_cpus_parse("4294967295", &cpus), -ERANGE);
}

static void kernels_compare_by_number_not_by_text(void **state)
{
	const struct machine_facts facts = { .kernel_major = 5, .kernel_minor = 15 };

	(void)state;
	assert_true(machine_kernel_is_at_least(&facts, 5, 15));
	assert_true(machine_kernel_is_at_least(&facts, 5, 9));
	assert_true(machine_kernel_is_at_least(&facts, 4, 20));
	assert_false(machine_kernel_is_at_least(&facts, 5, 16));
	assert_false(machine_kernel_is_at_least(&facts, 6, 1));
}

static void sys_admin_stands_in_for_bpf_and_perfmon_only(void **state)
{
	const struct machine_facts facts = { .capabilities = MACHINE_CAP(CAP_SYS_ADMIN) };
	char text[80];

	(void)state;
	assert_int_equal(machine_capabilities_missing(&facts, MACHINE_CAPS_NEEDED),
			 MACHINE_CAP(CAP_NET_ADMIN));
	assert_string_equal(machine_capabilities_text(
				    machine_capabilities_missing(&facts, MACHINE_CAPS_PCAP),
				    text, sizeof(text)), "CAP_NET_RAW");
}

static void missing_capabilities_are_named(void **state)
{
	const struct machine_facts facts = { 0 };
	char text[80], cut[12];

	(void)state;
	machine_capabilities_text(machine_capabilities_missing(&facts, MACHINE_CAPS_NEEDED),
				  text, sizeof(text));
	assert_string_equal(text, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON");
	assert_string_equal(machine_capabilities_text(0, text, sizeof(text)), "");
	assert_string_equal(machine_capabilities_text(~0ull, cut, sizeof(cut)), "CAP_BPF, CA");
}

static void banks_take_two_of_the_geometry(void **state)
{
	struct bank_geometry geometry = bank_geometry_make(&(struct bank_shape){ 65536, 2, 1, false, false });

	(void)state;
	assert_int_equal(machine_banks_bytes(&(struct bank_shape){ 65536, 2, 1, false, false }), 2 * bank_size_bytes(&geometry));
	assert_true(machine_banks_bytes(&(struct bank_shape){ 65536, 2, 1, false, false }) > 2ull * 2 * 65536 * sizeof(struct flow_slot));
}

static void the_largest_banks_do_not_wrap_around(void **state)
{
	(void)state;
	assert_true(machine_banks_bytes(&(struct bank_shape){ BANK_SLOTS_MAX, 1024, 1, false, false }) >
		    2ull * 1024 * BANK_SLOTS_MAX * sizeof(struct flow_slot));
}

static void more_than_a_quarter_is_refused_unless_asked_for(void **state)
{
	(void)state;
	assert_true(machine_allows_banks(250, 1000, false));
	assert_false(machine_allows_banks(251, 1000, false));
	assert_true(machine_allows_banks(251, 1000, true));
	assert_true(machine_allows_banks(251, 0, false));
}

/* Of so many CPUs, one link, records of one line. */
static const struct bank_shape of_2 = { .cpus = 2, .links = 1 };
static const struct bank_shape of_8 = { .cpus = 8, .links = 1 };
static const struct bank_shape of_512 = { .cpus = 512, .links = 1 };

static void the_most_slots_fit_and_twice_as_many_do_not(void **state)
{
	const uint64_t memory = 1ull << 30;
	uint32_t slots = machine_slots_max(memory, &of_8);

	(void)state;
	assert_int_equal(slots & (slots - 1), 0);
	assert_true(machine_banks_bytes(&(struct bank_shape){ slots, 8, 1, false, false }) <= memory / 4);
	assert_true(machine_banks_bytes(&(struct bank_shape){ slots * 2, 8, 1, false, false }) > memory / 4);
	assert_int_equal(machine_slots_max(1, &of_8), BANK_SLOTS_MIN);
	assert_int_equal(machine_slots_max(0, &of_8), BANK_SLOTS_MAX);
}

static void default_slots_take_a_sixteenth_of_the_memory(void **state)
{
	const uint64_t gib = 1ull << 30;
	uint32_t slots = machine_slots_default(64 * gib, &of_512);

	(void)state;
	assert_int_equal(machine_slots_default(24 * gib, &of_2), MACHINE_SLOTS_DEFAULT_MAX);
	assert_int_equal(slots & (slots - 1), 0);
	assert_true(machine_banks_bytes(&(struct bank_shape){ slots, 512, 1, false, false }) <= 4 * gib);
	assert_true(machine_banks_bytes(&(struct bank_shape){ slots * 2, 512, 1, false, false }) > 4 * gib);
	slots = machine_slots_default(200 << 20, &of_2);
	assert_true(machine_banks_bytes(&(struct bank_shape){ slots, 2, 1, false, false }) <= 200 << 16);
	assert_int_equal(machine_slots_default(1, &of_8), BANK_SLOTS_MIN);
	assert_int_equal(machine_slots_default(0, &of_8), MACHINE_SLOTS_DEFAULT_MAX);
}

static void expect_fewer_slots(uint64_t memory, struct bank_shape shape)
{
	uint32_t slots = machine_slots_max(memory, &shape);

	assert_true(slots < 16384);
	assert_int_equal(machine_slots_default(4 * memory, &shape), slots);
	shape.slots_per_cpu = slots;
	assert_true(machine_banks_bytes(&shape) <= memory / 4);
	shape.slots_per_cpu = 2 * slots;
	assert_true(machine_banks_bytes(&shape) > memory / 4);
}

static void links_and_second_lines_leave_room_for_fewer_slots(void **state)
{
	const struct bank_shape shape = { .slots_per_cpu = 16384, .cpus = 4, .links = 1 };
	uint64_t memory = 4 * machine_banks_bytes(&shape);

	(void)state;
	assert_int_equal(machine_slots_max(memory, &shape), 16384);
	expect_fewer_slots(memory, (struct bank_shape){ .cpus = 4, .links = 512 });
	expect_fewer_slots(memory, (struct bank_shape){ .cpus = 4, .links = 1, .has_extra = true });
}

static void this_machine_is_known(void **state)
{
	struct machine_facts facts;

	(void)state;
	assert_int_equal(machine_query(&facts), 0);
	assert_true(facts.kernel[0]);
	assert_true(facts.kernel_major >= 3);
	assert_true(facts.cpus >= (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	assert_true(facts.memory_bytes >= 1ull << 24);
	assert_true(facts.load_error <= 0);
}

static void privileges_and_a_loaded_program_agree(void **state)
{
	struct machine_facts facts;

	(void)state;
	assert_int_equal(machine_query(&facts), 0);
	if (machine_capabilities_missing(&facts, MACHINE_CAPS_NEEDED))
		assert_int_equal(facts.load_error, facts.has_bpf ? -EPERM : -ENOSYS);
	else if (facts.load_error == 0)
		assert_int_not_equal(facts.jit, MACHINE_JIT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_of_cpus_ends_at_its_last),
		cmocka_unit_test(holes_between_cpu_ids_are_counted),
		cmocka_unit_test(what_is_no_list_of_cpus_is_refused),
		cmocka_unit_test(kernels_compare_by_number_not_by_text),
		cmocka_unit_test(sys_admin_stands_in_for_bpf_and_perfmon_only),
		cmocka_unit_test(missing_capabilities_are_named),
		cmocka_unit_test(banks_take_two_of_the_geometry),
		cmocka_unit_test(the_largest_banks_do_not_wrap_around),
		cmocka_unit_test(more_than_a_quarter_is_refused_unless_asked_for),
		cmocka_unit_test(the_most_slots_fit_and_twice_as_many_do_not),
		cmocka_unit_test(default_slots_take_a_sixteenth_of_the_memory),
		cmocka_unit_test(links_and_second_lines_leave_room_for_fewer_slots),
		cmocka_unit_test(this_machine_is_known),
		cmocka_unit_test(privileges_and_a_loaded_program_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
