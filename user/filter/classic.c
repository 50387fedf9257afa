/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "classic.h"

bool classic_is_packet_load(const struct classic_insn *insn)
{
	int mode = BPF_MODE(insn->code);

	if (BPF_CLASS(insn->code) == BPF_LD)
		return mode == BPF_ABS || mode == BPF_IND;
	return BPF_CLASS(insn->code) == BPF_LDX && mode == BPF_MSH;
}

bool classic_is_indexed(const struct classic_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_IND;
}

uint32_t classic_load_bytes(const struct classic_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	default:
		return 4;
	}
}

bool classic_sets_x(const struct classic_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX || insn->code == (BPF_MISC | BPF_TAX);
}

size_t classic_jump_true(const struct classic_insn *insn, size_t pc)
{
	return pc + 1 + (BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jt);
}

size_t classic_jump_false(const struct classic_insn *insn, size_t pc)
{
	return pc + 1 + (BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jf);
}

uint64_t classic_extent(uint32_t offset, uint32_t bytes, uint32_t shift)
{
	uint64_t end = (uint64_t)offset + bytes;

	if (!shift || end <= VLAN_TAG_OFFSET)
		return end;
	return end < VLAN_TAG_OFFSET + shift ? VLAN_TAG_OFFSET : end - shift;
}

bool classic_extent_follows_x(uint32_t offset, uint32_t shift)
{
	return !shift || offset >= VLAN_TAG_OFFSET + shift;
}

static bool is_known_load(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return true;
	default:
		return false;
	}
}

static bool is_known(uint16_t code)
{
	switch (BPF_CLASS(code)) {
	case BPF_ALU:
		return BPF_OP(code) <= BPF_XOR && code <= UINT8_MAX;
	case BPF_JMP:
		return BPF_OP(code) <= BPF_JSET && code <= UINT8_MAX;
	case BPF_RET:
		return code == (BPF_RET | BPF_K) || code == (BPF_RET | BPF_A);
	case BPF_MISC:
		return code == (BPF_MISC | BPF_TAX) || code == (BPF_MISC | BPF_TXA);
	default:
		return is_known_load(code);
	}
}

static bool has_memory_index(uint16_t code)
{
	int class = BPF_CLASS(code);

	return class == BPF_ST || class == BPF_STX ||
	       ((class == BPF_LD || class == BPF_LDX) && BPF_MODE(code) == BPF_MEM);
}

static const char *fault_of(const struct classic_program *classic, size_t pc)
{
	const struct classic_insn *insn = &classic->insns[pc];
	bool is_jump = BPF_CLASS(insn->code) == BPF_JMP;

	if (!is_known(insn->code))
		return "it holds an instruction that is not known";
	if (has_memory_index(insn->code) && insn->k >= BPF_MEMWORDS)
		return "it goes beyond the scratch memory";
	if (is_jump && BPF_OP(insn->code) == BPF_JA && (int32_t)insn->k < 0)
		return "it loops over the headers of each packet (protochain), and the kernel "
		       "accepts no loop whose end it cannot foresee";
	if (is_jump && (classic_jump_true(insn, pc) >= classic->count ||
			classic_jump_false(insn, pc) >= classic->count))
		return "it jumps past its end";
	return NULL;
}

int classic_check(const struct classic_program *classic, struct filter_error *error)
{
	const char *fault = NULL;

	if (!classic->count || BPF_CLASS(classic->insns[classic->count - 1].code) != BPF_RET)
		fault = "it has no end";
	for (size_t pc = 0; pc < classic->count && !fault; pc++)
		fault = fault_of(classic, pc);
	if (!fault)
		return 0;
	filter_error_set(error, "this expression cannot run in the kernel: %s", fault);
	return -EOPNOTSUPP;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What holds after an instruction that has another one behind it; NEED_NEVER stays so. */
static uint32_t raise(uint32_t need, uint64_t extent)
{
	if (extent >= NEED_NEVER)
		return NEED_NEVER;
	return need > extent ? need : (uint32_t)extent;
}

static void find_needs_at(const struct classic_program *classic, uint32_t shift, size_t pc,
			  uint32_t *need, uint32_t *need_x)
{
	const struct classic_insn *insn = &classic->insns[pc];
	size_t yes = pc + 1, no = pc + 1;
	uint64_t extent;

	if (BPF_CLASS(insn->code) == BPF_RET) {
		need[pc] = insn->code == (BPF_RET | BPF_K) && !insn->k ? NEED_NEVER : 0;
		need_x[pc] = need[pc];
		return;
	}
	if (BPF_CLASS(insn->code) == BPF_JMP) {
		yes = classic_jump_true(insn, pc);
		no = classic_jump_false(insn, pc);
	}
	need[pc] = lower(need[yes], need[no]);
	need_x[pc] = lower(need_x[yes], need_x[no]);
	if (classic_sets_x(insn))
		need_x[pc] = 0;
	if (!classic_is_packet_load(insn))
		return;
	extent = classic_extent(insn->k, classic_load_bytes(insn), shift);
	need[pc] = raise(need[pc], extent);
	if (classic_is_indexed(insn) && classic_extent_follows_x(insn->k, shift))
		need_x[pc] = raise(need_x[pc], extent);
}

void classic_find_needs(const struct classic_program *classic, uint32_t shift, uint32_t *need,
			uint32_t *need_x)
{
	for (size_t pc = classic->count; pc-- > 0;)
		find_needs_at(classic, shift, pc, need, need_x);
}
