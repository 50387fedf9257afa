/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "filter/interpreter.h"
#include "filter/random.h"

#define FUZZ_PROGRAMS 20000
#define FUZZ_PACKETS  12

/* libpcap's interpreter; its header and linux/bpf.h both define a struct bpf_insn. */
unsigned int bpf_filter(const struct classic_insn *insns, const uint8_t *packet,
			unsigned int wire_len, unsigned int captured);

struct fuzz {
	struct random random;
	struct classic_insn insns[RANDOM_PROGRAM_MAX];
	struct classic_program classic;
	enum filter_hook hook;
	struct ebpf_program program;
};

static void fuzz_next_program(struct fuzz *fuzz, enum filter_hook hook)
{
	struct filter_target target = { hook, 3 };
	struct filter_error error;

	fuzz->hook = hook;
	fuzz->classic.insns = fuzz->insns;
	fuzz->classic.count = random_program(&fuzz->random, fuzz->insns);
	assert_int_equal(classic_translate(&fuzz->classic, &target, &fuzz->program, &error), 0);
}

/* Takes the tag out of a frame, as a driver does that hands it over beside the frame. */
static void put_tag_beside(struct interpreter_packet *packet, uint8_t *bytes)
{
	packet->has_tag = true;
	packet->vlan_proto = (uint16_t)(bytes[12] << 8 | bytes[13]);
	packet->vlan_tci = (uint16_t)(bytes[14] << 8 | bytes[15]);
	memmove(bytes + 12, bytes + 16, packet->data_bytes - 16);
	packet->data_bytes -= 4;
}

/* A heap block of its own lets a sanitizer see reads past the end. */
static int run_on_hook(struct fuzz *fuzz, const uint8_t *frame, uint32_t frame_bytes,
		       bool is_tag_beside)
{
	uint8_t *bytes = malloc(frame_bytes);
	struct interpreter_packet packet = { .data = bytes, .data_bytes = frame_bytes };
	int result;

	memcpy(bytes, frame, frame_bytes);
	if (is_tag_beside)
		put_tag_beside(&packet, bytes);
	packet.linear_bytes = packet.data_bytes;
	if (fuzz->hook != FILTER_XDP && random_below(&fuzz->random, 2))
		packet.linear_bytes = random_below(&fuzz->random, packet.data_bytes + 1);
	result = interpreter_run(&fuzz->program, fuzz->hook, &packet);
	free(bytes);
	return result;
}

static void expect_same(struct fuzz *fuzz, bool is_tag_beside)
{
	uint8_t frame[RANDOM_PACKET_MAX];
	uint32_t bytes = random_packet(&fuzz->random, frame, is_tag_beside ? 18 : 1);
	bool is_matched = bpf_filter(fuzz->insns, frame, bytes, bytes) != 0;
	int result = run_on_hook(fuzz, frame, bytes, is_tag_beside);

	assert_int_equal(result, is_matched ? FILTER_TARGET_ACCEPTED : FILTER_TARGET_REJECTED);
}

static void fuzz_hook(enum filter_hook hook, bool is_tag_beside)
{
	struct fuzz fuzz = { .random = { 0x9e3779b97f4a7c15ull + hook } };

	for (int i = 0; i < FUZZ_PROGRAMS; i++) {
		fuzz_next_program(&fuzz, hook);
		for (int j = 0; j < FUZZ_PACKETS; j++)
			expect_same(&fuzz, is_tag_beside);
		ebpf_program_fini(&fuzz.program);
	}
}

static void random_programs_answer_as_libpcap_on_xdp(void **state)
{
	(void)state;
	fuzz_hook(FILTER_XDP, false);
}

static void random_programs_answer_as_libpcap_with_fragments(void **state)
{
	(void)state;
	fuzz_hook(FILTER_XDP_FRAGS, false);
}

static void random_programs_answer_as_libpcap_on_tc(void **state)
{
	(void)state;
	fuzz_hook(FILTER_TC, false);
}

static void random_programs_answer_as_libpcap_on_tc_without_ethernet(void **state)
{
	(void)state;
	fuzz_hook(FILTER_TC_IP, false);
}

static void random_programs_see_a_tag_beside_the_frame(void **state)
{
	(void)state;
	fuzz_hook(FILTER_TC, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_answer_as_libpcap_on_xdp),
		cmocka_unit_test(random_programs_answer_as_libpcap_with_fragments),
		cmocka_unit_test(random_programs_answer_as_libpcap_on_tc),
		cmocka_unit_test(random_programs_answer_as_libpcap_on_tc_without_ethernet),
		cmocka_unit_test(random_programs_see_a_tag_beside_the_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
