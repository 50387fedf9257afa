/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What earlier generations counted while no agent ran becomes one pane of this one.
 */
#ifndef WEIR_LIVE_TAKEOVER_H
#define WEIR_LIVE_TAKEOVER_H

#include "live_private.h"

/* Of a pinned run, once all is attached. 0 or a negative errno that has been reported. */
int live_take_over(struct live *live);

#endif
