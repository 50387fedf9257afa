/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine lets weir do: kernel, BPF, privileges, memory. Asking changes nothing.
 */
#ifndef WEIR_MACHINE_H
#define WEIR_MACHINE_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The oldest kernel that weir is meant for. */
#define MACHINE_KERNEL_MAJOR 5
#define MACHINE_KERNEL_MINOR 15

/* Sets of capabilities: bit n is capability n of linux/capability.h. */
#define MACHINE_CAP(number) (1ull << (number))
/*
 * What loading, attaching and counting needs. Without CAP_PERFMON the verifier refuses what the
 * programs do with packet pointers (kernel/bpf/verifier.c, allow_ptr_leaks).
 */
#define MACHINE_CAPS_NEEDED \
	(MACHINE_CAP(CAP_BPF) | MACHINE_CAP(CAP_NET_ADMIN) | MACHINE_CAP(CAP_PERFMON))
/* Capture through libpcap (attach mode pcap). */
#define MACHINE_CAPS_PCAP   MACHINE_CAP(CAP_NET_RAW)

enum machine_jit { MACHINE_JIT_UNKNOWN, MACHINE_JIT_OFF, MACHINE_JIT_ON };

struct machine_facts {
	char kernel[65];            /* release, as uname -r has it */
	unsigned kernel_major, kernel_minor;
	uint64_t capabilities;      /* effective */
	bool is_root;               /* by its effective user id, whatever capabilities it has */
	bool has_bpf;               /* the system call is there */
	int load_error;             /* loading a trivial XDP program: 0 or negative errno */
	enum machine_jit jit;
	bool realtime;              /* PREEMPT_RT: bottom halves may be preempted */
	int unprivileged_bpf_disabled; /* the sysctl: 0, 1, 2; -1: not known */
	uint32_t cpus;              /* highest possible id + 1: ids can have holes */
	uint64_t memory_bytes;
	bool memory_is_limited;     /* so many by its control groups, not by the machine */
	bool memlock_counts;        /* before 5.11 maps are charged to RLIMIT_MEMLOCK */
	uint64_t memlock_bytes;     /* its soft limit; UINT64_MAX: none */
	const char *unread;         /* after a failure: what could not be read, */
	const char *hint;           /* and what to try, or NULL */
};

/*
 * Fills in what can be learnt; loads a program of two instructions and drops it again. 0, or a
 * negative errno where even the number of CPUs or the memory cannot be read.
 */
int machine_query(struct machine_facts *facts);

/* Prints what machine_query could not read, why, and what to try. */
void machine_report_unread(const struct machine_facts *facts, int err);

/*
 * Highest possible CPU id + 1: as many sections a bank has. From text such as "0-3,8" (the
 * form of /sys/devices/system/cpu/possible) and of this machine; 0 or negative errno.
 * (libbpf_num_possible_cpus counts the ids instead, too few where they have holes.)
 */
int machine_cpus_parse(const char *text, uint32_t *cpus);
int machine_cpus(uint32_t *cpus);

/* Memory of this machine, or what its control groups leave this process. 0: not known. */
uint64_t machine_memory_bytes(void);

/* True where /sys/kernel/realtime says 1. */
bool machine_is_realtime(void);

/* False where the kernel is older than this (5.15.3-foo is 5.15). */
bool machine_kernel_is_at_least(const struct machine_facts *facts, unsigned major,
				unsigned minor);

/*
 * Of the set wanted, the capabilities that the process lacks; CAP_SYS_ADMIN stands in for
 * CAP_BPF and CAP_PERFMON as it does in the kernel (capability.h). 0: none.
 */
uint64_t machine_capabilities_missing(const struct machine_facts *facts, uint64_t wanted);

/*
 * "CAP_BPF, CAP_NET_ADMIN" into text, which is returned: those of the set that matter here
 * (BPF, NET_ADMIN, PERFMON, SYS_ADMIN, NET_RAW); "" where there are none.
 */
const char *machine_capabilities_text(uint64_t capabilities, char *text, size_t size);

/* Memory of both banks of this shape. */
struct bank_shape;
uint64_t machine_banks_bytes(const struct bank_shape *shape);

/*
 * The rule: banks that take more than a quarter of the memory are refused
 * unless the user named the number of slots. True: go ahead. Memory of 0 (not known) is no
 * reason to refuse.
 */
bool machine_allows_banks(uint64_t banks_bytes, uint64_t memory_bytes, bool slots_given);

/*
 * The most slots per CPU and bank (a power of two) that the rule allows banks that are of this
 * shape otherwise; at least BANK_SLOTS_MIN, and BANK_SLOTS_MAX where the memory is not known.
 */
uint32_t machine_slots_max(uint64_t memory_bytes, const struct bank_shape *shape);

/* Flow slots per CPU and bank where the user names no number, at the most. */
#define MACHINE_SLOTS_DEFAULT_MAX 65536u

/*
 * That default: the largest power of two up to it with which banks that are of this shape
 * otherwise take at most 1/16 of the memory; at least BANK_SLOTS_MIN. By these facts; and by those
 * of this machine, for one link and records of one line.
 */
uint32_t machine_slots_default(uint64_t memory_bytes, const struct bank_shape *shape);
uint32_t machine_slots_of_this(void);

#endif
