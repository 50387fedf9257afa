/* SPDX-License-Identifier: BSD-2-Clause */
#include "translation.h"

void forget_x(struct translation *t, uint32_t x_max)
{
	t->path.x_max = x_max;
	t->path.has_xdata = false;
}

int load_register(const struct classic_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX ? REG_X : REG_A;
}

void emit_to_host(struct translation *t, int reg, uint32_t bytes)
{
	if (bytes > 1)
		emit(&t->emitter, insn_imm(BPF_ALU | BPF_END | BPF_TO_BE, reg, bytes * 8));
}

void emit_header_len(struct translation *t)
{
	emit(&t->emitter, alu32_imm(BPF_AND, REG_X, 0xf));
	emit(&t->emitter, alu32_imm(BPF_LSH, REG_X, 2));
	forget_x(t, 0xf << 2);
}

void load_frame_len(struct translation *t, int reg)
{
	if (t->target.hook == FILTER_XDP_FRAGS) {
		emit(&t->emitter, load(BPF_W, reg, REG_STACK, STACK_LEN));
	} else if (t->target.hook == FILTER_XDP) {
		emit(&t->emitter, alu64_reg(BPF_MOV, reg, REG_END));
		emit(&t->emitter, alu64_reg(BPF_SUB, reg, REG_DATA));
	} else {
		emit(&t->emitter, load(BPF_W, reg, REG_CTX, offsetof(struct __sk_buff, len)));
		if (t->shift)
			emit(&t->emitter, alu64_imm(BPF_ADD, reg, t->shift));
	}
}
