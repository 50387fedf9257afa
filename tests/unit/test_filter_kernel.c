/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "filter/hook.h"
#include "filter/random.h"
#include "../user/filter/translate.h"

#define FUZZ_PROGRAMS 3000
#define FUZZ_PACKETS  16

#define DLT_ETHERNET  1

unsigned int bpf_filter(const struct classic_insn *insns, const uint8_t *packet,
			unsigned int wire_len, unsigned int captured);

/* True where the test is to be left out: without privilege, and not in CI. */
static bool open_or_skip(struct hook *hook, enum filter_hook which)
{
	int err = hook_open(hook, which);

	if (err == -EPERM && !getenv("CI")) {
		print_message("needs CAP_BPF and CAP_NET_ADMIN: skipped\n");
		return false;
	}
	assert_int_equal(err, 0);
	return true;
}

static int load_random(struct random *random, const struct hook *hook, struct classic_insn *insns)
{
	struct classic_program classic = { insns, random_program(random, insns) };
	struct ebpf_program program;
	struct filter_error error;
	int fd;

	assert_int_equal(classic_translate(&classic, &hook->target, &program, &error), 0);
	fd = hook_load(hook->target.hook, program.insns, program.count);
	ebpf_program_fini(&program);
	assert_true(fd >= 0);
	return fd;
}

static void expect_same(struct random *random, const struct hook *hook, int fd,
			const struct classic_insn *insns)
{
	uint8_t frame[RANDOM_PACKET_MAX];
	struct hook_packet packet = { .data = frame };
	bool is_matched;

	packet.data_bytes = random_packet(random, frame, HOOK_PACKET_MIN);
	if (hook->target.hook == FILTER_XDP_FRAGS && random_below(random, 2))
		packet.linear_bytes = HOOK_PACKET_MIN +
				      random_below(random, packet.data_bytes - HOOK_PACKET_MIN + 1);
	if (!hook_takes(hook, &packet))
		return;
	is_matched = bpf_filter(insns, frame, packet.data_bytes, packet.data_bytes) != 0;
	assert_int_equal(hook_run(hook, fd, &packet), is_matched ? HOOK_ACCEPTED : HOOK_REJECTED);
	if (hook->target.hook == FILTER_TC)
		assert_int_equal(hook_run_tag_beside(hook, fd, &packet),
				 is_matched ? HOOK_ACCEPTED : HOOK_REJECTED);
}

static void fuzz_hook(enum filter_hook which)
{
	struct random random = { 0xd1b54a32d192ed03ull + which };
	struct classic_insn insns[RANDOM_PROGRAM_MAX];
	struct hook hook;

	if (!open_or_skip(&hook, which))
		return;
	for (int i = 0; i < FUZZ_PROGRAMS; i++) {
		int fd = load_random(&random, &hook, insns);

		for (int j = 0; j < FUZZ_PACKETS; j++)
			expect_same(&random, &hook, fd, insns);
		close(fd);
	}
	hook_close(&hook);
}

static void kernel_accepts_random_programs_and_answers_as_libpcap_on_xdp(void **state)
{
	(void)state;
	fuzz_hook(FILTER_XDP);
}

static void kernel_accepts_random_programs_and_answers_as_libpcap_with_fragments(void **state)
{
	(void)state;
	fuzz_hook(FILTER_XDP_FRAGS);
}

static void kernel_accepts_random_programs_and_answers_as_libpcap_on_tc(void **state)
{
	(void)state;
	fuzz_hook(FILTER_TC);
}

static int load_expression(const struct hook *hook, const char *expression)
{
	struct filter_link link = { .type = DLT_ETHERNET, .is_live = true };
	struct filter_error error;
	struct filter *filter;
	int fd;

	assert_int_equal(filter_compile(expression, &link, &filter, &error), 0);
	fd = filter_load(filter, &hook->target, &error);
	filter_close(filter);
	return fd;
}

static void packet_passes_where_the_targets_are_missing(void **state)
{
	static const int verdicts[] = { [FILTER_XDP] = XDP_PASS, [FILTER_XDP_FRAGS] = XDP_PASS,
					[FILTER_TC] = -1 };
	uint8_t frame[60] = { 0 };
	struct hook_packet packet = { frame, sizeof(frame), 0 };
	struct hook hook;

	(void)state;
	for (enum filter_hook which = FILTER_XDP; which <= FILTER_TC; which++) {
		uint32_t index[] = { FILTER_TARGET_ACCEPTED, FILTER_TARGET_REJECTED };
		int fd;

		if (!open_or_skip(&hook, which))
			return;
		assert_int_equal(bpf_map_delete_elem(hook.target.prog_array_fd, &index[0]), 0);
		assert_int_equal(bpf_map_delete_elem(hook.target.prog_array_fd, &index[1]), 0);
		fd = load_expression(&hook, "ip6");
		assert_int_equal(hook_run(&hook, fd, &packet), verdicts[which]);
		close(fd);
		hook_close(&hook);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_accepts_random_programs_and_answers_as_libpcap_on_xdp),
		cmocka_unit_test(
			kernel_accepts_random_programs_and_answers_as_libpcap_with_fragments),
		cmocka_unit_test(kernel_accepts_random_programs_and_answers_as_libpcap_on_tc),
		cmocka_unit_test(packet_passes_where_the_targets_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
