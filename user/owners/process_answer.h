/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the helper (rights/helper.h) looks up about processes, of what it is asked by process_ask.h.
 */
#ifndef WEIR_PROCESS_ANSWER_H
#define WEIR_PROCESS_ANSWER_H

#include "../rights/helper.h"

/* Fills in those of this room. */
void process_answers(helper_fn *answers[HELPER_QUESTION_COUNT]);

#endif
