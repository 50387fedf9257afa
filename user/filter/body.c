/* SPDX-License-Identifier: BSD-2-Clause */
#include "body.h"

#include "careful.h"
#include "fast.h"

static int stack_of_memory(uint32_t index)
{
	return STACK_MEMORY + 4 * (int)index;
}

static bool is_fast(const struct translation *t)
{
	return t->body == BODY_FAST || t->body == BODY_FAST_TAGGED;
}

static void emit_load(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	int reg = load_register(insn);

	if (classic_is_packet_load(insn)) {
		(is_fast(t) ? fast_load_packet : careful_load_packet)(t);
		return;
	}
	if (reg == REG_X)
		forget_x(t, BPF_MODE(insn->code) == BPF_IMM ? insn->k : UINT32_MAX);
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		emit(&t->emitter, alu32_imm(BPF_MOV, reg, insn->k));
		break;
	case BPF_MEM:
		emit(&t->emitter, load(BPF_W, reg, REG_STACK, stack_of_memory(insn->k)));
		break;
	default:
		load_frame_len(t, reg);
	}
}

static void emit_store(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	int reg = BPF_CLASS(insn->code) == BPF_ST ? REG_A : REG_X;

	emit(&t->emitter, store(BPF_W, REG_STACK, stack_of_memory(insn->k), reg));
}

static bool is_shift(int op)
{
	return op == BPF_LSH || op == BPF_RSH;
}

static bool is_division(int op)
{
	return op == BPF_DIV || op == BPF_MOD;
}

static void emit_arithmetic_imm(struct translation *t, int op, uint32_t k)
{
	if (is_division(op) && !k)
		emit_jump(&t->emitter, label_of_exit(t, EXIT_REJECT));
	else if (is_shift(op) && k > 31)
		emit(&t->emitter, alu32_imm(BPF_MOV, REG_A, 0));
	else
		emit(&t->emitter, alu32_imm(op, REG_A, k));
}

/* In classic BPF as libpcap runs it, shifting by more than 31 leaves nothing. */
static void emit_shift_by_x(struct translation *t, int op)
{
	uint32_t otherwise = label_of_place(t, PLACE_OTHERWISE);
	uint32_t done = label_of_place(t, PLACE_DONE);

	emit_jump_if(&t->emitter, if64_imm(BPF_JGT, REG_X, 31), otherwise);
	emit(&t->emitter, alu32_reg(op, REG_A, REG_X));
	emit_jump(&t->emitter, done);
	emit_label(&t->emitter, otherwise);
	emit(&t->emitter, alu32_imm(BPF_MOV, REG_A, 0));
	emit_label(&t->emitter, done);
}

static void emit_arithmetic(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	int op = BPF_OP(insn->code);

	if (op == BPF_NEG) {
		emit(&t->emitter, alu32_imm(BPF_NEG, REG_A, 0));
	} else if (BPF_SRC(insn->code) == BPF_K) {
		emit_arithmetic_imm(t, op, insn->k);
	} else if (is_shift(op)) {
		emit_shift_by_x(t, op);
	} else {
		if (is_division(op))
			emit_jump_if(&t->emitter, if64_imm(BPF_JEQ, REG_X, 0),
				     label_of_exit(t, EXIT_REJECT));
		emit(&t->emitter, alu32_reg(op, REG_A, REG_X));
	}
}

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The present path is one of those that lead to pc. */
static void join_path(struct translation *t, size_t pc)
{
	struct path *known = &t->paths[pc];
	const struct path *path = &t->path;

	if (!known->visited) {
		*known = *path;
		known->visited = true;
		return;
	}
	known->has_xdata = known->has_xdata && path->has_xdata;
	known->proven = lower(known->proven, path->proven);
	known->proven_x = lower(known->proven_x, path->proven_x);
	if (known->x_max < path->x_max)
		known->x_max = path->x_max;
}

/* The label of an instruction, or of the exit it stands for. */
static uint32_t join(struct translation *t, size_t pc)
{
	const struct classic_insn *insn = &t->classic.insns[pc];

	if (insn->code == (BPF_RET | BPF_K))
		return label_of_exit(t, insn->k ? EXIT_ACCEPT : EXIT_REJECT);
	join_path(t, pc);
	return label_of_pc(t, t->body, pc);
}

static struct bpf_insn condition_of(const struct classic_insn *insn)
{
	if (BPF_SRC(insn->code) == BPF_X)
		return if32_reg(BPF_OP(insn->code), REG_A, REG_X);
	return if32_imm(BPF_OP(insn->code), REG_A, insn->k);
}

static struct bpf_insn inverted(struct bpf_insn condition)
{
	static const uint8_t opposite[] = { [BPF_JEQ >> 4] = BPF_JNE, [BPF_JGT >> 4] = BPF_JLE,
					    [BPF_JGE >> 4] = BPF_JLT };

	condition.code = (__u8)((condition.code & 0x0f) | opposite[condition.code >> 4]);
	return condition;
}

static void go_to(struct translation *t, size_t pc)
{
	uint32_t label = join(t, pc);

	if (pc != t->pc + 1 || label != label_of_pc(t, t->body, pc))
		emit_jump(&t->emitter, label);
}

static bool is_exit(const struct translation *t, size_t pc)
{
	return t->classic.insns[pc].code == (BPF_RET | BPF_K);
}

/* The conditional jump is the one to an exit: see the deep layout in emit.h. */
static void emit_branch(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	size_t yes = classic_jump_true(insn, t->pc), no = classic_jump_false(insn, t->pc);
	bool is_inverted = BPF_OP(insn->code) != BPF_JSET && !is_exit(t, yes) &&
			   (is_exit(t, no) || yes == t->pc + 1);

	if (yes == no) {
		go_to(t, yes);
	} else if (is_inverted) {
		emit_jump_if(&t->emitter, inverted(condition_of(insn)), join(t, no));
		go_to(t, yes);
	} else {
		emit_jump_if(&t->emitter, condition_of(insn), join(t, yes));
		go_to(t, no);
	}
}

static void emit_return(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];

	if (insn->code == (BPF_RET | BPF_A)) {
		emit_jump_if(&t->emitter, if64_imm(BPF_JEQ, REG_A, 0),
			     label_of_exit(t, EXIT_REJECT));
		emit_jump(&t->emitter, label_of_exit(t, EXIT_ACCEPT));
	} else {
		emit_jump(&t->emitter, label_of_exit(t, insn->k ? EXIT_ACCEPT : EXIT_REJECT));
	}
}

static void emit_transfer(struct translation *t)
{
	if (t->classic.insns[t->pc].code == (BPF_MISC | BPF_TAX)) {
		emit(&t->emitter, alu32_reg(BPF_MOV, REG_X, REG_A));
		forget_x(t, UINT32_MAX);
	} else {
		emit(&t->emitter, alu32_reg(BPF_MOV, REG_A, REG_X));
	}
}

static void emit_instruction(struct translation *t)
{
	switch (BPF_CLASS(t->classic.insns[t->pc].code)) {
	case BPF_LD:
	case BPF_LDX:
		emit_load(t);
		break;
	case BPF_ST:
	case BPF_STX:
		emit_store(t);
		break;
	case BPF_ALU:
		emit_arithmetic(t);
		break;
	case BPF_MISC:
		emit_transfer(t);
		break;
	case BPF_JMP:
		emit_branch(t);
		return;
	default:
		emit_return(t);
		return;
	}
	if (t->emitter.falls_through)
		join_path(t, t->pc + 1);
}

void body_emit(struct translation *t)
{
	for (t->pc = 0; t->pc < t->classic.count; t->pc++) {
		uint32_t label = label_of_pc(t, t->body, t->pc);

		if (!emit_is_reached(&t->emitter, label))
			continue;
		emit_label(&t->emitter, label);
		t->path = t->paths[t->pc];
		emit_instruction(t);
	}
}
