/* SPDX-License-Identifier: BSD-2-Clause */
#include "finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define FINDING_AS_TEXT(id, text) [id] = text,

const char *finding_state_name(enum finding_state state)
{
	static const char *const names[] = { FINDING_STATES(FINDING_AS_TEXT) };

	return names[state];
}

struct finding *findings_add(struct findings *findings, const char *subject)
{
	struct finding *finding = &findings->list[findings->count++];

	assert(findings->count <= FINDINGS_MAX);
	finding->subject = subject;
	return finding;
}

bool findings_are_good(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->list[i].state == FINDING_FAIL)
			return false;
	}
	return true;
}

void finding_fact(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->fact, sizeof(finding->fact), format, args);
	va_end(args);
}

void finding_action(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->action, sizeof(finding->action), format, args);
	va_end(args);
}

void finding_mend(struct finding *finding, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(finding->mend, sizeof(finding->mend), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(finding->mend))
		finding->mend[0] = '\0';
}
