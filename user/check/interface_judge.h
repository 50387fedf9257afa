/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interface's facts mean for counting there.
 */
#ifndef WEIR_INTERFACE_JUDGE_H
#define WEIR_INTERFACE_JUDGE_H

#include "survey.h"

/* From the rest of *interface and the machine's facts to findings. */
void interface_judge(struct interface_survey *interface, const struct machine_facts *machine,
		     const struct attach_settings *settings);

/* What no attach mode sees, and known differences to other counters: static texts, then NULL. */
const char *const *survey_blind_spots(void);

#endif
