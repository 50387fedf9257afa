/* SPDX-License-Identifier: BSD-2-Clause */
#include "careful.h"

#include "image.h"

/* Beyond this the helpers refuse any offset. */
#define HELPER_OFFSET_MAX 0x7fff0000u

/* Loads from the packet at r2. */
static void load_by_helper(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	int reg = load_register(insn);

	emit_helper_load(t, STACK_LOADED, classic_load_bytes(insn));
	emit_jump_if(&t->emitter, if64_imm(BPF_JNE, BPF_REG_0, 0), label_of_exit(t, EXIT_REJECT));
	emit(&t->emitter, load(BPF_SIZE(insn->code), reg, REG_STACK, STACK_LOADED));
	emit_to_host(t, reg, classic_load_bytes(insn));
}

/* The frame must not end before the offset in reg. */
static void check_frame_len(struct translation *t, int reg)
{
	load_frame_len(t, BPF_REG_0);
	emit_jump_if(&t->emitter, if64_reg(BPF_JGT, reg, BPF_REG_0),
		     label_of_exit(t, EXIT_REJECT));
}

static void load_fixed(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];

	if (insn->k > HELPER_OFFSET_MAX) {
		emit_jump(&t->emitter, label_of_exit(t, EXIT_REJECT));
		return;
	}
	if (t->shift && insn->k < VLAN_TAG_OFFSET + t->shift) {
		emit(&t->emitter,
		     alu64_imm(BPF_MOV, BPF_REG_1, insn->k + classic_load_bytes(insn)));
		check_frame_len(t, BPF_REG_1);
		image_load(t, insn->k);
		return;
	}
	emit(&t->emitter, alu64_imm(BPF_MOV, BPF_REG_2, insn->k - t->shift));
	load_by_helper(t);
}

/* At r2, below 16: byte by byte, as the stack may only be read aligned. */
static void image_load_at_r2(struct translation *t)
{
	uint32_t bytes = classic_load_bytes(&t->classic.insns[t->pc]);

	emit(&t->emitter, alu64_imm(BPF_AND, BPF_REG_2, 15)); /* see point_to_x in fast.c */
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_1, BPF_REG_2));
	emit(&t->emitter, alu64_imm(BPF_ADD, BPF_REG_1, bytes));
	check_frame_len(t, BPF_REG_1);
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_1, REG_STACK));
	emit(&t->emitter, alu64_reg(BPF_ADD, BPF_REG_1, BPF_REG_2));
	emit(&t->emitter, load(BPF_B, REG_A, BPF_REG_1, STACK_IMAGE));
	for (uint32_t i = 1; i < bytes; i++) {
		emit(&t->emitter, load(BPF_B, BPF_REG_2, BPF_REG_1, STACK_IMAGE + (int)i));
		emit(&t->emitter, alu32_imm(BPF_LSH, REG_A, 8));
		emit(&t->emitter, alu32_reg(BPF_OR, REG_A, BPF_REG_2));
	}
}

static void load_indexed_tagged(struct translation *t)
{
	uint32_t far = label_of_place(t, PLACE_OTHERWISE);
	uint32_t done = label_of_place(t, PLACE_DONE);

	emit_jump_if(&t->emitter, if64_imm(BPF_JGE, BPF_REG_2, VLAN_TAG_OFFSET + t->shift), far);
	image_load_at_r2(t);
	emit_jump(&t->emitter, done);
	emit_label(&t->emitter, far);
	emit(&t->emitter, alu64_imm(BPF_SUB, BPF_REG_2, t->shift));
	load_by_helper(t);
	emit_label(&t->emitter, done);
}

static void load_indexed(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];

	if (insn->k > HELPER_OFFSET_MAX) {
		emit_jump(&t->emitter, label_of_exit(t, EXIT_REJECT));
		return;
	}
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_2, REG_X));
	emit(&t->emitter, alu64_imm(BPF_ADD, BPF_REG_2, insn->k));
	emit_jump_if(&t->emitter, if64_imm(BPF_JGT, BPF_REG_2, HELPER_OFFSET_MAX),
		     label_of_exit(t, EXIT_REJECT));
	if (t->shift)
		load_indexed_tagged(t);
	else
		load_by_helper(t);
}

void careful_load_packet(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];

	if (classic_is_indexed(insn))
		load_indexed(t);
	else
		load_fixed(t);
	if (BPF_MODE(insn->code) == BPF_MSH)
		emit_header_len(t);
}
