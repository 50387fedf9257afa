/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is pinned in a place, for who looks on: nothing is taken or changed.
 */
#ifndef WEIR_PIN_LOOK_H
#define WEIR_PIN_LOOK_H

#include <limits.h>
#include <stdbool.h>

#define PIN_NAMES_MAX 160

struct pin_sight {
	bool is_there;             /* something counts, or is left of it */
	bool is_held;              /* an agent is at work */
	bool is_foreign;           /* of another build, or another network namespace */
	char directory[PATH_MAX];
	char names[PIN_NAMES_MAX]; /* of the interfaces, cut */
};

/* directory NULL: the usual one. */
void pin_look(const char *directory, struct pin_sight *sight);

#endif
