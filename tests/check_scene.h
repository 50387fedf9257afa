/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What check finds.
 */
#ifndef WEIR_CHECK_SCENE_H
#define WEIR_CHECK_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../include/bank.h"
#include "../user/check/interface_judge.h"
#include "../user/check/machine_judge.h"
#include "../user/text/escape.h"
#include "../user/check/survey.h"

static const struct machine_facts new_machine = {
	.kernel = "6.12.1",
	.kernel_major = 6,
	.kernel_minor = 12,
	.capabilities = ~0ull,
	.has_bpf = true,
	.jit = MACHINE_JIT_ON,
	.cpus = 4,
	.memory_bytes = 8ull << 30,
};

static const struct finding *finding_of(const struct findings *findings, const char *subject)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (strcmp(findings->list[i].subject, subject) == 0)
			return &findings->list[i];
	}
	fail_msg("no finding on %s", subject);
	return NULL;
}

static inline void expect_finding(const struct findings *findings, const char *subject,
			   enum finding_state state, const char *mend)
{
	const struct finding *finding = finding_of(findings, subject);

	assert_string_equal(finding_state_name(finding->state), finding_state_name(state));
	assert_string_equal(finding->mend, mend);
	assert_true(finding->fact[0] && finding->action[0]);
}

#endif
