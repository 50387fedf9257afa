/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys and what they do.
 */
#ifndef WEIR_VIEWER_KEYS_H
#define WEIR_VIEWER_KEYS_H

#include "terminal.h"
#include "viewer.h"

/* What a key asks for. */
void viewer_press(struct viewer *viewer, int key);

/* What the mouse does. */
void viewer_mouse(struct viewer *viewer, struct click at);

#endif
