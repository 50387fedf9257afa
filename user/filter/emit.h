/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes eBPF instructions. Jumps lead forward, to labels placed later.
 */
#ifndef WEIR_FILTER_EMIT_H
#define WEIR_FILTER_EMIT_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A jump whose label is not placed yet, and the next one of the same label (from 1; 0: none). */
struct emit_fixup {
	uint32_t at;
	uint32_t next;
};

/*
 * Two layouts. Near: a conditional jump is one instruction and reaches 32767 further. Deep,
 * for long programs: it is inverted to skip an unconditional one, which may be a long one
 * (Linux 6.6). That also has the verifier follow the jump first: it keeps the other way of
 * each on a stack of 8192, which a long row of comparisons would overflow.
 */
struct emitter {
	struct bpf_insn *insns;
	struct emit_fixup *fixups;
	uint32_t *first_fixup; /* of each label, from 1; 0: nothing jumps there */
	size_t count, capacity;
	size_t fixup_count, fixup_capacity;
	bool deep;
	bool falls_through; /* the next instruction follows the last one */
	int err;            /* the first one; then nothing is written any more */
};

/* 0 or -ENOMEM; emitter_fini in any case. */
int emitter_init(struct emitter *e, size_t label_count, bool deep);
void emitter_fini(struct emitter *e);

/* The verifier refuses what never runs: where nothing falls through, nothing is written. */
void emit(struct emitter *e, struct bpf_insn insn);
/* Jumps to the label, if the condition (a jump without offset) holds. */
void emit_jump_if(struct emitter *e, struct bpf_insn condition, uint32_t label);
void emit_jump(struct emitter *e, uint32_t label);
/* Whether an instruction placed here at the label would ever run. */
bool emit_is_reached(const struct emitter *e, uint32_t label);
/* All jumps to the label so far lead to the next instruction; it can then be used anew. */
void emit_label(struct emitter *e, uint32_t label);
/* The first error: -ENOMEM, or -ERANGE where a jump is too long for the near layout. */
int emit_finish(const struct emitter *e);

static inline struct bpf_insn insn_make(int code, int dst, int src, int off)
{
	return (struct bpf_insn){ .code = (__u8)code, .dst_reg = dst & 0xf, .src_reg = src & 0xf,
				  .off = (__s16)off };
}

static inline struct bpf_insn insn_imm(int code, int dst, uint32_t imm)
{
	return (struct bpf_insn){ .code = (__u8)code, .dst_reg = dst & 0xf, .imm = (__s32)imm };
}

/* Arithmetic on 64 and 32 bits; the latter clears the upper half. */
static inline struct bpf_insn alu64_imm(int op, int dst, uint32_t imm)
{
	return insn_imm(BPF_ALU64 | op | BPF_K, dst, imm);
}

static inline struct bpf_insn alu64_reg(int op, int dst, int src)
{
	return insn_make(BPF_ALU64 | op | BPF_X, dst, src, 0);
}

static inline struct bpf_insn alu32_imm(int op, int dst, uint32_t imm)
{
	return insn_imm(BPF_ALU | op | BPF_K, dst, imm);
}

static inline struct bpf_insn alu32_reg(int op, int dst, int src)
{
	return insn_make(BPF_ALU | op | BPF_X, dst, src, 0);
}

static inline struct bpf_insn load(int size, int dst, int base, int off)
{
	return insn_make(BPF_LDX | BPF_MEM | size, dst, base, off);
}

static inline struct bpf_insn store(int size, int base, int off, int src)
{
	return insn_make(BPF_STX | BPF_MEM | size, base, src, off);
}

/* Comparisons of 64 bits, unsigned: an immediate must be below 2^31. */
static inline struct bpf_insn if64_imm(int op, int dst, uint32_t imm)
{
	return insn_imm(BPF_JMP | op | BPF_K, dst, imm);
}

static inline struct bpf_insn if64_reg(int op, int dst, int src)
{
	return insn_make(BPF_JMP | op | BPF_X, dst, src, 0);
}

static inline struct bpf_insn if32_imm(int op, int dst, uint32_t imm)
{
	return insn_imm(BPF_JMP32 | op | BPF_K, dst, imm);
}

static inline struct bpf_insn if32_reg(int op, int dst, int src)
{
	return insn_make(BPF_JMP32 | op | BPF_X, dst, src, 0);
}

#endif
