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

/* dst address against 1, 2, 3 ... up to the last one: a row that overflows a simple layout. */
static int load_row(const struct hook *hook, uint32_t terms)
{
	size_t count = 0;
	struct classic_insn *insns = calloc(2 * terms + 2, sizeof(*insns));
	struct classic_program classic = { insns, 0 };
	struct ebpf_program program;
	struct filter_error error;
	int fd;

	insns[count++] = (struct classic_insn){ BPF_LD | BPF_W | BPF_ABS, 0, 0, 30 };
	for (uint32_t i = 1; i <= terms; i++) {
		insns[count++] = (struct classic_insn){ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, i };
		insns[count++] = (struct classic_insn){ BPF_RET | BPF_K, 0, 0, 1 };
	}
	insns[count++] = (struct classic_insn){ BPF_RET | BPF_K, 0, 0, 0 };
	classic.count = count;
	assert_int_equal(classic_translate(&classic, &hook->target, &program, &error), 0);
	fd = hook_load(hook->target.hook, program.insns, program.count);
	ebpf_program_fini(&program);
	free(insns);
	return fd;
}

/* More than the 8192 that the verifier keeps of a row in the near layout. */
static void kernel_accepts_nine_thousand_comparisons_in_a_row(void **state)
{
	/* 9000 is 0x2328. */
	uint8_t frame[60] = { [12] = 0x08, [14] = 0x45, [32] = 0x23, [33] = 0x28 };
	struct hook_packet packet = { frame, sizeof(frame), 0 };
	struct hook hook;
	int fd;

	(void)state;
	if (!open_or_skip(&hook, FILTER_XDP))
		return;
	fd = load_row(&hook, 9000);
	assert_true(fd >= 0);
	assert_int_equal(hook_run(&hook, fd, &packet), HOOK_ACCEPTED);
	frame[33] = 0x29;
	assert_int_equal(hook_run(&hook, fd, &packet), HOOK_REJECTED);
	close(fd);
	hook_close(&hook);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_accepts_random_programs_and_answers_as_libpcap_on_xdp),
		cmocka_unit_test(
			kernel_accepts_random_programs_and_answers_as_libpcap_with_fragments),
		cmocka_unit_test(kernel_accepts_random_programs_and_answers_as_libpcap_on_tc),
		cmocka_unit_test(kernel_accepts_nine_thousand_comparisons_in_a_row),
		cmocka_unit_test(packet_passes_where_the_targets_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
