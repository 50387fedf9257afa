/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities of a thread (capabilities(7)), as sets: bit n is capability n of
 * linux/capability.h.
 */
#ifndef WEIR_CAPABILITIES_H
#define WEIR_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Those that the calling thread may have. */
uint64_t capabilities_permitted(void);

/*
 * Gives up all but these, of those that the thread has. None can be had again once it has
 * no_new_privs. Async-signal-safe. 0 or a negative errno.
 */
int capabilities_keep(uint64_t kept);

/* Whether path may be written to without any. */
bool capabilities_are_needless(const char *path);

/* Whether bpf(2) may be called without any, for what is open: since Linux 5.19, or by a sysctl. */
bool capabilities_are_needless_for_bpf(void);

/* "CAP_NET_ADMIN, CAP_BPF", or "no capabilities". Returns text. */
const char *capabilities_text(uint64_t capabilities, char *text, size_t size);

#endif
