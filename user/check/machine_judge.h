/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine's facts mean for counting.
 */
#ifndef WEIR_MACHINE_JUDGE_H
#define WEIR_MACHINE_JUDGE_H

#include "survey.h"

/* From machine->facts and slots to the rest of *machine; given: the user named the slots. */
void machine_judge(struct machine_survey *machine, enum attach_how how, bool slots_given);

#endif
