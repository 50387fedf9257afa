/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows taken out of tumbling and sliding windows.
 */
#ifndef WEIR_BLOCK_EVICT_H
#define WEIR_BLOCK_EVICT_H

#include "window.h"

/* Takes out the flows that are marked; their packets and bytes are evicted ones. */
void block_window_evict(struct engine *engine, struct window *window);

#endif
