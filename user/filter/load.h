/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters as programs in the kernel.
 */
#ifndef WEIR_FILTER_LOAD_H
#define WEIR_FILTER_LOAD_H

#include "filter.h"
#include "target.h"

/*
 * Loads the filter as a program to be attached at the hook. It tail-calls one of the two
 * entries of the prog array, and where that is empty returns the verdict that lets the packet
 * pass. The program's file descriptor; a negative errno, and in error what was in the way:
 * -EOPNOTSUPP where the expression cannot run in the kernel, else the kernel's refusal.
 */
int filter_load(const struct filter *filter, const struct filter_target *target,
		struct filter_error *error);

#endif
