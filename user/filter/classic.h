/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be told of a classic program before it is translated.
 */
#ifndef WEIR_FILTER_CLASSIC_H
#define WEIR_FILTER_CLASSIC_H

#include <linux/bpf.h>
#include <linux/filter.h>

#include "translate.h"

/* A VLAN tag beside the frame belongs here; the frame with it is so much longer. */
#define VLAN_TAG_OFFSET 12u
#define VLAN_TAG_BYTES  4u

/* No way from here on accepts. */
#define NEED_NEVER UINT32_MAX

/* Instructions of class LD and LDX that read the packet. */
bool classic_is_packet_load(const struct classic_insn *insn);
bool classic_is_indexed(const struct classic_insn *insn);
/* Bytes such an instruction reads: 1, 2 or 4. */
uint32_t classic_load_bytes(const struct classic_insn *insn);
/* Whether it changes X. */
bool classic_sets_x(const struct classic_insn *insn);
/* Where a jump leads. */
size_t classic_jump_true(const struct classic_insn *insn, size_t pc);
size_t classic_jump_false(const struct classic_insn *insn, size_t pc);

/*
 * How many bytes of the packet must be there to read bytes at offset of the frame, from which
 * a tag of shift bytes (VLAN_TAG_BYTES or 0) is missing in the packet.
 */
uint64_t classic_extent(uint32_t offset, uint32_t bytes, uint32_t shift);

/* Whether an indexed load at offset reads that far from X, wherever X points. */
bool classic_extent_follows_x(uint32_t offset, uint32_t shift);

/* 0, or -EOPNOTSUPP and an error that names what cannot be translated. */
int classic_check(const struct classic_program *classic, struct filter_error *error);

/*
 * For each instruction, how long the packet must be for any way from it to accept: need, and
 * counted from X on while X keeps its value: need_x.
 */
void classic_find_needs(const struct classic_program *classic, uint32_t shift, uint32_t *need,
			uint32_t *need_x);

#endif
