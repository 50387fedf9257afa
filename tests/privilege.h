/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that need root are skipped without it, where it is not CI. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_PRIVILEGE_H
#define WEIR_TESTS_PRIVILEGE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline bool is_ci(void)
{
	const char *ci = getenv("CI");

	return ci && !strcmp(ci, "true");
}

static inline void need_root(void)
{
	if (geteuid() == 0)
		return;
	if (is_ci())
		fail_msg("needs root");
	print_message("skipped: needs root\n");
	skip();
}

#endif
