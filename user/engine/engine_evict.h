/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounds the memory of flows.
 */
#ifndef WEIR_ENGINE_EVICT_H
#define WEIR_ENGINE_EVICT_H

#include "window.h"

/* Evicts flows until there are as many as max_flows and max_bytes allow. 0 or -ENOMEM. */
int engine_evict_excess(struct engine *engine);

#endif
