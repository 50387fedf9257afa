/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../../include/bank.h"
#include "../base/report.h"
#include "control_group.h"

#define BANKS        2
/* The banks take at most one byte in so many: whatever was asked for, and by default. */
#define MEMORY_PART  4
#define DEFAULT_PART 16

#define CPUS_POSSIBLE "/sys/devices/system/cpu/possible"
#define REALTIME      "/sys/kernel/realtime"
#define JIT_ENABLE    "/proc/sys/net/core/bpf_jit_enable"
#define UNPRIVILEGED  "/proc/sys/kernel/unprivileged_bpf_disabled"

/* The first line of a small file. 0 or negative errno. */
static int file_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return -errno;
	if (!fgets(text, (int)size, file))
		err = ferror(file) ? -EIO : -ENODATA;
	fclose(file);
	return err;
}

/* A file that holds one small number, or -1. */
static int file_number(const char *path)
{
	char text[16], *end;
	long number;

	if (file_read(path, text, sizeof(text)))
		return -1;
	number = strtol(text, &end, 10);
	return end != text && number >= 0 && number <= 9 ? (int)number : -1;
}

int machine_cpus_parse(const char *text, uint32_t *cpus)
{
	unsigned long highest = 0;
	char *end;

	for (;;) {
		unsigned long id;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		id = strtoul(text, &end, 10);
		if (id >= UINT32_MAX)
			return -ERANGE;
		highest = id > highest ? id : highest;
		if (*end != '-' && *end != ',')
			break;
		text = end + 1;
	}
	if (*end && *end != '\n')
		return -EINVAL;
	*cpus = (uint32_t)highest + 1;
	return 0;
}

int machine_cpus(uint32_t *cpus)
{
	char text[4096];
	int err = file_read(CPUS_POSSIBLE, text, sizeof(text));

	return err ? err : machine_cpus_parse(text, cpus);
}

static uint64_t memory_query(bool *is_limited)
{
	uint64_t limit = control_group_memory_bytes();
	uint64_t bytes = 0;
	struct sysinfo info;

	if (sysinfo(&info) == 0)
		bytes = (uint64_t)info.totalram * info.mem_unit;
	*is_limited = limit != CONTROL_GROUP_UNLIMITED && (!bytes || limit < bytes);
	return *is_limited ? limit : bytes;
}

uint64_t machine_memory_bytes(void)
{
	bool is_limited;

	return memory_query(&is_limited);
}

bool machine_is_realtime(void)
{
	return file_number(REALTIME) == 1;
}

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capget, &header, data) != 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static void kernel_query(struct machine_facts *facts)
{
	struct utsname name;

	if (uname(&name) != 0)
		return;
	snprintf(facts->kernel, sizeof(facts->kernel), "%s", name.release);
	if (sscanf(name.release, "%u.%u", &facts->kernel_major, &facts->kernel_minor) != 2)
		facts->kernel_major = facts->kernel_minor = 0;
}

static enum machine_jit jit_of_program(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return MACHINE_JIT_UNKNOWN;
	return info.jited_prog_len ? MACHINE_JIT_ON : MACHINE_JIT_OFF;
}

/* Asks by trying: seccomp, lockdown or a user namespace may forbid what the capabilities allow. */
static void bpf_query(struct machine_facts *facts)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int sysctl, fd;

	facts->has_bpf = syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0) == 0 || errno != ENOSYS;
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_check", "Dual BSD/GPL", pass,
			   sizeof(pass) / sizeof(pass[0]), NULL);
	facts->load_error = fd < 0 ? fd : 0;
	if (fd >= 0) {
		facts->jit = jit_of_program(fd);
		close(fd);
	}
	sysctl = file_number(JIT_ENABLE);
	if (facts->jit == MACHINE_JIT_UNKNOWN && sysctl >= 0)
		facts->jit = sysctl ? MACHINE_JIT_ON : MACHINE_JIT_OFF;
}

int machine_query(struct machine_facts *facts)
{
	struct rlimit limit = { 0 };
	int err;

	memset(facts, 0, sizeof(*facts));
	kernel_query(facts);
	facts->capabilities = effective_capabilities();
	facts->is_root = geteuid() == 0;
	/* Before libbpf raises the limit, which it does where the limit counts. */
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0)
		facts->memlock_bytes = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX :
									  limit.rlim_cur;
	bpf_query(facts);
	facts->realtime = machine_is_realtime();
	facts->unprivileged_bpf_disabled = file_number(UNPRIVILEGED);
	facts->memlock_counts = !machine_kernel_is_at_least(facts, 5, 11);
	facts->unread = CPUS_POSSIBLE;
	facts->hint = access("/sys/devices", F_OK) ? "mount -t sysfs sys /sys" : NULL;
	err = machine_cpus(&facts->cpus);
	if (err)
		return err;
	facts->unread = "the size of the memory";
	facts->hint = NULL;
	facts->memory_bytes = memory_query(&facts->memory_is_limited);
	return facts->memory_bytes ? 0 : -ENODATA;
}

void machine_report_unread(const struct machine_facts *facts, int err)
{
	report_error("read %s: %s", facts->unread, strerror(-err));
	if (facts->hint)
		report_error("try: %s", facts->hint);
}

bool machine_kernel_is_at_least(const struct machine_facts *facts, unsigned major, unsigned minor)
{
	if (facts->kernel_major != major)
		return facts->kernel_major > major;
	return facts->kernel_minor >= minor;
}

uint64_t machine_capabilities_missing(const struct machine_facts *facts, uint64_t wanted)
{
	uint64_t held = facts->capabilities;

	if (held & MACHINE_CAP(CAP_SYS_ADMIN))
		held |= MACHINE_CAP(CAP_BPF) | MACHINE_CAP(CAP_PERFMON);
	return wanted & ~held;
}

const char *machine_capabilities_text(uint64_t capabilities, char *text, size_t size)
{
	static const struct {
		unsigned number;
		const char *name;
	} named[] = {
		{ CAP_BPF, "CAP_BPF" },
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		{ CAP_PERFMON, "CAP_PERFMON" },
		{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
		{ CAP_NET_RAW, "CAP_NET_RAW" },
	};
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (!(capabilities & MACHINE_CAP(named[i].number)) || length >= size)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s",
					   length ? ", " : "", named[i].name);
	}
	return text;
}

uint64_t machine_banks_bytes(const struct bank_shape *shape)
{
	const struct bank_geometry geometry = bank_geometry_make(shape);

	return BANKS * bank_size_bytes(&geometry);
}

bool machine_allows_banks(uint64_t banks_bytes, uint64_t memory_bytes, bool slots_given)
{
	return slots_given || !memory_bytes || banks_bytes <= memory_bytes / MEMORY_PART;
}

/* The most slots up to highest with which the banks take no more bytes. */
static uint32_t slots_within(uint64_t bytes, const struct bank_shape *of_banks, uint32_t highest)
{
	struct bank_shape shape = *of_banks;

	shape.slots_per_cpu = highest;
	while (shape.slots_per_cpu > BANK_SLOTS_MIN && machine_banks_bytes(&shape) > bytes)
		shape.slots_per_cpu /= 2;
	return shape.slots_per_cpu;
}

uint32_t machine_slots_max(uint64_t memory_bytes, const struct bank_shape *shape)
{
	return slots_within(memory_bytes ? memory_bytes / MEMORY_PART : UINT64_MAX, shape,
			    BANK_SLOTS_MAX);
}

uint32_t machine_slots_default(uint64_t memory_bytes, const struct bank_shape *shape)
{
	return slots_within(memory_bytes ? memory_bytes / DEFAULT_PART : UINT64_MAX, shape,
			    MACHINE_SLOTS_DEFAULT_MAX);
}

uint32_t machine_slots_of_this(void)
{
	struct bank_shape shape = { .links = 1 };

	if (machine_cpus(&shape.cpus))
		return MACHINE_SLOTS_DEFAULT_MAX;
	return machine_slots_default(machine_memory_bytes(), &shape);
}
