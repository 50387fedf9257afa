/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random classic programs that are valid, and random packets. Always the same ones.
 */
#ifndef WEIR_TESTS_FILTER_RANDOM_H
#define WEIR_TESTS_FILTER_RANDOM_H

#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../user/filter/filter.h"

#define RANDOM_PROGRAM_MAX 96
#define RANDOM_PACKET_MAX  160

struct random {
	uint64_t state;
};

static inline uint32_t random_below(struct random *random, uint32_t bound)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return (uint32_t)((random->state >> 32) * bound >> 32);
}

#define RANDOM_ONE_OF(random, array) \
	((array)[random_below(random, sizeof(array) / sizeof((array)[0]))])

static inline uint32_t random_offset(struct random *random)
{
	static const uint32_t odd[] = { 0, 11, 12, 13, 14, 15, 16, 17, 0x7ffe, 0x7fff, 0x8000,
					0xfffc, 0xffff, 0x10000, 0x7fffffff, 0x80000000u,
					0xfffff000u, 0xfffffffcu, 0xffffffffu };

	return random_below(random, 12) ? random_below(random, 64) : RANDOM_ONE_OF(random, odd);
}

static inline uint32_t random_constant(struct random *random)
{
	static const uint32_t odd[] = { 0, 1, 2, 0x7fffffff, 0x80000000u, 0xffffffffu, 0x800,
					0x8100, 0xffff, 0x10000 };

	return random_below(random, 3) ? random_below(random, 256) : RANDOM_ONE_OF(random, odd);
}

static inline struct classic_insn random_load(struct random *random)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,  BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
		BPF_LD | BPF_W | BPF_IND,  BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
		BPF_LDX | BPF_B | BPF_MSH, BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN,
		BPF_LD | BPF_IMM,          BPF_LDX | BPF_IMM,        BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
	};
	uint16_t code = RANDOM_ONE_OF(random, codes);

	if (BPF_MODE(code) == BPF_MEM)
		return (struct classic_insn){ code, 0, 0, random_below(random, BPF_MEMWORDS) };
	if (BPF_MODE(code) == BPF_IMM)
		return (struct classic_insn){ code, 0, 0, random_constant(random) };
	return (struct classic_insn){ code, 0, 0, random_offset(random) };
}

static inline struct classic_insn random_arithmetic(struct random *random)
{
	uint16_t op = (uint16_t)(random_below(random, 11) << 4);
	uint16_t source = random_below(random, 2) ? BPF_X : BPF_K;
	uint32_t k = random_constant(random);

	if (op == BPF_NEG)
		source = 0;
	if (op == BPF_LSH || op == BPF_RSH)
		k &= 31;
	if ((op == BPF_DIV || op == BPF_MOD) && !k)
		k = 3;
	return (struct classic_insn){ (uint16_t)(BPF_ALU | op | source), 0, 0, k };
}

/* A jump that leads over at most room instructions. */
static inline struct classic_insn random_jump(struct random *random, uint32_t room)
{
	static const uint16_t ops[] = { BPF_JA, BPF_JEQ, BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint16_t op = RANDOM_ONE_OF(random, ops);
	uint16_t source = random_below(random, 3) ? BPF_K : BPF_X;

	if (op == BPF_JA)
		return (struct classic_insn){ BPF_JMP | BPF_JA, 0, 0,
					      random_below(random, room < 3 ? room + 1 : 3) };
	return (struct classic_insn){ (uint16_t)(BPF_JMP | op | source),
				      (uint8_t)random_below(random, room + 1),
				      (uint8_t)random_below(random, room + 1),
				      random_constant(random) };
}

static inline struct classic_insn random_return(struct random *random)
{
	if (!random_below(random, 4))
		return (struct classic_insn){ BPF_RET | BPF_A, 0, 0, 0 };
	return (struct classic_insn){ BPF_RET | BPF_K, 0, 0, random_below(random, 2) * 262144 };
}

static inline struct classic_insn random_instruction(struct random *random, uint32_t room)
{
	uint32_t choice = random_below(random, 20);
	static const uint16_t others[] = { BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_ST,
					   BPF_STX };

	if (choice < 9)
		return random_load(random);
	if (choice < 12)
		return random_arithmetic(random);
	if (choice < 16)
		return random_jump(random, room);
	if (choice < 19)
		return (struct classic_insn){ RANDOM_ONE_OF(random, others), 0, 0,
					      random_below(random, BPF_MEMWORDS) };
	return random_return(random);
}

/* libpcap does not clear the scratch memory: the program begins by doing so. */
static inline size_t random_program(struct random *random, struct classic_insn *insns)
{
	uint32_t body = 2 + random_below(random, RANDOM_PROGRAM_MAX - BPF_MEMWORDS - 2);
	size_t count = 0;

	for (uint32_t i = 0; i < BPF_MEMWORDS; i++)
		insns[count++] = (struct classic_insn){ BPF_ST, 0, 0, i };
	for (uint32_t i = 1; i < body; i++)
		insns[count++] = random_instruction(random, body - i - 1);
	insns[count++] = random_return(random);
	return count;
}

/* Headers that filters look for, in random positions, among random bytes. */
static inline uint32_t random_packet(struct random *random, uint8_t *packet, uint32_t min_bytes)
{
	static const uint8_t likely[] = { 0x08, 0x00, 0x45, 0x06, 0x11, 0x86, 0xdd, 0x60, 0x81 };
	uint32_t spread = random_below(random, 4) ? RANDOM_PACKET_MAX - min_bytes : 4;
	uint32_t count = min_bytes + random_below(random, spread);

	for (uint32_t i = 0; i < count; i++)
		packet[i] = random_below(random, 2) ? (uint8_t)random_below(random, 256) :
						      RANDOM_ONE_OF(random, likely);
	return count;
}

#endif
