/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of what was found: a fact, what weir does about it, the command that mends it.
 */
#ifndef WEIR_FINDING_H
#define WEIR_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#define FINDING_STATES(X)          \
	X(FINDING_OK,   "ok")      \
	X(FINDING_NOTE, "note")    \
	X(FINDING_FAIL, "fail")

#define FINDING_AS_ENUM(id, text) id,
enum finding_state { FINDING_STATES(FINDING_AS_ENUM) FINDING_STATE_COUNT };

#define FINDING_TEXT_MAX 192
#define FINDINGS_MAX     12

/* Texts hold names as the kernel has them; whoever prints them escapes them. */
struct finding {
	enum finding_state state;
	const char *subject;              /* static text */
	char fact[FINDING_TEXT_MAX];
	char action[FINDING_TEXT_MAX];
	char mend[FINDING_TEXT_MAX];      /* empty: nothing to do */
};

/* Zeroes are a valid empty one. */
struct findings {
	struct finding list[FINDINGS_MAX];
	size_t count;
};

const char *finding_state_name(enum finding_state state);

/* A new finding, FINDING_OK. At most FINDINGS_MAX are ever added to one list. */
struct finding *findings_add(struct findings *findings, const char *subject);

/* False where one of them is FINDING_FAIL. */
bool findings_are_good(const struct findings *findings);

void finding_fact(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_action(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Nothing is said where the text does not fit: half a command is worse than none. */
void finding_mend(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
