/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All windows of an engine, whatever their kinds.
 */
#ifndef WEIR_WINDOWS_H
#define WEIR_WINDOWS_H

#include "window.h"

enum pane_step { STEP_ADVANCE, STEP_FOLD, STEP_CLOSE_PANE, STEP_CUT, STEP_FINISH };

/* 0 or -ENOMEM. */
int windows_init(struct engine *engine);

/* Takes all windows through one step; *err keeps the first failure. */
void windows_step(struct engine *engine, enum pane_step step, int *err);

/* Windows whose taker failed in the step before give results again. */
void windows_resume(struct engine *engine);

/* Takes the flows that are marked out of all windows. */
void windows_evict(struct engine *engine);

#endif
