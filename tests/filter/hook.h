/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a loaded filter over packets by BPF_PROG_TEST_RUN. In place of the counting programs
 * stand two whose return value says which one was reached.
 */
#ifndef WEIR_TESTS_FILTER_HOOK_H
#define WEIR_TESTS_FILTER_HOOK_H

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "../../user/filter/emit.h"
#include "../../user/filter/load.h"

#define HOOK_ACCEPTED 40
#define HOOK_REJECTED 41

/* The smallest and largest packet that every hook takes in a test run. */
#define HOOK_PACKET_MIN 15
#define HOOK_PACKET_MAX 3500

struct hook {
	struct filter_target target;
	int wrapper_fd;            /* TC: puts the packet's outer tag beside it, then goes on */
	int wrapper_array_fd;
};

struct hook_packet {
	const uint8_t *data;
	uint32_t data_bytes;
	uint32_t linear_bytes; /* the rest in fragments; 0: all are linear */
};

static inline int hook_load(enum filter_hook hook, const struct bpf_insn *insns, size_t count)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	bool tc = hook == FILTER_TC;

	if (!tc)
		options.expected_attach_type = BPF_XDP;
	if (hook == FILTER_XDP_FRAGS)
		options.prog_flags = BPF_F_XDP_HAS_FRAGS;
	return bpf_prog_load(tc ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP, "target",
			     "Dual BSD/GPL", insns, count, &options);
}

static inline int hook_add_target(const struct hook *hook, uint32_t index, uint32_t value)
{
	struct bpf_insn insns[] = {
		alu64_imm(BPF_MOV, BPF_REG_0, value),
		insn_make(BPF_JMP | BPF_EXIT, 0, 0, 0),
	};
	int fd = hook_load(hook->target.hook, insns, 2);
	int err;

	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(hook->target.prog_array_fd, &index, &fd, BPF_ANY);
	close(fd);
	return err;
}

/* vlan_push(proto, tci) after vlan_pop() leaves the tag beside the packet. */
static inline int hook_load_wrapper(struct hook *hook)
{
	struct bpf_insn insns[] = {
		alu64_reg(BPF_MOV, BPF_REG_6, BPF_REG_1),
		load(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct __sk_buff, data)),
		load(BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct __sk_buff, data_end)),
		alu64_reg(BPF_MOV, BPF_REG_4, BPF_REG_2),
		alu64_imm(BPF_ADD, BPF_REG_4, 18),
		insn_make(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 12),
		load(BPF_H, BPF_REG_7, BPF_REG_2, 12),
		load(BPF_H, BPF_REG_8, BPF_REG_2, 14),
		insn_imm(BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_8, 16),
		alu64_reg(BPF_MOV, BPF_REG_1, BPF_REG_6),
		insn_imm(BPF_JMP | BPF_CALL, 0, BPF_FUNC_skb_vlan_pop),
		insn_make(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 6),
		alu64_reg(BPF_MOV, BPF_REG_1, BPF_REG_6),
		alu64_reg(BPF_MOV, BPF_REG_2, BPF_REG_7),
		alu64_reg(BPF_MOV, BPF_REG_3, BPF_REG_8),
		insn_imm(BPF_JMP | BPF_CALL, 0, BPF_FUNC_skb_vlan_push),
		insn_make(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 1),
		insn_make(BPF_JMP | BPF_JA, 0, 0, 2),
		alu64_imm(BPF_MOV, BPF_REG_0, 0),
		insn_make(BPF_JMP | BPF_EXIT, 0, 0, 0),
		alu64_reg(BPF_MOV, BPF_REG_1, BPF_REG_6),
		insn_make(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_FD, 0),
		insn_imm(0, 0, 0),
		alu64_imm(BPF_MOV, BPF_REG_3, 0),
		insn_imm(BPF_JMP | BPF_CALL, 0, BPF_FUNC_tail_call),
		alu64_imm(BPF_MOV, BPF_REG_0, 0),
		insn_make(BPF_JMP | BPF_EXIT, 0, 0, 0),
	};

	hook->wrapper_array_fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "wrapped", 4, 4, 1, NULL);
	insns[21].imm = hook->wrapper_array_fd;
	hook->wrapper_fd = hook_load(FILTER_TC, insns, sizeof(insns) / sizeof(insns[0]));
	return hook->wrapper_fd < 0 ? hook->wrapper_fd : 0;
}

/* 0; or a negative errno: the kernel or its permissions do not allow it. */
static inline int hook_open(struct hook *hook, enum filter_hook which)
{
	int err;

	*hook = (struct hook){ .target = { which, -1 }, .wrapper_fd = -1, .wrapper_array_fd = -1 };
	hook->target.prog_array_fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "targets", 4, 4,
						    FILTER_TARGETS, NULL);
	if (hook->target.prog_array_fd < 0)
		return hook->target.prog_array_fd;
	err = hook_add_target(hook, FILTER_TARGET_ACCEPTED, HOOK_ACCEPTED);
	if (!err)
		err = hook_add_target(hook, FILTER_TARGET_REJECTED, HOOK_REJECTED);
	if (!err && which == FILTER_TC)
		err = hook_load_wrapper(hook);
	return err;
}

static inline void hook_close(struct hook *hook)
{
	close(hook->target.prog_array_fd);
	if (hook->wrapper_fd >= 0)
		close(hook->wrapper_fd);
	if (hook->wrapper_array_fd >= 0)
		close(hook->wrapper_array_fd);
}

/* Whether a test run takes the packet: on TC, IP packets need their fixed header. */
static inline bool hook_takes(const struct hook *hook, const struct hook_packet *packet)
{
	const uint8_t *type = packet->data + 12;
	uint32_t min_bytes = HOOK_PACKET_MIN;

	if (packet->data_bytes < HOOK_PACKET_MIN || packet->data_bytes > HOOK_PACKET_MAX)
		return false;
	if (hook->target.hook == FILTER_TC && type[0] == 0x08 && type[1] == 0x00)
		min_bytes = 14 + 20;
	if (hook->target.hook == FILTER_TC && type[0] == 0x86 && type[1] == 0xdd)
		min_bytes = 14 + 40;
	return packet->data_bytes >= min_bytes && packet->linear_bytes <= packet->data_bytes;
}

/* The return value of one run of a program loaded for the hook, or a negative errno. */
static inline int hook_run(const struct hook *hook, int program_fd,
			   const struct hook_packet *packet)
{
	struct xdp_md xdp = { .data_end = packet->linear_bytes };
	struct __sk_buff skb = { .data_end = packet->linear_bytes };
	bool tc = hook->target.hook == FILTER_TC;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = packet->data_bytes, .repeat = 1);
	int err;

	if (packet->linear_bytes) {
		options.ctx_in = tc ? (void *)&skb : (void *)&xdp;
		options.ctx_size_in = tc ? sizeof(skb) : sizeof(xdp);
	}
	err = bpf_prog_test_run_opts(program_fd, &options);
	return err ? err : (int)options.retval;
}

static inline bool hook_is_tagged(const struct hook_packet *packet)
{
	const uint8_t *type = packet->data + 12;

	return packet->data_bytes >= 18 &&
	       ((type[0] == 0x81 && type[1] == 0x00) || (type[0] == 0x88 && type[1] == 0xa8));
}

/* The same with the packet's outer tag, where it has one, moved beside it. TC only. */
static inline int hook_run_tag_beside(const struct hook *hook, int program_fd,
				      const struct hook_packet *packet)
{
	uint32_t first = 0;
	int err;

	if (!hook_is_tagged(packet))
		return hook_run(hook, program_fd, packet);
	err = bpf_map_update_elem(hook->wrapper_array_fd, &first, &program_fd, BPF_ANY);
	return err ? err : hook_run(hook, hook->wrapper_fd, packet);
}

#endif
