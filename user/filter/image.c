/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"


/* Behind the tag follow at least the type of the frame, and if there is more, two bytes. */
#define IMAGE_BEHIND     (STACK_IMAGE + (int)(VLAN_TAG_OFFSET + VLAN_TAG_BYTES))
#define BEHIND_BYTES     (IMAGE_BYTES - VLAN_TAG_OFFSET - VLAN_TAG_BYTES)
#define BEHIND_BYTES_MIN 2u

void emit_helper_load(struct translation *t, int stack_offset, uint32_t bytes)
{
	int helper = filter_hook_is_tc(t->target.hook) ? BPF_FUNC_skb_load_bytes :
						   BPF_FUNC_xdp_load_bytes;

	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_1, REG_CTX));
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_3, REG_STACK));
	emit(&t->emitter, alu64_imm(BPF_ADD, BPF_REG_3, (uint32_t)stack_offset));
	emit(&t->emitter, alu64_imm(BPF_MOV, BPF_REG_4, bytes));
	emit(&t->emitter, insn_imm(BPF_JMP | BPF_CALL, 0, (uint32_t)helper));
}

static void copy_word(struct translation *t, int size, int from, int to)
{
	emit(&t->emitter, load(size, BPF_REG_0, REG_DATA, from));
	emit(&t->emitter, store(size, REG_STACK, STACK_IMAGE + to, BPF_REG_0));
}

static void copy_directly(struct translation *t)
{
	copy_word(t, BPF_W, 0, 0);
	copy_word(t, BPF_W, 4, 4);
	copy_word(t, BPF_W, 8, 8);
	copy_word(t, BPF_W, VLAN_TAG_OFFSET, VLAN_TAG_OFFSET + VLAN_TAG_BYTES);
}

static void load_part(struct translation *t, uint32_t offset, int to)
{
	uint32_t bytes = offset ? BEHIND_BYTES : VLAN_TAG_OFFSET;

	emit(&t->emitter, alu64_imm(BPF_MOV, BPF_REG_2, offset));
	emit_helper_load(t, to, bytes);
}

/* A frame that ends within the last part has it as zeros; its length is checked at the load. */
static void copy_by_helper(struct translation *t)
{
	load_part(t, 0, STACK_IMAGE);
	emit_jump_if(&t->emitter, if64_imm(BPF_JNE, BPF_REG_0, 0), label_of_exit(t, EXIT_REJECT));
	load_part(t, VLAN_TAG_OFFSET, IMAGE_BEHIND);
	emit_jump_if(&t->emitter, if64_imm(BPF_JEQ, BPF_REG_0, 0), label_of_place(t, PLACE_DONE));
	emit(&t->emitter, insn_imm(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, VLAN_TAG_OFFSET));
	emit_helper_load(t, IMAGE_BEHIND, BEHIND_BYTES_MIN);
	emit_jump_if(&t->emitter, if64_imm(BPF_JNE, BPF_REG_0, 0), label_of_exit(t, EXIT_REJECT));
}

/* The tag protocol comes as it is on the wire, the tag itself as a number. */
static void copy_tag(struct translation *t)
{
	emit(&t->emitter,
	     load(BPF_W, BPF_REG_0, REG_CTX, offsetof(struct __sk_buff, vlan_proto)));
	emit(&t->emitter,
	     store(BPF_H, REG_STACK, STACK_IMAGE + (int)VLAN_TAG_OFFSET, BPF_REG_0));
	emit(&t->emitter, load(BPF_W, BPF_REG_0, REG_CTX, offsetof(struct __sk_buff, vlan_tci)));
	emit_to_host(t, BPF_REG_0, 2);
	emit(&t->emitter,
	     store(BPF_H, REG_STACK, STACK_IMAGE + (int)VLAN_TAG_OFFSET + 2, BPF_REG_0));
}

void image_make(struct translation *t)
{
	uint32_t otherwise = label_of_place(t, PLACE_OTHERWISE);

	copy_tag(t);
	emit(&t->emitter, load(BPF_W, REG_DATA, REG_CTX, offsetof(struct __sk_buff, data)));
	emit(&t->emitter, load(BPF_W, REG_END, REG_CTX, offsetof(struct __sk_buff, data_end)));
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_0, REG_DATA));
	emit(&t->emitter, alu64_imm(BPF_ADD, BPF_REG_0, VLAN_TAG_OFFSET + BEHIND_BYTES));
	emit_jump_if(&t->emitter, if64_reg(BPF_JGT, BPF_REG_0, REG_END), otherwise);
	copy_directly(t);
	emit_jump(&t->emitter, label_of_place(t, PLACE_DONE));
	emit_label(&t->emitter, otherwise);
	copy_by_helper(t);
	emit_label(&t->emitter, label_of_place(t, PLACE_DONE));
}

void image_load(struct translation *t, uint32_t offset)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	uint32_t bytes = classic_load_bytes(insn);
	int reg = load_register(insn), place = STACK_IMAGE + (int)offset;

	if (!(offset % bytes)) {
		emit(&t->emitter, load(BPF_SIZE(insn->code), reg, REG_STACK, place));
		emit_to_host(t, reg, bytes);
		return;
	}
	emit(&t->emitter, load(BPF_B, reg, REG_STACK, place));
	for (uint32_t i = 1; i < bytes; i++) {
		emit(&t->emitter, load(BPF_B, BPF_REG_0, REG_STACK, place + (int)i));
		emit(&t->emitter, alu32_imm(BPF_LSH, reg, 8));
		emit(&t->emitter, alu32_reg(BPF_OR, reg, BPF_REG_0));
	}
}
