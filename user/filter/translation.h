/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A translation at work: what its bodies have in common.
 */
#ifndef WEIR_FILTER_TRANSLATION_H
#define WEIR_FILTER_TRANSLATION_H

#include "classic.h"
#include "emit.h"

/* Registers of the translated program. r0 to r3 are free in the fast bodies. */
enum {
	REG_XDATA = BPF_REG_4, /* REG_DATA + X, where path.has_xdata */
	REG_END = BPF_REG_5,
	REG_CTX = BPF_REG_6,
	REG_A = BPF_REG_7,
	REG_X = BPF_REG_8,
	REG_DATA = BPF_REG_9,
	REG_STACK = BPF_REG_10,
};

/* Its stack. */
enum {
	STACK_MEMORY = -4 * BPF_MEMWORDS,   /* M[0], M[1], ... */
	STACK_LOADED = STACK_MEMORY - 8,    /* what a helper loaded */
	STACK_LEN = STACK_LOADED - 8,       /* xdp.frags: length of the packet */
	STACK_IMAGE = STACK_LEN - 24,       /* the frame's first bytes with its tag */
};

#define IMAGE_BYTES 20u

/* The end of what the verifier lets a packet pointer reach: MAX_PACKET_OFF. */
#define REACH_MAX 0xffffu

enum body_kind {
	BODY_FAST,
	BODY_CAREFUL,
	BODY_FAST_TAGGED,
	BODY_CAREFUL_TAGGED,
	BODY_COUNT,
};

/* What is known of the packet and of X on all ways to an instruction of a fast body. */
struct path {
	bool visited;
	bool has_xdata;
	uint32_t proven;   /* bytes of the packet that can be read */
	uint32_t proven_x; /* the same, counted from X; with has_xdata */
	uint32_t x_max;
};

struct translation {
	struct classic_program classic;
	struct filter_target target;
	struct emitter emitter;
	struct path *paths;       /* one for each classic instruction, of the present body */
	uint32_t *need, *need_x;  /* classic_find_needs for the present body */
	enum body_kind body;
	uint32_t shift;           /* bytes of the frame that are not in the packet */
	struct path path;         /* at the present place */
	size_t pc;
};

/* Labels: of each body's instructions and exits, and a few for use within one place. */
enum body_exit { EXIT_ACCEPT, EXIT_REJECT, BODY_EXITS };
enum place { PLACE_TAGGED, PLACE_OTHERWISE, PLACE_DONE, PLACES };

static inline uint32_t label_of_pc(const struct translation *t, enum body_kind body, size_t pc)
{
	return (uint32_t)(body * (t->classic.count + BODY_EXITS) + pc);
}

static inline uint32_t label_of_exit(const struct translation *t, enum body_exit which)
{
	return label_of_pc(t, t->body, t->classic.count) + which;
}

static inline uint32_t label_of_place(const struct translation *t, enum place which)
{
	return label_of_pc(t, BODY_COUNT, 0) + which;
}

static inline bool has_careful_body(const struct translation *t)
{
	return t->target.hook != FILTER_XDP;
}

/* X has changed: of it is known that it is at most x_max. */
void forget_x(struct translation *t, uint32_t x_max);

/* Loads the length of the frame. */
void load_frame_len(struct translation *t, int reg);
/* The first offset bytes from reg, which holds bytes in network order, become a number. */
void emit_to_host(struct translation *t, int reg, uint32_t bytes);
/* For an LDX MSH: four times the lower half of the byte in X. */
void emit_header_len(struct translation *t);
/* The register that a packet load fills, and one BPF_B, BPF_H, BPF_W for a size. */
int load_register(const struct classic_insn *insn);

#endif
