/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic BPF to eBPF.
 *
 * Registers: r6 context, r7 A, r8 X, r9 first byte of the packet, r5 its end, r4 = r9 + X.
 * Scratch memory is on the stack.
 *
 * The fast body reads the packet where it lies. What a load needs is proven once on each way
 * through the program: a bounds check covers all that every accepting way from there on reads
 * as well, since a packet too short for all of these is rejected in any case.
 *
 * Where the packet may go on outside of what can be reached directly (TC, xdp.frags), a check
 * that fails continues at the same instruction of the careful body, which loads by helper.
 *
 * On TC a frame whose VLAN tag is kept beside it has a pair of bodies of its own. They see the
 * frame with its tag: bytes 0 to 19 of that are put together on the stack (the image), what
 * follows lies four bytes earlier in the packet.
 */
#ifndef WEIR_FILTER_TRANSLATE_H
#define WEIR_FILTER_TRANSLATE_H

#include <linux/bpf.h>

#include "filter.h"
#include "target.h"

struct ebpf_program {
	struct bpf_insn *insns;
	size_t count;
};

struct classic_program {
	const struct classic_insn *insns;
	size_t count;
};

/*
 * Translates any program that libpcap's bpf_validate accepts and that has no loop, with the
 * meaning of its bpf_filter, scratch memory being zero at the start. 0 and a program to be
 * freed; -EOPNOTSUPP with an error; -ENOMEM.
 */
int classic_translate(const struct classic_program *classic, const struct filter_target *target,
		      struct ebpf_program *program, struct filter_error *error);
void ebpf_program_fini(struct ebpf_program *program);

#endif
