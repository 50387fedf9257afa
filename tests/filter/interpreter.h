/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a translated program in user space, checking every access: what the kernel's verifier
 * proves is asserted here, and linear parts and tags can be had that no test run offers.
 */
#ifndef WEIR_TESTS_FILTER_INTERPRETER_H
#define WEIR_TESTS_FILTER_INTERPRETER_H

#include <endian.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../user/filter/translate.h"

#define INTERPRETER_FAULT      (-1)
#define INTERPRETER_STEPS_MAX  1000000
#define INTERPRETER_CTX        0x100000000000ull
#define INTERPRETER_STACK      512

/* A packet at the hook: bytes of which the first linear ones can be reached directly. */
struct interpreter_packet {
	const uint8_t *data;
	uint32_t data_bytes, linear_bytes;
	bool has_tag;
	uint16_t vlan_proto; /* host order, as vlan_tci */
	uint16_t vlan_tci;
};

struct interpreter {
	enum filter_hook hook;
	const struct interpreter_packet *packet;
	uint64_t r[11];
	uint8_t stack[INTERPRETER_STACK] __attribute__((aligned(8)));
	int result; /* FILTER_TARGET_*; INTERPRETER_FAULT */
	const char *fault;
};

static inline bool interpreter_fail(struct interpreter *in, const char *fault)
{
	in->fault = fault;
	in->result = INTERPRETER_FAULT;
	return false;
}

static inline uint64_t interpreter_context(struct interpreter *in, size_t offset)
{
	const struct interpreter_packet *packet = in->packet;
	uint64_t data = (uintptr_t)packet->data;

	if (!filter_hook_is_tc(in->hook))
		return offset == offsetof(struct xdp_md, data) ? data :
								 data + packet->linear_bytes;
	switch (offset) {
	case offsetof(struct __sk_buff, data):
		return data;
	case offsetof(struct __sk_buff, data_end):
		return data + packet->linear_bytes;
	case offsetof(struct __sk_buff, len):
		return packet->data_bytes;
	case offsetof(struct __sk_buff, vlan_present):
		return packet->has_tag;
	case offsetof(struct __sk_buff, vlan_proto):
		return htobe16(packet->vlan_proto);
	case offsetof(struct __sk_buff, vlan_tci):
		return packet->vlan_tci;
	default:
		interpreter_fail(in, "context field");
		return 0;
	}
}

static inline bool interpreter_is_in(uint64_t address, size_t bytes, const void *area,
				     size_t area_bytes)
{
	uint64_t start = (uintptr_t)area;

	return address >= start && address + bytes <= start + area_bytes;
}

static inline size_t interpreter_bytes(int code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static inline bool interpreter_load(struct interpreter *in, const struct bpf_insn *insn)
{
	uint64_t address = in->r[insn->src_reg] + (uint64_t)(int64_t)insn->off;
	size_t bytes = interpreter_bytes(insn->code);
	bool on_stack = interpreter_is_in(address, bytes, in->stack, sizeof(in->stack));

	if (address >= INTERPRETER_CTX && address < INTERPRETER_CTX + sizeof(struct __sk_buff) &&
	    insn->src_reg == BPF_REG_6) {
		in->r[insn->dst_reg] = interpreter_context(in, address - INTERPRETER_CTX);
		return !in->fault;
	}
	if (!on_stack && !interpreter_is_in(address, bytes, in->packet->data,
					    in->packet->linear_bytes))
		return interpreter_fail(in, "load out of bounds");
	if (on_stack && address % bytes)
		return interpreter_fail(in, "load from the stack not aligned");
	in->r[insn->dst_reg] = 0;
	memcpy(&in->r[insn->dst_reg], (const void *)(uintptr_t)address, bytes);
	return true;
}

static inline bool interpreter_store(struct interpreter *in, const struct bpf_insn *insn)
{
	uint64_t address = in->r[insn->dst_reg] + (uint64_t)(int64_t)insn->off;
	size_t bytes = interpreter_bytes(insn->code);
	uint64_t value = BPF_CLASS(insn->code) == BPF_ST ? (uint64_t)(int64_t)insn->imm :
							   in->r[insn->src_reg];

	if (!interpreter_is_in(address, bytes, in->stack, sizeof(in->stack)) || address % bytes)
		return interpreter_fail(in, "store out of bounds");
	memcpy((void *)(uintptr_t)address, &value, bytes);
	return true;
}

static inline uint64_t interpreter_alu(int op, uint64_t a, uint64_t b, uint64_t shift_mask)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_MOD:
		return b ? a % b : a;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & shift_mask);
	case BPF_RSH:
		return a >> (b & shift_mask);
	case BPF_NEG:
		return 0 - a;
	default:
		return b;
	}
}

static inline bool interpreter_arithmetic(struct interpreter *in, const struct bpf_insn *insn)
{
	bool is_wide = BPF_CLASS(insn->code) == BPF_ALU64;
	uint64_t *dst = &in->r[insn->dst_reg];
	uint64_t b = BPF_SRC(insn->code) == BPF_X ? in->r[insn->src_reg] :
						    (uint64_t)(int64_t)insn->imm;

	if (BPF_OP(insn->code) == BPF_END) {
		*dst = insn->imm == 16 ? htobe16((uint16_t)*dst) : htobe32((uint32_t)*dst);
		return true;
	}
	if (is_wide)
		*dst = interpreter_alu(BPF_OP(insn->code), *dst, b, 63);
	else
		*dst = (uint32_t)interpreter_alu(BPF_OP(insn->code), (uint32_t)*dst, (uint32_t)b,
						 31);
	return true;
}

static inline bool interpreter_compare(int op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	default:
		return true;
	}
}

static inline bool interpreter_helper_load(struct interpreter *in)
{
	uint64_t offset = in->r[BPF_REG_2], bytes = in->r[BPF_REG_4];

	if (!interpreter_is_in(in->r[BPF_REG_3], bytes, in->stack, sizeof(in->stack)))
		return interpreter_fail(in, "helper writes out of the stack");
	in->r[BPF_REG_0] = (uint64_t)-14;
	if (offset + bytes > in->packet->data_bytes)
		return true;
	memcpy((void *)(uintptr_t)in->r[BPF_REG_3], in->packet->data + offset, bytes);
	in->r[BPF_REG_0] = 0;
	return true;
}

/* True where the program goes on after the call. */
static inline bool interpreter_call(struct interpreter *in, int helper)
{
	bool goes_on = true;

	switch (helper) {
	case BPF_FUNC_tail_call:
		in->result = (int)in->r[BPF_REG_3];
		return false;
	case BPF_FUNC_xdp_get_buff_len:
		in->r[BPF_REG_0] = in->packet->data_bytes;
		break;
	case BPF_FUNC_skb_load_bytes:
	case BPF_FUNC_xdp_load_bytes:
		goes_on = interpreter_helper_load(in);
		break;
	default:
		goes_on = interpreter_fail(in, "helper");
	}
	/* What a call may change must not be used after it. */
	for (int reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		in->r[reg] = 0xdeadbeefdeadbeefull;
	return goes_on;
}

/* How far a jump goes, 0 where it is not taken. */
static inline int interpreter_jump(const struct interpreter *in, const struct bpf_insn *insn)
{
	bool is_wide = BPF_CLASS(insn->code) == BPF_JMP;
	uint64_t a = in->r[insn->dst_reg];
	uint64_t b = BPF_SRC(insn->code) == BPF_X ? in->r[insn->src_reg] :
						    (uint64_t)(int64_t)insn->imm;

	if (insn->code == (BPF_JMP32 | BPF_JA))
		return insn->imm;
	if (!is_wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	return interpreter_compare(BPF_OP(insn->code), a, b) ? insn->off : 0;
}

static inline bool interpreter_step(struct interpreter *in, const struct ebpf_program *program,
				    size_t *pc)
{
	const struct bpf_insn *insn = &program->insns[(*pc)++];

	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return interpreter_load(in, insn);
	case BPF_ST:
	case BPF_STX:
		return interpreter_store(in, insn);
	case BPF_ALU:
	case BPF_ALU64:
		return interpreter_arithmetic(in, insn);
	case BPF_LD:
		(*pc)++; /* the prog array's address, in two instructions */
		return true;
	default:
		if (insn->code == (BPF_JMP | BPF_CALL))
			return interpreter_call(in, insn->imm);
		if (insn->code == (BPF_JMP | BPF_EXIT))
			return interpreter_fail(in, "exit before the tail call");
		*pc += (size_t)interpreter_jump(in, insn);
		return true;
	}
}

/* Which target the program reaches, or INTERPRETER_FAULT and a line on standard error. */
static inline int interpreter_run(const struct ebpf_program *program, enum filter_hook hook,
				  const struct interpreter_packet *packet)
{
	struct interpreter in = { .hook = hook, .packet = packet };
	size_t pc = 0, steps = 0;

	memset(in.stack, 0xa5, sizeof(in.stack));
	in.r[BPF_REG_1] = INTERPRETER_CTX;
	in.r[BPF_REG_10] = (uintptr_t)(in.stack + sizeof(in.stack));
	while (pc < program->count && steps++ < INTERPRETER_STEPS_MAX) {
		if (!interpreter_step(&in, program, &pc))
			break;
	}
	if (!in.fault && (pc >= program->count || steps >= INTERPRETER_STEPS_MAX))
		interpreter_fail(&in, "no end");
	if (in.fault)
		fprintf(stderr, "instruction %zu: %s\n", pc - 1, in.fault);
	return in.result;
}

#endif
