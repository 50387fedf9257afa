/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory the control groups (cgroups(7)) of this process allow.
 */
#ifndef WEIR_CONTROL_GROUP_H
#define WEIR_CONTROL_GROUP_H

#include <stdint.h>

#define CONTROL_GROUP_UNLIMITED UINT64_MAX

/*
 * The least limit of the group that this process is in and of those above it, as far as a mount
 * shows them: of either version, also of both side by side. CONTROL_GROUP_UNLIMITED where
 * nothing is limited, or nothing can be learnt.
 */
uint64_t control_group_memory_bytes(void);

/* The same where / is at root, a path without a slash at its end. */
uint64_t control_group_memory_bytes_at(const char *root);

#endif
