/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "emit.h"

#define JUMP_NEAR_MAX 32767

int emitter_init(struct emitter *e, size_t label_count, bool deep)
{
	*e = (struct emitter){ .deep = deep, .falls_through = true };
	e->first_fixup = calloc(label_count, sizeof(*e->first_fixup));
	if (!e->first_fixup)
		e->err = -ENOMEM;
	return e->err;
}

void emitter_fini(struct emitter *e)
{
	free(e->insns);
	free(e->fixups);
	free(e->first_fixup);
	*e = (struct emitter){ 0 };
}

static bool grow(struct emitter *e, void **array, size_t *capacity, size_t element_bytes)
{
	size_t more = *capacity ? *capacity * 2 : 256;
	void *moved = reallocarray(*array, more, element_bytes);

	if (!moved) {
		e->err = -ENOMEM;
		return false;
	}
	*array = moved;
	*capacity = more;
	return true;
}

void emit(struct emitter *e, struct bpf_insn insn)
{
	if (e->err || !e->falls_through)
		return;
	if (e->count == e->capacity &&
	    !grow(e, (void **)&e->insns, &e->capacity, sizeof(*e->insns)))
		return;
	e->insns[e->count++] = insn;
	e->falls_through = insn.code != (BPF_JMP | BPF_EXIT) && insn.code != (BPF_JMP | BPF_JA);
}

static void emit_to_label(struct emitter *e, struct bpf_insn jump, uint32_t label)
{
	if (e->err || !e->falls_through)
		return;
	if (e->fixup_count == e->fixup_capacity &&
	    !grow(e, (void **)&e->fixups, &e->fixup_capacity, sizeof(*e->fixups)))
		return;
	e->fixups[e->fixup_count++] = (struct emit_fixup){ (uint32_t)e->count,
							   e->first_fixup[label] };
	e->first_fixup[label] = (uint32_t)e->fixup_count;
	emit(e, jump);
}

void emit_jump(struct emitter *e, uint32_t label)
{
	emit_to_label(e, insn_make(BPF_JMP | BPF_JA, 0, 0, 0), label);
}

/* The opposite of a comparison; 0 where eBPF has none. */
static int opposite(int op)
{
	switch (op) {
	case BPF_JEQ:
		return BPF_JNE;
	case BPF_JNE:
		return BPF_JEQ;
	case BPF_JGT:
		return BPF_JLE;
	case BPF_JLE:
		return BPF_JGT;
	case BPF_JGE:
		return BPF_JLT;
	case BPF_JLT:
		return BPF_JGE;
	default:
		return 0;
	}
}

void emit_jump_if(struct emitter *e, struct bpf_insn condition, uint32_t label)
{
	int inverse = opposite(BPF_OP(condition.code));

	if (!e->falls_through)
		return;
	if (!e->deep) {
		emit_to_label(e, condition, label);
		return;
	}
	if (inverse)
		condition.code = (__u8)((condition.code & ~0xf0) | inverse);
	condition.off = 1;
	emit(e, condition);
	if (!inverse)
		emit(e, insn_make(BPF_JMP | BPF_JA, 0, 0, 1));
	e->falls_through = true;
	emit_jump(e, label);
	e->falls_through = true;
}

bool emit_is_reached(const struct emitter *e, uint32_t label)
{
	return !e->err && (e->falls_through || e->first_fixup[label]);
}

static void set_target(struct emitter *e, uint32_t at)
{
	size_t distance = e->count - at - 1;
	struct bpf_insn *jump = &e->insns[at];

	if (distance <= JUMP_NEAR_MAX)
		jump->off = (__s16)distance;
	else if (e->deep)
		*jump = insn_imm(BPF_JMP32 | BPF_JA, 0, (uint32_t)distance);
	else
		e->err = -ERANGE;
}

void emit_label(struct emitter *e, uint32_t label)
{
	if (e->err)
		return;
	for (uint32_t i = e->first_fixup[label]; i; i = e->fixups[i - 1].next) {
		set_target(e, e->fixups[i - 1].at);
		e->falls_through = true;
	}
	e->first_fixup[label] = 0;
}

int emit_finish(const struct emitter *e)
{
	return e->err;
}
