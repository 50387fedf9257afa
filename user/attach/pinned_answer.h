/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the helper (rights/helper.h) does of a pinned run, of what it is asked by pinned_ask.h.
 */
#ifndef WEIR_PINNED_ANSWER_H
#define WEIR_PINNED_ANSWER_H

#include "../pin/pin_place.h"
#include "../rights/helper.h"

/* Fills in those of pinned links. place outlives them. */
void pinned_answers(helper_fn *answers[HELPER_QUESTION_COUNT], const struct pin_place *place);

#endif
