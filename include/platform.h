/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few places where BPF and host differ: inlining, copying, byte order, loads from a packet.
 */
#ifndef WEIR_PLATFORM_H
#define WEIR_PLATFORM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#define be16_to_host(value) bpf_ntohs(value)
#define host_to_be16(value) bpf_htons(value)
#define host_to_be32(value) bpf_htonl(value)
#define be32_to_host(value) bpf_ntohl(value)
#else
#include <arpa/inet.h>
#include <string.h>
#define be16_to_host(value) ntohs(value)
#define host_to_be16(value) htons(value)
#define host_to_be32(value) htonl(value)
#define be32_to_host(value) ntohl(value)
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#endif

#ifndef likely
#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif

/*
 * The same value, about which the compiler knows nothing any more: a mask put on it stays, where
 * it would be left out behind a check that makes it needless. The verifier needs the mask: before
 * Linux 6.8 it does not know that a value checked and its copy kept on the stack are one.
 */
static __always_inline __u32 opaque(__u32 value)
{
	asm volatile("" : "+r"(value));
	return value;
}

/*
 * Before what is rare: what it reads of memory it loads itself. Else a compiler keeps all of it
 * ready for the rare case from the loads of the usual one, more than there are registers for.
 */
static __always_inline void load_anew(void)
{
#ifndef __bpf__
	asm volatile("" : : : "memory");
#endif
}

/*
 * The same value, of which the verifier knows nothing any more: it checks a global function by
 * itself. For what is rare: it is a call.
 */
#ifdef __bpf__
__noinline int unproven(int value)
{
	asm volatile("" : "+r"(value));
	return value;
}
#else
static inline int unproven(int value)
{
	return value;
}
#endif

/*
 * Loads from packet bytes at any alignment. The verifier allows unaligned packet loads where
 * the CPU does; clang would split a packed load for BPF into bytes.
 */
static __always_inline __be16 wire16(const __u8 *bytes)
{
#ifdef __bpf__
	return *(const __be16 *)bytes;
#else
	__be16 value;

	memcpy(&value, bytes, sizeof(value));
	return value;
#endif
}

static __always_inline __be32 wire32(const __u8 *bytes)
{
#ifdef __bpf__
	return *(const __be32 *)bytes;
#else
	__be32 value;

	memcpy(&value, bytes, sizeof(value));
	return value;
#endif
}

static __always_inline __u64 wire64(const __u8 *bytes)
{
#ifdef __bpf__
	return *(const __u64 *)bytes;
#else
	__u64 value;

	memcpy(&value, bytes, sizeof(value));
	return value;
#endif
}

#endif
