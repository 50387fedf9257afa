/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stage shows of itself.
 */
#ifndef WEIR_STAGE_SNAPSHOT_H
#define WEIR_STAGE_SNAPSHOT_H

#include "stage.h"

/* How it all is after the last pane; NULL without memory, or before the first pane. */
struct snapshot *stage_snapshot(struct stage *stage);

/*
 * Other rows, before they are made: what single flows tell of them (is_first_look), for who cannot
 * wait. NULL without memory, or before the first pane.
 */
struct snapshot *stage_first_look(struct stage *stage, struct wish wish);

#endif
