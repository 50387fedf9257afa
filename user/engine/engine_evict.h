/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounds the memory of flows.
 */
#ifndef WEIR_ENGINE_EVICT_H
#define WEIR_ENGINE_EVICT_H

#include "window.h"

/* Evicts flows until there are as many as max_flows and max_bytes allow. 0 or -ENOMEM. */
int engine_evict_excess(struct engine *engine);

/*
 * The same while a pane fills, where it brings far more than max_flows allow, or more than
 * max_bytes: those go last that are in the open pane. 0 or -ENOMEM.
 */
int engine_evict_open(struct engine *engine);

#endif
