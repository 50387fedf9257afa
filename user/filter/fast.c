/* SPDX-License-Identifier: BSD-2-Clause */
#include "fast.h"

#include "image.h"

/* Where a packet goes that a check finds too short. */
static uint32_t label_of_failure(const struct translation *t)
{
	enum body_kind careful = t->body == BODY_FAST ? BODY_CAREFUL : BODY_CAREFUL_TAGGED;

	return has_careful_body(t) ? label_of_pc(t, careful, t->pc) :
				     label_of_exit(t, EXIT_REJECT);
}

static uint32_t hoisted(uint32_t extent, uint32_t need)
{
	return need > extent && need <= REACH_MAX ? need : extent;
}

/* base + extent must not be past the end. */
static void emit_check(struct translation *t, int base, uint32_t extent)
{
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_1, base));
	emit(&t->emitter, alu64_imm(BPF_ADD, BPF_REG_1, extent));
	emit_jump_if(&t->emitter, if64_reg(BPF_JGT, BPF_REG_1, REG_END), label_of_failure(t));
}

static void prove(struct translation *t, uint32_t extent)
{
	if (extent <= t->path.proven)
		return;
	extent = hoisted(extent, t->need[t->pc]);
	emit_check(t, REG_DATA, extent);
	t->path.proven = extent;
}

static void read_proven(struct translation *t, int base, uint32_t offset)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	int reg = load_register(insn);

	if (offset > INT16_MAX) {
		emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_1, base));
		emit(&t->emitter, alu64_imm(BPF_ADD, BPF_REG_1, offset));
		base = BPF_REG_1;
		offset = 0;
	}
	emit(&t->emitter, load(BPF_SIZE(insn->code), reg, base, (int)offset));
	emit_to_host(t, reg, classic_load_bytes(insn));
}

static void load_fixed(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	uint64_t extent = classic_extent(insn->k, classic_load_bytes(insn), t->shift);

	if (extent > REACH_MAX) {
		emit_jump(&t->emitter, label_of_failure(t));
		return;
	}
	prove(t, (uint32_t)extent);
	if (t->shift && insn->k < VLAN_TAG_OFFSET + t->shift)
		image_load(t, insn->k);
	else
		read_proven(t, REG_DATA, insn->k - t->shift);
}

/* X + extent must be within what the verifier lets a pointer reach: it wants to see that. */
static void bound_x(struct translation *t, uint32_t extent)
{
	if ((uint64_t)t->path.x_max + extent <= REACH_MAX)
		return;
	emit_jump_if(&t->emitter, if64_imm(BPF_JGT, REG_X, REACH_MAX - extent),
		     label_of_failure(t));
	t->path.x_max = REACH_MAX - extent;
	t->path.has_xdata = false;
}

static bool has_comparison_with_x(const struct translation *t)
{
	for (size_t i = 0; i < t->classic.count; i++) {
		uint16_t code = t->classic.insns[i].code;

		if (BPF_CLASS(code) == BPF_JMP && BPF_SRC(code) == BPF_X)
			return true;
	}
	return false;
}

/*
 * Before Linux 6.8 the verifier follows branches that no X can take, its least X then above its
 * greatest, and refuses to add such a number to a pointer. A mask mends it and changes no X.
 */
static void point_to_x(struct translation *t)
{
	if (t->path.has_xdata)
		return;
	emit(&t->emitter, alu64_reg(BPF_MOV, REG_XDATA, REG_X));
	if (has_comparison_with_x(t))
		emit(&t->emitter, alu64_imm(BPF_AND, REG_XDATA, REACH_MAX));
	emit(&t->emitter, alu64_reg(BPF_ADD, REG_XDATA, REG_DATA));
	t->path.has_xdata = true;
	t->path.proven_x = 0;
}

static void load_indexed(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];
	uint64_t extent = classic_extent(insn->k, classic_load_bytes(insn), t->shift);
	uint32_t reach;

	if (extent > REACH_MAX || !classic_extent_follows_x(insn->k, t->shift)) {
		emit_jump(&t->emitter, label_of_failure(t));
		return;
	}
	if (!t->path.has_xdata || t->path.proven_x < extent) {
		reach = hoisted((uint32_t)extent, t->need_x[t->pc]);
		bound_x(t, reach);
		point_to_x(t);
		emit_check(t, REG_XDATA, reach);
		t->path.proven_x = reach;
	}
	read_proven(t, REG_XDATA, insn->k - t->shift);
}

void fast_load_packet(struct translation *t)
{
	const struct classic_insn *insn = &t->classic.insns[t->pc];

	if (classic_is_indexed(insn))
		load_indexed(t);
	else
		load_fixed(t);
	if (BPF_MODE(insn->code) == BPF_MSH)
		emit_header_len(t);
}
