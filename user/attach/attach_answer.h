/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the helper (rights/helper.h) does at hooks, of what it is asked by attach_ask.h.
 */
#ifndef WEIR_ATTACH_ANSWER_H
#define WEIR_ATTACH_ANSWER_H

#include <stdbool.h>

#include "../rights/helper.h"
#include "attachment.h"

/* Whether it may attach there: who asks has told the interfaces at the start. */
bool attach_is_allowed(enum attach_point point, int ifindex);

/* Fills in those of this room. */
void attach_answers(helper_fn *answers[HELPER_QUESTION_COUNT]);

#endif
