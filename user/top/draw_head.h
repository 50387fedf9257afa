/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of the screen: what is watched, and the sum of it.
 */
#ifndef WEIR_DRAW_HEAD_H
#define WEIR_DRAW_HEAD_H

#include "screen.h"

void screen_draw_title(const struct screen *screen, struct canvas *canvas, int y);

/* All of the head, also alone as plain text. Returns the line after. */
int screen_draw_head(struct screen *screen, struct canvas *canvas, int y);

#endif
