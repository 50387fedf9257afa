/* SPDX-License-Identifier: BSD-2-Clause */
#include "capabilities.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

struct sets {
	struct __user_cap_data_struct half[2];
};

static int sets_read(struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, sets->half) ? -errno : 0;
}

static int sets_write(const struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, sets->half) ? -errno : 0;
}

uint64_t capabilities_permitted(void)
{
	struct sets sets = { 0 };

	(void)sets_read(&sets);
	return sets.half[0].permitted | (uint64_t)sets.half[1].permitted << 32;
}

int capabilities_keep(uint64_t kept)
{
	struct sets sets;
	int err = sets_read(&sets);

	if (err)
		return err;
	for (int i = 0; i < 2; i++) {
		sets.half[i].permitted &= (uint32_t)(kept >> 32 * i);
		sets.half[i].effective &= sets.half[i].permitted;
		sets.half[i].inheritable = 0;
	}
	return sets_write(&sets);
}

/* Asks with none of them in effect. */
static bool ask_without(bool (*ask)(const char *path), const char *path)
{
	struct sets before, none;
	bool answer;

	if (sets_read(&before))
		return false;
	none = before;
	none.half[0].effective = none.half[1].effective = 0;
	if (sets_write(&none))
		return false;
	answer = ask(path);
	return !sets_write(&before) && answer;
}

static bool may_write(const char *path)
{
	return !faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
}

/* No map has this descriptor: who may ask learns that. */
static bool may_ask_maps(const char *path)
{
	union bpf_attr attr = { .map_fd = UINT32_MAX };

	(void)path;
	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) && errno == EBADF;
}

bool capabilities_are_needless(const char *path)
{
	return ask_without(may_write, path);
}

bool capabilities_are_needless_for_bpf(void)
{
	return ask_without(may_ask_maps, NULL);
}

const char *capabilities_text(uint64_t capabilities, char *text, size_t size)
{
	static const struct { int number; const char *name; } named[] = {
		{ CAP_BPF, "CAP_BPF" }, { CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		{ CAP_PERFMON, "CAP_PERFMON" }, { CAP_NET_RAW, "CAP_NET_RAW" },
		{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" }, { CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
		{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	};
	size_t length = 0;

	snprintf(text, size, "%s", capabilities ? "other capabilities" : "no capabilities");
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (!(capabilities >> named[i].number & 1) || length >= size)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s",
					   length ? ", " : "", named[i].name);
	}
	return text;
}
