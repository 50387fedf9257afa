/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "image.h"
#include "translate.h"

/* Comparisons in one row that the near layout is used for; see struct emitter. */
#define NEAR_ROW_MAX 3000

/* The verdict that lets a packet pass: TCX_NEXT, and TC_ACT_UNSPEC of a classifier. */
#define TC_VERDICT_NEXT UINT32_MAX

static void load_packet_bounds(struct translation *t)
{
	bool tc = filter_hook_is_tc(t->target.hook);
	int data = tc ? offsetof(struct __sk_buff, data) : offsetof(struct xdp_md, data);
	int end = tc ? offsetof(struct __sk_buff, data_end) : offsetof(struct xdp_md, data_end);

	emit(&t->emitter, load(BPF_W, REG_DATA, REG_CTX, data));
	emit(&t->emitter, load(BPF_W, REG_END, REG_CTX, end));
}

static bool has_mode(const struct translation *t, int mode)
{
	for (size_t i = 0; i < t->classic.count; i++) {
		const struct classic_insn *insn = &t->classic.insns[i];
		int class = BPF_CLASS(insn->code);

		if ((class == BPF_LD || class == BPF_LDX) && BPF_MODE(insn->code) == mode)
			return true;
	}
	return false;
}

static void clear_memory(struct translation *t)
{
	struct bpf_insn zero = insn_make(BPF_ST | BPF_MEM | BPF_DW, REG_STACK, 0, 0);

	for (zero.off = STACK_MEMORY; zero.off < 0; zero.off += 8)
		emit(&t->emitter, zero);
}

static void emit_beginning(struct translation *t)
{
	emit(&t->emitter, alu64_reg(BPF_MOV, REG_CTX, BPF_REG_1));
	emit(&t->emitter, alu32_imm(BPF_MOV, REG_A, 0));
	emit(&t->emitter, alu32_imm(BPF_MOV, REG_X, 0));
	if (has_mode(t, BPF_MEM))
		clear_memory(t);
	if (t->target.hook == FILTER_XDP_FRAGS && has_mode(t, BPF_LEN)) {
		emit(&t->emitter, insn_imm(BPF_JMP | BPF_CALL, 0, BPF_FUNC_xdp_get_buff_len));
		emit(&t->emitter, store(BPF_W, REG_STACK, STACK_LEN, BPF_REG_0));
	}
	if (t->target.hook == FILTER_TC) {
		emit(&t->emitter, load(BPF_W, BPF_REG_0, REG_CTX,
				       offsetof(struct __sk_buff, vlan_present)));
		emit_jump_if(&t->emitter, if64_imm(BPF_JNE, BPF_REG_0, 0),
			     label_of_place(t, PLACE_TAGGED));
	}
	load_packet_bounds(t);
}

static void emit_tail_call(struct translation *t, enum filter_target_index index)
{
	uint32_t verdict = filter_hook_is_tc(t->target.hook) ? TC_VERDICT_NEXT : XDP_PASS;
	struct bpf_insn map = insn_make(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_FD, 0);

	map.imm = t->target.prog_array_fd;
	emit(&t->emitter, alu64_reg(BPF_MOV, BPF_REG_1, REG_CTX));
	emit(&t->emitter, map);
	emit(&t->emitter, insn_imm(0, 0, 0));
	emit(&t->emitter, alu64_imm(BPF_MOV, BPF_REG_3, index));
	emit(&t->emitter, insn_imm(BPF_JMP | BPF_CALL, 0, BPF_FUNC_tail_call));
	emit(&t->emitter, alu64_imm(BPF_MOV, BPF_REG_0, verdict));
	emit(&t->emitter, insn_make(BPF_JMP | BPF_EXIT, 0, 0, 0));
}

/* Apart, each with its own constant index: the kernel makes such a call a direct jump. */
static void emit_exits(struct translation *t)
{
	static const enum filter_target_index target[BODY_EXITS] = {
		[EXIT_ACCEPT] = FILTER_TARGET_ACCEPTED,
		[EXIT_REJECT] = FILTER_TARGET_REJECTED,
	};

	for (enum body_exit i = 0; i < BODY_EXITS; i++) {
		if (!emit_is_reached(&t->emitter, label_of_exit(t, i)))
			continue;
		emit_label(&t->emitter, label_of_exit(t, i));
		emit_tail_call(t, target[i]);
	}
}

static void emit_body(struct translation *t, enum body_kind body)
{
	t->body = body;
	t->shift = body >= BODY_FAST_TAGGED ? VLAN_TAG_BYTES : 0;
	if (body == BODY_FAST || body == BODY_FAST_TAGGED) {
		memset(t->paths, 0, t->classic.count * sizeof(*t->paths));
		t->paths[0].visited = true;
		classic_find_needs(&t->classic, t->shift, t->need, t->need_x);
	}
	if (body == BODY_FAST_TAGGED) {
		emit_label(&t->emitter, label_of_place(t, PLACE_TAGGED));
		image_make(t);
		load_packet_bounds(t);
	}
	body_emit(t);
	emit_exits(t);
}

static bool is_row_long(const struct translation *t)
{
	size_t branches = 0;

	for (size_t i = 0; i < t->classic.count; i++)
		branches += BPF_CLASS(t->classic.insns[i].code) == BPF_JMP;
	return branches > NEAR_ROW_MAX;
}

static int emit_program(struct translation *t, bool deep)
{
	size_t labels = label_of_place(t, PLACES);

	if (emitter_init(&t->emitter, labels, deep))
		return -ENOMEM;
	emit_beginning(t);
	emit_body(t, BODY_FAST);
	if (has_careful_body(t))
		emit_body(t, BODY_CAREFUL);
	if (t->target.hook == FILTER_TC) {
		emit_body(t, BODY_FAST_TAGGED);
		emit_body(t, BODY_CAREFUL_TAGGED);
	}
	return emit_finish(&t->emitter);
}

static int translate(struct translation *t, struct ebpf_program *program)
{
	bool deep = is_row_long(t);
	int err = emit_program(t, deep);

	if (err == -ERANGE && !deep) {
		emitter_fini(&t->emitter);
		err = emit_program(t, true);
	}
	if (!err) {
		*program = (struct ebpf_program){ t->emitter.insns, t->emitter.count };
		t->emitter.insns = NULL;
	}
	emitter_fini(&t->emitter);
	return err;
}

int classic_translate(const struct classic_program *classic, const struct filter_target *target,
		      struct ebpf_program *program, struct filter_error *error)
{
	struct translation t = { .classic = *classic, .target = *target };
	int err = classic_check(classic, error);

	*program = (struct ebpf_program){ 0 };
	if (err)
		return err;
	t.paths = calloc(classic->count, sizeof(*t.paths));
	t.need = calloc(classic->count, sizeof(*t.need));
	t.need_x = calloc(classic->count, sizeof(*t.need_x));
	err = t.paths && t.need && t.need_x ? translate(&t, program) : -ENOMEM;
	free(t.paths);
	free(t.need);
	free(t.need_x);
	return err;
}

void ebpf_program_fini(struct ebpf_program *program)
{
	free(program->insns);
	*program = (struct ebpf_program){ 0 };
}
